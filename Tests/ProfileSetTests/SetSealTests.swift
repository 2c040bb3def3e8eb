import Foundation
import ProfileSet
import TestKit
import Testing

/// Rule 1: no set whose files do not match their hashes.
@Suite struct SetSealTests {
    let pack = "packs/pace-v1.3.json"

    /// After a change: `amphora-gateway profile seal Provisioning/ProfileSets/base`.
    @Test func `the shipped set proves itself, seal included`() throws {
        let set = try SetFixture.shipped().load()
        #expect(set.manifest.id == "base")
        #expect(set.maps["pace-v1.3"] != nil && set.profiles["pylontech-lv-1.2"] != nil)
        for id in Array(set.maps.keys) + Array(set.profiles.keys) {
            #expect((set.proofs[id]?.total ?? 0) > 0, "\(id)")
        }
    }

    @Test func `a hash is the one sha256sum prints`() {
        #expect(
            Fingerprint.hex(Array("abc".utf8))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            Fingerprint.hex([])
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test func `a missing file is a fault at its line of set json`() throws {
        var fixture = try SetFixture()
        fixture.files["vectors/packs/pace-v1.3.json"] = nil
        let line = try #require(
            fixture.text("set.json").split(separator: "\n", omittingEmptySubsequences: false)
                .firstIndex { $0.contains("vectors/packs/pace-v1.3.json") })
        #expect(
            fixture.faults() == [
                "packs/pace-v1.3.json: has no vectors: vectors/packs/pace-v1.3.json is missing",
                "set.json, line \(line + 1): lists 'vectors/packs/pace-v1.3.json', which is missing",
            ])
    }

    @Test func `a file that set json does not list is a fault`() throws {
        var fixture = try SetFixture()
        let text = fixture.text("set.json")
        let line = try #require(text.split(separator: "\n").first { $0.contains(pack) })
        fixture.files["set.json"] = Array(text.replacing(line + "\n", with: "").utf8)
        #expect(fixture.faults().contains("\(pack): is not listed in set.json"))
    }

    @Test func `a file of another length is a fault with both lengths`() throws {
        var fixture = try SetFixture()
        let count = try #require(fixture.files[pack]?.count)
        fixture.files[pack]?.append(0x0A)
        let faults = fixture.faults()
        #expect(faults.count == 1)
        #expect(
            faults.first?.hasSuffix(
                ": '\(pack)' has \(count + 1) bytes, expected \(count); it was changed after the set was sealed"
            ) == true)
    }

    @Test func `a file of equal length and other content is a fault with both hashes`() throws {
        var fixture = try SetFixture()
        let before = Fingerprint.hex(try #require(fixture.files[pack]))
        try fixture.replace(pack, "\"title\": \"PACE", with: "\"title\": \"Pace")
        let after = Fingerprint.hex(try #require(fixture.files[pack]))
        let faults = fixture.faults()
        #expect(faults.count == 1)
        #expect(
            faults.first?.hasSuffix(
                ": '\(pack)' has the SHA-256 \(after), expected \(before); it was changed after the set was sealed"
            ) == true)
    }

    @Test func `names and numbers of set json are under a hash as well`() throws {
        var fixture = try SetFixture()
        try fixture.replace("set.json", "\"id\": \"base\"", with: "\"id\": \"bass\"")
        #expect(
            fixture.faults().first?.hasSuffix(
                "'seal' does not fit the rest of set.json, which was changed after sealing") == true
        )
    }

    @Test func `one turned bit in any file is refused`() throws {
        let fixture = try SetFixture()
        var generator = SeededGenerator(seed: 21)
        for (path, bytes) in fixture.files.sorted(by: { $0.key < $1.key }) {
            for _ in 0..<(path == "set.json" ? 60 : 8) {
                var damaged = fixture
                let place = Int(generator.next() % UInt64(bytes.count))
                let bit = UInt8(1) << UInt8(generator.next() % 8)
                damaged.files[path]?[place] ^= bit
                #expect(throws: ProfileSetError.self, "\(path), byte \(place), bit \(bit)") {
                    try damaged.load()
                }
            }
        }
    }

    @Test func `a set without set json says what writes one`() throws {
        var fixture = try SetFixture()
        fixture.files["set.json"] = nil
        #expect(
            fixture.faults() == ["set.json: is missing; 'amphora-gateway profile seal' writes it"])
    }

    @Test func `all faults of set json come at once`() throws {
        var fixture = try SetFixture()
        fixture.files = [
            "set.json": Array(
                """
                { "schema": "amphora/profile-set/v1", "id": "Base", "version": "1.0",
                  "release": 0, "format": 2,
                  "least_runtime": "01.0.0",
                  "files": { "set.json": { "sha256": "0", "bytes": -1 } },
                  "colour": "red", "seal": "" }
                """.utf8)
        ]
        #expect(
            fixture.faults() == [
                "set.json, line 1: 'id' is 'Base', allowed up to 64 of a…z 0…9 . _ -",
                "set.json, line 1: 'version' is '1.0', expected three numbers such as '1.4.0'",
                "set.json, line 2: 'format' is 2, this gateway reads 1",
                "set.json, line 2: 'release' is 0, allowed 1…1000000000",
                "set.json, line 3: 'least_runtime' is '01.0.0', expected three numbers such as '1.4.0'",
                "set.json, line 4: 'files.set.json' lists itself",
                "set.json, line 4: 'files.set.json.bytes' is -1, allowed 0…4194304",
                "set.json, line 4: 'files.set.json.sha256' is no SHA-256, expected 64 lower-case hex digits",
                "set.json, line 5: 'colour' is not known here, allowed files, format, hardware, id, least_runtime, release, schema, seal, version",
                "set.json, line 5: 'seal' is empty or no text",
            ])
    }

    @Test func `a set for a later gateway is refused with both versions`() throws {
        var fixture = try SetFixture()
        var request = SealRequest()
        request.leastRuntime = SemanticVersion(0, 10, 0)
        try fixture.seal(request)
        #expect(
            fixture.faults() == ["set.json: 'least_runtime' is 0.10.0, this gateway is 0.1.0"])
        #expect(
            SetExamination(fixture.files, runtime: SemanticVersion(0, 10, 0)).faults.isEmpty)
    }

    @Test func `sealing keeps names and numbers unless told otherwise`() throws {
        var fixture = try SetFixture()
        try fixture.replace(pack, "\"title\": \"PACE", with: "\"title\": \"Pace")
        try fixture.seal()
        #expect(try fixture.load().words == "base 1.0.0, release 1")
        var request = SealRequest()
        request.release = 8
        request.version = SemanticVersion(1, 2, 3)
        try fixture.seal(request)
        #expect(try fixture.load().words == "base 1.2.3, release 8")
        try fixture.seal()
        #expect(try fixture.load().words == "base 1.2.3, release 8")
    }

    @Test func `versions are three numbers and compared as numbers`() throws {
        for text in ["1.0", "1.0.0.0", "1..0", "01.0.0", "1.0.x", "-1.0.0", "+1.0.0", "1.0.0 ", ""]
        {
            #expect(SemanticVersion(text) == nil, "\(text)")
        }
        #expect(try #require(SemanticVersion("0.9.12")) < #require(SemanticVersion("0.10.0")))
    }
}
