import CertificateAuthority
import Foundation
import ProfileRepository
import ProfileSet
import TUF
import TestKit
import Testing

/// A set as `rollout create` reads it.
@Suite struct PublishedSetTests {
    private func fixture(_ versions: [(String, Int)]) throws -> RepositoryFixture {
        let fixture = try RepositoryFixture()
        for (version, release) in versions { try fixture.add(version: version, release: release) }
        try publish(fixture)
        return fixture
    }

    private func publish(_ fixture: RepositoryFixture) throws {
        let repository = try fixture.open()
        _ = try repository.sign(with: fixture.lists)
        try repository.publish(now: RepositoryFixture.now)
    }

    private func read(
        _ fixture: RepositoryFixture, _ set: String = "base", _ version: String? = nil,
        at moment: TUFTime = RepositoryFixture.now
    ) throws -> PublishedSet {
        try fixture.open().publishedSet(
            set, version.flatMap { SemanticVersion($0) }, now: moment)
    }

    private func refusal(_ body: () throws -> Void) -> String {
        let error = #expect(throws: RepositoryError.self) { try body() }
        return error.map { "\($0)" } ?? ""
    }

    @Test func `the newest is the one with the highest counter, and any is found by its version`()
        throws
    {
        let fixture = try fixture([("1.10.0", 7), ("1.9.0", 8)])
        let newest = try read(fixture)
        #expect("\(newest.version)" == "1.9.0" && newest.release == 8)
        let archive = try SetArchive.pack(
            RepositoryFixture.set(version: "1.10.0", release: 7), name: "base")
        let named = try read(fixture, "base", "1.10.0")
        #expect(named.release == 7 && "\(named.leastRuntime)" == "0.1.0" && named.hardware.isEmpty)
        #expect(named.sha256 == Fingerprint.hex(archive) && named.length == archive.count)
    }

    @Test func `what is not published is told from what waits for signatures`() throws {
        let empty = try RepositoryFixture(isPublished: false)
        #expect(refusal { _ = try read(empty) }.hasPrefix("nothing is published in '"))
        let fixture = try fixture([("1.0.0", 7)])
        #expect(
            refusal { _ = try read(fixture, "base", "1.1.0") }.hasSuffix(
                "which has 'base 1.0.0'"))
        #expect(refusal { _ = try read(fixture, "other") }.hasPrefix("'other' is not published in"))
        try fixture.add(version: "1.1.0", release: 8)
        let drafted = refusal { _ = try read(fixture, "base", "1.1.0") }
        #expect(drafted.contains("'base 1.1.0' is a draft in"), "\(drafted)")
        #expect(drafted.contains("'targets' is signed by 0"), "\(drafted)")
        // the newest is the newest that gateways can have
        #expect(try "\(read(fixture).version)" == "1.0.0")
        _ = try fixture.open().sign(with: fixture.lists)
        #expect(refusal { _ = try read(fixture, "base", "1.1.0") }.hasSuffix("publish it first"))
        try publish(fixture)
        #expect(try read(fixture).release == 8)
    }

    @Test func `nothing is read that gateways would refuse`() throws {
        let fixture = try fixture([("1.0.0", 7)])
        let late = TUFTime(seconds: RepositoryFixture.now.seconds + 8 * RepositoryFixture.days)
        #expect(refusal { _ = try read(fixture, at: late) }.contains("gateways refuse what is"))
        let sets = fixture.published + "/targets/sets"
        let archive = try #require(try FileManager.default.contentsOfDirectory(atPath: sets).first)
        let path = "\(sets)/\(archive)"
        var bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        bytes[600] ^= 1
        try Data(bytes).write(to: URL(filePath: path))
        #expect(refusal { _ = try read(fixture) }.contains("is not what was signed"))
        // a list that somebody changed without the keys
        let list = fixture.published + "/metadata/2.targets.json"
        let text = try String(contentsOfFile: list, encoding: .utf8)
        try text.replacing("\"release\":7", with: "\"release\":9").write(
            toFile: list, atomically: true, encoding: .utf8)
        #expect(refusal { _ = try read(fixture) }.contains("gateways refuse what is"))
    }

    @Test func `a damaged archive takes nothing from the others`() throws {
        let fixture = try fixture([("1.0.0", 7), ("1.1.0", 8), ("1.2.0", 9)])
        let sets = fixture.published + "/targets/sets"
        let names = try FileManager.default.contentsOfDirectory(atPath: sets)
        func path(_ version: String) throws -> URL {
            let name = try #require(names.first { $0.hasSuffix("base-\(version).tar") })
            return URL(filePath: "\(sets)/\(name)")
        }
        #expect(try fixture.open().publishedSets(now: RepositoryFixture.now).damaged.isEmpty)
        let whole = try Data(contentsOf: path("1.0.0"))
        try whole.dropLast(600).write(to: path("1.0.0"))
        try FileManager.default.removeItem(at: path("1.1.0"))
        let found = try fixture.open().publishedSets(now: RepositoryFixture.now)
        #expect(found.whole.map(\.release) == [9])
        let damaged = found.damaged.sorted { $0.release < $1.release }
        #expect(damaged.map(\.damage) == [.changed, .unreadable])
        #expect(damaged.map { "\($0.set) \($0.version)" } == ["base 1.0.0", "base 1.1.0"])
        for (set, words) in zip(damaged, ["expected \(whole.count)", "cannot be read"]) {
            #expect(set.detail.contains(words) && set.words.contains(fixture.published.prefix(10)))
            #expect(!set.detail.contains("/tmp/"), "\(set.detail)")
            #expect(refusal { _ = try read(fixture, set.set, "\(set.version)") } == set.words)
        }
        #expect(try read(fixture).release == 9)
    }

    @Test func `a removed set is out of what gateways get, and nothing takes its place`() throws {
        let fixture = try fixture([("1.0.0", 7), ("1.1.0", 8)])
        let name: TUFName = "sets/base-1.1.0.tar"
        let removed = try #require(SemanticVersion("1.1.0"))
        let repository = try fixture.open()
        try repository.remove("base", removed, now: RepositoryFixture.now)
        #expect(refusal { _ = try read(fixture, "base", "1.1.0") }.contains("to be removed from"))
        #expect(
            refusal { try repository.remove("base", removed, now: RepositoryFixture.now) }
                == "a draft removes 'base 1.1.0' already: sign it and publish")
        // until it is published gateways get it
        #expect(try fixture.gateway("before", [name]).count == 1)
        try publish(fixture)
        #expect(throws: TUFFault.self) { try fixture.gateway("before", [name]) }
        #expect(throws: TUFFault.self) { try fixture.gateway("after", [name]) }
        #expect(try fixture.gateway("after", ["sets/base-1.0.0.tar"]).count == 1)
        #expect(try fixture.python("python", ["sets/base-1.0.0.tar"]).contains("file targets ok"))
        #expect(try "\(read(fixture).version)" == "1.0.0")
        #expect(
            refusal { try fixture.add(version: "1.1.0", release: 9) }.contains("and was removed"))
        #expect(
            refusal { try fixture.add(version: "1.2.0", release: 8) }.hasSuffix(
                "and 'base 1.1.0, removed' has 8; expected a higher one"))
        try fixture.add(version: "1.2.0", release: 9)
        // one that nobody could get yet may come again
        try repository.remove(
            "base", try #require(SemanticVersion("1.2.0")), now: RepositoryFixture.now)
        try fixture.add(version: "1.2.0", release: 9)
        try publish(fixture)
        #expect(try read(fixture).release == 9)
    }
}
