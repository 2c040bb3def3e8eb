import ProfileSet
import TestKit
import Testing

/// Rule 4: a part is proved as strictly as the whole, and the rest is not looked at.
@Suite struct SetPartTests {
    private let part = SetPart(maps: ["renogy-pro"], profiles: ["solis"])

    private func load(_ fixture: SetFixture) throws -> ProfileSet {
        try ProfileSet.load(
            fixture.files, runtime: SetFixture.runtime, part: part, name: "base")
    }

    @Test func `a part holds what is used and what that extends`() throws {
        let set = try load(try SetFixture.shipped())
        #expect(set.maps.keys.sorted() == ["renogy-pro", "renogy-v1.7"])
        #expect(set.profiles.keys.sorted() == ["pylontech-plus", "solis"])
        #expect(set.proofs.count == 4 && set.proofs.values.allSatisfy { $0.total > 0 })
        #expect(!set.foreign.entries.isEmpty)
    }

    @Test(arguments: [
        "packs/jk-pb.json", "inverters/victron-lv/frames.dbc", "vectors/packs/pace-v1.3.json",
    ])
    func `damage elsewhere does not stop a gateway`(path: String) throws {
        var fixture = try SetFixture.shipped()
        fixture.files[path] = Array("{".utf8)
        fixture.files["packs/forgotten.json"] = []
        #expect(try load(fixture).maps["renogy-pro"] != nil)
        #expect(fixture.faults().count > 1, "the whole set is refused")
    }

    @Test(arguments: [
        "packs/renogy-pro.json", "packs/renogy-v1.7.json", "vectors/packs/renogy-pro.json",
        "inverters/solis/profile.json", "inverters/pylontech-plus/frames.dbc",
        "vectors/inverters/pylontech-plus.json", "foreign.json",
    ])
    func `damage to what is used refuses it`(path: String) throws {
        var fixture = try SetFixture.shipped()
        fixture.files[path]?[40] ^= 1
        let error = #expect(throws: ProfileSetError.self) { try load(fixture) }
        #expect(error?.description.contains(path) == true)
        fixture.files[path] = nil
        #expect(throws: ProfileSetError.self) { try load(fixture) }
    }
}
