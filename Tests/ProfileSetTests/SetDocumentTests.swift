import ProfileSet
import TestKit
import Testing

/// Rules 1 and 3: every document loads, belongs somewhere and is proved; all faults are listed.
@Suite struct SetDocumentTests {
    private let map = "packs/pace-v1.3.json"
    private let profile = "inverters/pylontech-lv-1.2/profile.json"
    private let layout = "inverters/pylontech-lv-1.2/frames.dbc"
    private let mapVectors = "vectors/packs/pace-v1.3.json"
    private let profileVectors = "vectors/inverters/pylontech-lv-1.2.json"
    private var fixture: SetFixture

    init() throws { fixture = try SetFixture() }

    @Test(arguments: ["packs/pace-v1.3.json", "vectors/inverters/pylontech-lv-1.2.json"])
    func `a file that is no JSON is a fault with its line`(path: String) throws {
        var fixture = fixture
        try fixture.replace(path, "{\n  \"schema\":", with: "{\n  \"schema\";")
        let faults = fixture.documentFaults()
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("\(path), line 2: column 11: expected ':'") == true)
    }

    @Test func `every fault of every document is listed in one run`() throws {
        var fixture = fixture
        try fixture.replace(map, "\"stop_bits\"", with: "\"stop_bit\"")
        try fixture.replace(profile, "\"value\": \"voltage\"", with: "\"value\": \"volts\"")
        try fixture.replace(layout, "SG_ StateOfHealth : 16|16", with: "SG_ StateOfHealth : 24|16")
        try fixture.replace("vectors/packs/seplos-v3.json", "\"origin\"", with: "\"origins\"")
        let files = fixture.documentFaults().map { $0.prefix { $0 != "," } }
        #expect(
            Set(files.map(String.init)) == [map, layout, "vectors/packs/seplos-v3.json"])
        try fixture.replace(layout, "SG_ StateOfHealth : 24|16", with: "SG_ StateOfHealth : 16|16")
        #expect(
            fixture.documentFaults().contains {
                $0.hasPrefix("\(profile), line ") && $0.contains("is 'volts', allowed voltage")
            })
    }

    @Test func `an id that is not the name of its file is a fault`() throws {
        var fixture = fixture
        try fixture.replace(map, "\"id\": \"pace-v1.3\"", with: "\"id\": \"pace\"")
        try fixture.replace(profile, "\"id\": \"pylontech-lv-1.2\"", with: "\"id\": \"pylon\"")
        let faults = fixture.documentFaults()
        #expect(
            faults.contains("\(map): 'id' is 'pace', expected 'pace-v1.3' as the file is named"))
        #expect(
            faults.contains(
                "\(profile): 'id' is 'pylon', expected 'pylontech-lv-1.2' as the folder is named"))
    }

    @Test func `vectors that name another map or profile are a fault`() throws {
        var fixture = fixture
        try fixture.replace(mapVectors, "\"map\": \"pace-v1.3\"", with: "\"map\": \"pace\"")
        try fixture.replace(
            profileVectors, "\"profile\": \"pylontech-lv-1.2\"", with: "\"profile\": \"p\"")
        #expect(
            fixture.documentFaults() == [
                "\(profileVectors): 'profile' is 'p', expected 'pylontech-lv-1.2' as the file is named",
                "\(mapVectors): 'map' is 'pace', expected 'pace-v1.3' as the file is named",
            ])
    }

    @Test func `a map and a profile cannot share a name`() throws {
        var fixture = fixture
        for (old, new) in [
            (profile, "inverters/pace-v1.3/profile.json"),
            (layout, "inverters/pace-v1.3/frames.dbc"),
            (profileVectors, "vectors/inverters/pace-v1.3.json"),
        ] {
            fixture.files[new] = Array(
                fixture.text(old).replacing("\"pylontech-lv-1.2\"", with: "\"pace-v1.3\"").utf8)
        }
        #expect(
            fixture.documentFaults() == [
                "inverters/pace-v1.3/profile.json: 'pace-v1.3' is also the id of a pack map; names are used once"
            ])
    }

    @Test func `a map or profile without vectors is a fault`() throws {
        var fixture = fixture
        fixture.files[mapVectors] = nil
        fixture.files[profileVectors] = nil
        #expect(
            fixture.documentFaults() == [
                "\(profile): has no vectors: \(profileVectors) is missing",
                "\(map): has no vectors: \(mapVectors) is missing",
            ])
    }

    @Test func `vectors and layouts that belong to nothing are faults`() throws {
        var fixture = fixture
        fixture.files[map] = nil
        fixture.files[profile] = nil
        #expect(
            fixture.documentFaults() == [
                "\(layout): belongs to no profile: \(profile) is missing",
                "\(profileVectors): proves the profile 'pylontech-lv-1.2', which the set does not have",
                "\(mapVectors): proves the map 'pace-v1.3', which the set does not have",
            ])
    }

    @Test func `a vector that fails is a fault with its line and what differs`() throws {
        var fixture = fixture
        try fixture.replace(
            mapVectors, "\"voltage\": \"52.600 V\"", with: "\"voltage\": \"52.601 V\"")
        try fixture.replace(
            profileVectors, "\"StateOfCharge\": \"26 %\"", with: "\"StateOfCharge\": \"27 %\"")
        #expect(
            fixture.documentFaults() == [
                "\(profileVectors), line 15: vector 'state': 'StateOfCharge' is '26 %', expected '27 %'",
                "\(mapVectors), line 5: vector 'live block through line noise': 'voltage' is '52.600 V', expected '52.601 V'",
            ])
    }

    @Test(arguments: [
        "README.md", "packs/.hidden.json", "packs/Pace.json", "packs/a b.json", "packs/x.txt",
        "inverters/x/notes.txt", "vectors/x.json", "packs/../foreign.json", "/foreign.json",
        "packs/sub/x.json", "packs/-x.json", "packs/.json", "",
    ])
    func `a file whose name has no place in a set is a fault`(path: String) throws {
        var fixture = fixture
        fixture.files[path] = [0x7B, 0x7D]
        let faults = fixture.documentFaults()
        #expect(faults.count == 1)
        #expect(
            faults.first?.hasPrefix("\(path): has no place in a set, which holds set.json") == true)
    }

    @Test func `a file above 4 MB is a fault with its size`() throws {
        var fixture = fixture
        fixture.files["packs/large.json"] = [UInt8](repeating: 0x20, count: 4 << 20 | 1)
        #expect(
            fixture.documentFaults() == ["packs/large.json: has 4194305 bytes, allowed 4194304"])
    }

    @Test func `more than 400 files are a fault`() throws {
        var fixture = fixture
        for number in 0..<400 { fixture.files["packs/zz-\(number).json"] = [0x7B, 0x7D] }
        #expect(
            fixture.faults().contains(
                "set.json: the set has \(fixture.files.count) files, allowed 400"))
    }

    @Test func `a file that could not be read is told once`() throws {
        var fixture = fixture
        fixture.files[mapVectors] = nil
        let unread = [SetFault(file: mapVectors, "cannot be read: Input/output error")]
        let faults = SetExamination(
            fixture.files, unread: unread, runtime: SetFixture.runtime
        ).faults.map(\.description)
        #expect(
            faults == [
                "\(map): has no vectors: \(mapVectors) is missing",
                "\(mapVectors): cannot be read: Input/output error",
            ])
    }

    @Test func `a map or profile that extends another is proved with what it takes over`() throws {
        var fixture = fixture
        fixture.files["packs/acme.json"] = Array(
            """
            { "schema": "amphora/pack-map/v1", "id": "acme", "extends": "pace-v1.3",
              "title": "Acme", "confidence": "single", "sources": ["a forum"] }
            """.utf8)
        fixture.files["vectors/packs/acme.json"] = Array(
            fixture.text(mapVectors).replacing("\"pace-v1.3\"", with: "\"acme\"").utf8)
        fixture.files["inverters/acme-can/profile.json"] = Array(
            """
            { "schema": "amphora/inverter-profile/v1", "id": "acme-can",
              "extends": "pylontech-lv-1.2", "title": "Acme", "confidence": "single",
              "sources": ["a forum"],
              "quirks": [ { "id": "half", "title": "t", "when": "w.", "changes": {
                "frames_changed": { "State": { "signals": { "StateOfCharge": { "max": 50 } } } } } } ] }
            """.utf8)
        fixture.files["vectors/inverters/acme-can.json"] = Array(
            """
            { "schema": "amphora/profile-vectors/v1", "profile": "acme-can", "vectors": [
              { "name": "plain", "origin": "computed", "source": "s",
                "state": { "values": { "state_of_charge": 80, "state_of_health": 100 } },
                "withheld": ["Alarms"], "frames": ["355#50006400", "35E#50594C4F4E202020"] },
              { "name": "half", "origin": "computed", "source": "s", "quirks": ["half"],
                "state": { "values": { "state_of_charge": 80, "state_of_health": 100 } },
                "frames": ["355#32006400", "35E#50594C4F4E202020"] } ] }
            """.utf8)
        try fixture.seal()
        let set = try fixture.load()
        #expect(set.maps["acme"]?.title == "Acme")
        #expect(set.proofs["acme-can"]?.computed == 2)
        #expect(try set.profile("acme-can", quirks: ["half"]).id == "acme-can")
        #expect(throws: (any Error).self) { try set.profile("acme-can", quirks: ["whole"]) }
        try fixture.replace(
            "vectors/inverters/acme-can.json", "[\"half\"]", with: "[\"whole\"]")
        #expect(fixture.documentFaults().count == 1)
        fixture.files["packs/pace-v1.3.json"] = nil
        #expect(
            fixture.documentFaults().contains {
                $0.hasPrefix("packs/acme.json, line 1: 'extends' names 'pace-v1.3'")
            })
    }

    @Test func `a list of foreign frames with a fault is a fault with its line`() throws {
        var fixture = fixture
        let text = """
            { "schema": "amphora/foreign-traffic/v1", "entries": [
              { "id": "0x151", "name": "n", "advice": "a" },
              { "id": "0x800", "name": "n", "advice": "a", "data": "1" } ] }
            """
        fixture.files["foreign.json"] = Array(text.utf8)
        let faults = fixture.documentFaults()
        #expect(!faults.isEmpty)
        #expect(faults.allSatisfy { $0.hasPrefix("foreign.json, line 3: 'entries[1].") })
        fixture.files["foreign.json"] = Array(
            text.replacing("0x800", with: "0x7FF").replacing("\"1\"", with: "\"01 ??\"").utf8)
        try fixture.seal()
        #expect(try fixture.load().foreign.entries.count == 2)
    }

    @Test func `random damage is refused and never worse`() throws {
        var generator = SeededGenerator(seed: 5)
        let paths = fixture.files.keys.sorted()
        for _ in 0..<60 {
            var damaged = fixture
            for _ in 0..<3 {
                let path = paths[Int(generator.next() % UInt64(paths.count))]
                guard var bytes = damaged.files[path] else { continue }
                bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(
                    truncatingIfNeeded: generator.next())
                damaged.files[path] = bytes
            }
            if damaged.files == fixture.files { continue }
            #expect(!damaged.faults().isEmpty)
        }
    }
}
