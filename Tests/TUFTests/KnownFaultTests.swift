import StrictJSON
import Testing

@testable import TUF

/// What other implementations got wrong, as far as it is decided without files and servers.
@Suite struct KnownFaultTests {
    private func authority(
        _ role: TUFName, _ keys: [TUFPrivateKey], threshold: Int = 1
    ) -> TUFAuthority {
        TUFAuthority(role: role, keys: keys.map(\.publicKey), threshold: threshold)
    }

    /// What a client believes after a snapshot that lists `r` with length and hash of these bytes.
    private func trusted(listing role: [UInt8]) throws -> TrustedMetadata {
        let hashes = JSONItem.object([("sha256", .text(TUFDigest.sha256.text(role)))])
        let mark = JSONItem.object([
            ("version", .integer(1)), ("length", .integer(Int64(role.count))), ("hashes", hashes),
        ])
        let item = JSONItem.object([
            ("_type", .text("snapshot")), ("spec_version", .text("1.0.34")),
            ("version", .integer(1)), ("expires", .text(Repository.later.description)),
            (
                "meta",
                .object([
                    ("targets.json", .object([("version", .integer(1))])), ("r.json", mark),
                ])
            ),
        ])
        let snapshot = try TUFDraft(item).signed(by: [Keys.snapshot]).bytes
        let timestamp = try TUFDraft.timestamp(
            version: 1, expires: Repository.later, snapshot: snapshot, snapshotVersion: 1
        ).signed(by: [Keys.timestamp]).bytes
        var trusted = try Repository().trusted(upTo: .root)
        _ = try trusted.takeTimestamp(timestamp)
        try trusted.takeSnapshot(snapshot)
        return trusted
    }

    @Test(arguments: [1, 3, 99, Int64.max])
    func `tough CVE-2025-2885: a new root is exactly one version higher`(version: Int64) throws {
        var trusted = try Repository().trusted(upTo: .root)
        var next = Repository()
        next.rootVersion = version
        let root = try next.root()
        #expect(
            fault { try trusted.takeRoot(root) }
                == .wrongVersion("root", expected: 2, found: version))
        #expect(trusted.root.envelope.version == 1)
    }

    @Test func `tough CVE-2025-2886: a terminating delegation ends the search`() throws {
        var graph = DelegationGraph(
            edges: [
                "targets": [("A", ["*"], false), ("D", ["*"], false)],
                "A": [("B", ["*"], true), ("C", ["*"], false)],
            ])
        graph.listed = ["C": ["file"], "D": ["file"]]
        let walked = try graph.walk("file")
        #expect(!walked.found && walked.visited == ["A", "B"])
    }

    @Test func `tough CVE-2025-2887: a role delegated to does not go back in a newer snapshot`()
        throws
    {
        var repository = Repository()
        repository.roles = [("targets", 2), ("r", 5)]
        let old = try repository.snapshot()
        var trusted = try repository.trusted(upTo: .root)
        repository.roles = [("targets", 3), ("r", 4)]
        repository.snapshotVersion = 2
        _ = try trusted.takeTimestamp(repository.timestamp(2))
        _ = try trusted.recallSnapshot(old)
        let next = try repository.snapshot()
        #expect(
            fault { try trusted.takeSnapshot(next) }
                == .rollback("r.json", trusted: 5, offered: 4))
    }

    @Test func `tough CVE-2026-6966: one signature twice is no second one for a role delegated to`()
        throws
    {
        var draft = TUFDraft.targets(version: 1, expires: Repository.later, [])
        try draft.sign([Keys.other])
        let signature = try #require(draft.signatures.first)
        let entry = "{\"keyid\":\"\(signature.keyID)\",\"sig\":\"\(signature.text)\"}"
        let twice = String(decoding: draft.bytes, as: UTF8.self)
            .replacing("\"signatures\":[", with: "\"signatures\":[\(entry),")
        let role = bytes(twice)
        let two = authority("r", [Keys.other, Keys.curve], threshold: 2)
        let trusted = try trusted(listing: role)
        #expect(fault { _ = try trusted.role(role, two) }?.kind == "doubledSignature")
        // nor under the name of the other key
        let renamed = bytes(
            twice.replacing(
                "\"keyid\":\"\(signature.keyID)\"",
                with: "\"keyid\":\"\(Keys.curve.publicKey.id)\"", maxReplacements: 1))
        let other = try self.trusted(listing: renamed)
        #expect(
            fault { _ = try other.role(renamed, two) } == .belowThreshold("r", signed: 1, needed: 2)
        )
    }

    @Test func `tough CVE-2026-6967: expiry, hash and length of a role delegated to count`() throws
    {
        let by = authority("r", [Keys.other])
        func role(_ expires: TUFTime) throws -> [UInt8] {
            try TUFDraft.targets(version: 1, expires: expires, []).signed(by: [Keys.other]).bytes
        }
        let good = try role(Repository.later)
        let trusted = try trusted(listing: good)
        _ = try trusted.role(good, by)
        #expect(fault { _ = try trusted.role(good + [0x20], by) }?.kind == "wrongLength")
        var other = good
        other[other.count - 1] = 0x20
        #expect(fault { _ = try trusted.role(other, by) }?.kind == "wrongHash")
        let expired = try role(Repository.start)
        let late = try self.trusted(listing: expired)
        #expect(fault { _ = try late.role(expired, by) }?.kind == "expired")
    }

    @Test func `rust-tuf PR 275: a role delegated to is signed by keys of its delegator`() throws {
        let by = authority("r", [Keys.other])
        for signers in [[], [Keys.targets], [Keys.snapshot, Keys.root]] {
            let role = try TUFDraft.targets(version: 1, expires: Repository.later, [])
                .signed(by: signers).bytes
            let trusted = try trusted(listing: role)
            #expect(
                fault { _ = try trusted.role(role, by) }
                    == .belowThreshold("r", signed: 0, needed: 1))
        }
    }

    @Test func `rust-tuf issue 49: an expired root does not keep the newer one from coming`() throws
    {
        let old = try Repository().root(expires: TUFTime(seconds: 1))
        var trusted = try TrustedMetadata(root: old, start: Repository.start)
        var next = Repository()
        next.rootVersion = 2
        try trusted.takeRoot(next.root())
        try trusted.checkRoot()
    }

    @Test func `go-tuf GHSA-66x3-6cw3-v5gj: nothing below the root goes back either`() throws {
        var repository = Repository()
        repository.snapshotVersion = 4
        repository.roles = [("targets", 3)]
        let (timestamp, snapshot) = (try repository.timestamp(9), try repository.snapshot())
        func begin() throws -> TrustedMetadata {
            var trusted = try repository.trusted(upTo: .root)
            try trusted.recallTimestamp(timestamp)
            return trusted
        }
        var first = try begin()
        let lower = try repository.timestamp(8)
        #expect(fault { _ = try first.takeTimestamp(lower) }?.kind == "rollback")
        var second = try begin()
        repository.snapshotVersion = 3
        let lowerSnapshot = try repository.timestamp(10)
        #expect(fault { _ = try second.takeTimestamp(lowerSnapshot) }?.kind == "rollback")
        var third = try begin()
        (repository.snapshotVersion, repository.roles) = (5, [("targets", 2)])
        _ = try third.takeTimestamp(repository.timestamp(10))
        _ = try third.recallSnapshot(snapshot)
        let lowerTargets = try repository.snapshot()
        #expect(fault { try third.takeSnapshot(lowerTargets) }?.kind == "rollback")
    }

    @Test
    func `specification issue 19: a role under two delegators is held against each one's keys`()
        throws
    {
        let role = try TUFDraft.targets(version: 1, expires: Repository.later, [])
            .signed(by: [Keys.other]).bytes
        let trusted = try trusted(listing: role)
        _ = try trusted.role(role, authority("r", [Keys.other]))
        let second = fault { _ = try trusted.role(role, authority("r", [Keys.curve])) }
        #expect(second == .belowThreshold("r", signed: 0, needed: 1))
    }
}
