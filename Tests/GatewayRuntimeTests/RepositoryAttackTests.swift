import Foundation
import HTTPSClient
import ProfileSet
import TUF
import TestKit
import Testing
import UpdateAgent

@testable import GatewayRuntime

/// Attacks on the way from the repository of sets to the agent: what a gateway says of each, and that an
/// honest repository is believed afterwards.
@Suite struct RepositoryAttackTests {
    private let repository: SignedRepository
    private let folder: TemporaryDirectory
    private let archive = Array("the archive of a set".utf8)

    init() throws {
        repository = try SignedRepository()
        folder = try TemporaryDirectory("repository")
    }

    private func source(days: Int64 = 0, in place: String = "metadata") -> RepositorySource {
        let repository = repository
        return RepositorySource(
            folder: folder.file(place), root: nil, gateway: "house",
            fleet: SignedRepository.fleet, canceller: HTTPSCanceller(),
            connect: { _ in repository }, now: { SignedRepository.start + days * 86_400 })
    }

    private func publish(_ version: Int64, release: Int? = nil, days: Int64 = 30) throws {
        let assignment = try SignedRepository.assignment(archive, release: release ?? Int(version))
        try repository.publish(
            version, assignment: assignment, archive: archive,
            expires: SignedRepository.later(days))
    }

    /// Why an assignment is not believed; empty when it is.
    private func refusal(_ source: RepositorySource) -> String {
        do throws(UpdateError) {
            _ = try source.assignment()
            return ""
        } catch {
            return error.description
        }
    }

    private func release(_ source: RepositorySource) throws -> Int? {
        try source.assignment().map { try Assignment($0).release }
    }

    @Test func `freeze: metadata that has expired is refused, and new is believed`() throws {
        try publish(1, days: 30)
        #expect(try release(source()) == 1)
        let words = refusal(source(days: 31))
        #expect(
            words.contains("'timestamp' was valid until") && words.hasSuffix("kind 'freeze'"),
            "\(words)")
        try publish(2, days: 90)
        #expect(try release(source(days: 31)) == 2)
    }

    @Test func `rollback of metadata: what was published before is refused`() throws {
        try publish(1)
        let old = repository.published
        try publish(2)
        #expect(try release(source()) == 2)
        let new = repository.published
        repository.published = old
        #expect(refusal(source()).hasSuffix("kind 'rollback'"))
        repository.published = new
        #expect(try release(source()) == 2)
    }

    @Test func `rollback of content: a higher version that assigns a lower counter is refused`()
        throws
    {
        try publish(1, release: 5)
        #expect(try release(source()) == 5)
        try publish(9, release: 3)
        let document = try #require(try source().assignment(), "the metadata is honest")
        let terms = UpdateTerms(
            gateway: "house", runtime: SemanticVersion(0, 1, 0), hardware: "generic")
        let faults = terms.faults(
            try Assignment(document), now: SignedRepository.start, release: 5, running: nil)
        #expect(faults == ["'release' is 3, expected 5 or more, which was taken before"])
    }

    @Test func `mix-and-match: files of two states are refused`() throws {
        try publish(1)
        #expect(try release(source()) == 1)
        let old = repository.file("metadata/1.targets.json")
        try publish(2)
        repository.put("metadata/2.targets.json", old)
        #expect(refusal(source()).hasSuffix("kind 'mix-and-match'"))
        try publish(3)
        #expect(try release(source()) == 3)
    }

    @Test func `mix-and-match: an assignment of another archive than the repository's is refused`()
        throws
    {
        let other = Array("the archive of a sat".utf8)
        try repository.publish(
            1, assignment: try SignedRepository.assignment(other, release: 1), archive: archive)
        let source = source()
        let document = try #require(try source.assignment())
        let assignment = try Assignment(document)
        #expect(throws: UpdateError.self) {
            _ = try source.archive(sha256: assignment.sha256, length: assignment.length)
        }
        let longer = archive + [0]
        try repository.publish(
            2, assignment: try SignedRepository.assignment(longer, release: 2), archive: archive)
        let next = try Assignment(try #require(try source.assignment()))
        #expect(throws: UpdateError.self) {
            _ = try source.archive(sha256: next.sha256, length: next.length)
        }
    }

    @Test func `partial bundle: an archive that ends early is never handed over`() throws {
        try publish(1)
        let source = source()
        let assignment = try Assignment(try #require(try source.assignment()))
        let place = "targets/sets/\(assignment.sha256).base-1.0.0.tar"
        let whole = repository.file(place)
        try #require(whole == archive)
        for count in [0, 1, archive.count - 1] {
            repository.put(place, Array(archive[..<count]))
            #expect(throws: UpdateError.self) {
                _ = try source.archive(sha256: assignment.sha256, length: assignment.length)
            }
        }
        repository.put(place, archive)
        #expect(
            try source.archive(sha256: assignment.sha256, length: assignment.length) == archive)
    }

    @Test(arguments: [
        (HTTPSFailure.Detail.tooLarge, "endless-data"), (.tooSlow, "slow-retrieval"),
        (.silent, "slow-retrieval"),
    ])
    func `endless data and slow retrieval end one question and not the next`(
        detail: HTTPSFailure.Detail, kind: String
    ) throws {
        try publish(1)
        for place in [
            "metadata/timestamp", "metadata/1.snapshot", "metadata/1.targets", "targets/",
        ] {
            repository.fail(place, detail)
            let words = refusal(source())
            #expect(words.hasSuffix("kind '\(kind)'"), "\(place): \(words)")
            repository.fail(place, nil)
        }
        #expect(try release(source()) == 1)
    }

    @Test func `wrong device: only the assignment under this gateway's own name is looked at`()
        throws
    {
        let mine = try SignedRepository.assignment(archive, release: 1, ["gateway": "hut"])
        try repository.publish(
            1, assignment: mine, archive: archive, path: "assignments/hut.json")
        #expect(try source().assignment() == nil)
        // and one for another gateway under this one's name is refused by its content
        try repository.publish(2, assignment: mine, archive: archive)
        let terms = UpdateTerms(
            gateway: "house", runtime: SemanticVersion(0, 1, 0), hardware: "generic")
        let document = try #require(try source().assignment())
        #expect(
            terms.faults(
                try Assignment(document), now: SignedRepository.start, release: 0, running: nil)
                == ["it is for gateway 'hut', this one is 'house'"])
    }

    @Test func `wrong role: whoever may sign assignments signs no sets`() throws {
        let assignment = try SignedRepository.assignment(archive, release: 1)
        try repository.publish(1, assignment: assignment, archive: archive)
        let evil = Array("the archive of a sot".utf8)
        let named = try SignedRepository.assignment(evil, release: 2)
        // the role of assignments lists a set: it is not trusted with that path
        try repository.publish(2, assignment: evil, archive: archive, path: "sets/evil-1.0.0.tar")
        #expect(try source().assignment() == nil)
        try repository.publish(3, assignment: named, archive: archive)
        let source = source()
        _ = try source.assignment()
        #expect(throws: UpdateError.self) {
            _ = try source.archive(sha256: Fingerprint.hex(evil), length: evil.count)
        }
    }

    @Test func `key below threshold: assignments signed by another key are refused`() throws {
        let assignment = try SignedRepository.assignment(archive, release: 1)
        try repository.publish(
            1, assignment: assignment, archive: archive, by: repository.keys[.timestamp])
        #expect(refusal(source()).hasSuffix("kind 'key-compromise'"))
        try publish(2)
        #expect(try release(source()) == 2)
    }

    @Test func `malicious mirror: a server that gives garbage does not spoil the good one`() throws
    {
        try publish(1)
        #expect(try release(source()) == 1)
        try publish(2)
        repository.setGarbage(true)
        #expect(refusal(source()).hasSuffix("kind 'arbitrary-software'"))
        repository.setGarbage(false)
        for name in ["metadata/timestamp", "targets/"] {
            repository.fail(name, .silent)
            #expect(!refusal(source()).isEmpty)
            repository.fail(name, nil)
        }
        #expect(try release(source()) == 2)
    }

    @Test func `malformed input: whatever stands in the place of metadata is a sentence`() throws {
        try publish(1)
        #expect(try release(source()) == 1)
        try publish(2)
        let good = repository.published
        let odd: [[UInt8]] = [
            [], Array("null".utf8), Array("[]".utf8), Array("{}".utf8), [0xFF, 0xFE],
            [UInt8](repeating: UInt8(ascii: "["), count: 60_000),
        ]
        for (index, bytes) in odd.enumerated() {
            for name in ["timestamp", "2.snapshot", "2.targets", "2.assignments", "2.root"] {
                repository.put("metadata/\(name).json", bytes)
                // a folder of its own: what was believed is not asked for again
                let words = refusal(source(in: "\(name)-\(index)"))
                #expect(!words.isEmpty, "\(name), \(bytes.count) bytes")
                repository.published = good
                #expect(try release(source(in: "\(name)-\(index)")) == 2)
            }
        }
        #expect(try release(source()) == 2)
    }

    @Test func `path traversal: no name of a set leads out of the repository or the folder`() throws
    {
        for name in ["../x", "/x", "%2e%2e", "a/b", "x\u{0}", String(repeating: "n", count: 4096)] {
            let document = try SignedRepository.assignment(archive, release: 1, ["set": name])
            #expect(throws: AssignmentRefused.self, "\(name.prefix(20))") {
                _ = try Assignment(document)
            }
        }
    }
}
