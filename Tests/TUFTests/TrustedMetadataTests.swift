import Testing

@testable import TUF

@Suite struct RootTests {
    private func begin(_ repository: Repository = Repository()) throws -> TrustedMetadata {
        try TrustedMetadata(root: repository.root(), start: Repository.start)
    }

    @Test func `a root without its own signature is no beginning`() throws {
        let unsigned = try Repository().root(by: [])
        let foreign = try Repository().root(by: [Keys.other])
        for root in [unsigned, foreign] {
            let found = fault { _ = try TrustedMetadata(root: root, start: Repository.start) }
            #expect(found?.kind == "belowThreshold")
        }
    }

    @Test func `an expired root is a beginning, and no end`() throws {
        let root = try Repository().root(expires: Repository.start)
        let trusted = try TrustedMetadata(root: root, start: Repository.start)
        #expect(fault { try trusted.checkRoot() }?.kind == "expired")
    }

    @Test(
        arguments: [
            // version, signers, what comes of it
            (2, ["old", "new"], "none"), (2, ["old"], "belowThreshold"),
            (2, ["new"], "belowThreshold"),
            (3, ["old", "new"], "wrongVersion"), (1, ["old", "new"], "wrongVersion"),
            (2, [], "belowThreshold"),
        ] as [(Int64, [String], String)])
    func `the next root is signed by both and one higher`(
        version: Int64, signers: [String], kind: String
    ) throws {
        var trusted = try begin()
        var next = Repository()
        next.rootVersion = version
        next.authorities[.root] = TUFAuthority(
            role: "root", keys: [Keys.other.publicKey], threshold: 1)
        let root = try next.root(by: signers.map { $0 == "old" ? Keys.root : Keys.other })
        #expect((fault { try trusted.takeRoot(root) }?.kind ?? "none") == kind)
        #expect(trusted.root.envelope.version == (kind == "none" ? 2 : 1))
    }

    @Test func `a root in between may have expired`() throws {
        var trusted = try begin()
        var next = Repository()
        next.rootVersion = 2
        try trusted.takeRoot(next.root(expires: TUFTime(seconds: 1)))
        #expect(fault { try trusted.checkRoot() }?.kind == "expired")
        next.rootVersion = 3
        try trusted.takeRoot(next.root())
        try trusted.checkRoot()
    }

    @Test func `other keys for timestamp or snapshot mean to forget the old files`() throws {
        for (role, forgets) in [
            (TUFRoot.Role.timestamp, true), (.snapshot, true), (.targets, false), (.root, false),
        ] {
            var trusted = try begin()
            let before = trusted.root
            var next = Repository()
            next.rootVersion = 2
            next.authorities[role] = TUFAuthority(
                role: role.name, keys: [Keys.other.publicKey, Keys.root.publicKey], threshold: 1)
            try trusted.takeRoot(next.root())
            #expect(try trusted.forgets(since: before) == forgets, "\(role)")
        }
    }
}

@Suite struct TimestampTests {
    @Test(
        arguments: [
            // version, version of the snapshot, what comes of it
            (4, 7, "none"), (4, 8, "none"), (4, 6, "rollback"), (3, 7, "same"), (3, 6, "same"),
            (2, 7, "rollback"), (2, 9, "rollback"),
        ] as [(Int64, Int64, String)])
    func `versions only rise`(version: Int64, snapshot: Int64, outcome: String) throws {
        var repository = Repository()
        repository.snapshotVersion = 7
        var trusted = try repository.trusted(upTo: .root)
        #expect(try trusted.takeTimestamp(repository.timestamp(3)))
        repository.snapshotVersion = snapshot
        let next = try repository.timestamp(version)
        var isNew: Bool?
        let kind = fault { isNew = try trusted.takeTimestamp(next) }?.kind
        #expect((kind ?? (isNew == true ? "none" : "same")) == outcome)
        #expect(trusted.timestamp?.envelope.version == (outcome == "none" ? version : 3))
        #expect(trusted.timestamp?.snapshot.version == (outcome == "none" ? snapshot : 7))
    }

    @Test func `one from disk refuses older ones even when it has expired`() throws {
        var trusted = try Repository().trusted(upTo: .root)
        let old = try Repository().timestamp(5, expires: TUFTime(seconds: 1))
        try trusted.recallTimestamp(old)
        #expect(
            fault { _ = try trusted.takeTimestamp(Repository().timestamp(4)) }?.kind == "rollback")
        #expect(fault { _ = try trusted.takeTimestamp(old) }?.kind == "expired")
        #expect(try trusted.takeTimestamp(Repository().timestamp(6)))
    }

    @Test func `the moment of the start is still valid, the moment itself is not`() throws {
        for (seconds, kind) in [(0, "expired"), (1, "none"), (-1, "expired")] as [(Int64, String)] {
            var trusted = try Repository().trusted(upTo: .root)
            let expires = TUFTime(seconds: Repository.start.seconds + seconds)
            let timestamp = try Repository().timestamp(expires: expires)
            let found = fault { _ = try trusted.takeTimestamp(timestamp) }
            #expect((found?.kind ?? "none") == kind)
        }
    }

    @Test func `the keys of another role do not sign it`() throws {
        var trusted = try Repository().trusted(upTo: .root)
        let foreign = try Repository().timestamp(by: [Keys.snapshot])
        #expect(fault { _ = try trusted.takeTimestamp(foreign) }?.kind == "belowThreshold")
        let snapshot = try Repository().snapshot(by: [Keys.timestamp])
        #expect(fault { _ = try trusted.takeTimestamp(snapshot) }?.kind == "wrongType")
    }
}

@Suite struct SnapshotTests {
    @Test func `it is the one that the timestamp names, byte for byte`() throws {
        var repository = Repository()
        var trusted = try repository.trusted(upTo: .timestamp)
        let right = try repository.snapshot()
        #expect(fault { try trusted.takeSnapshot(right + [0x20]) }?.kind == "wrongLength")
        var other = right
        other[other.count - 1] = 0x20
        #expect(fault { try trusted.takeSnapshot(other) }?.kind == "wrongHash")
        repository.snapshotVersion = 2
        let next = try repository.snapshot()
        #expect(fault { try trusted.takeSnapshot(next) } != nil)
        #expect(trusted.snapshot == nil)
        try trusted.takeSnapshot(right)
    }

    /// What comes of the step from one list of roles to the next.
    private func step(_ before: [(TUFName, Int64)], _ after: [(TUFName, Int64)]) throws -> String {
        var repository = Repository()
        repository.roles = before.map { (role: $0.0, version: $0.1) }
        let old = try repository.snapshot()
        var trusted = try repository.trusted(upTo: .root)
        repository.roles = after.map { (role: $0.0, version: $0.1) }
        repository.snapshotVersion = 2
        _ = try trusted.takeTimestamp(repository.timestamp(2))
        #expect(try !trusted.recallSnapshot(old), "an older one is not the one named")
        let next = try repository.snapshot()
        return fault { try trusted.takeSnapshot(next) }?.kind ?? "none"
    }

    @Test func `no role in it goes back or away, whether delegated or not`() throws {
        #expect(try step([("targets", 2)], [("targets", 2)]) == "none")
        #expect(try step([("targets", 2)], [("targets", 3), ("new", 1)]) == "none")
        #expect(try step([("targets", 2)], [("targets", 1)]) == "rollback")
        #expect(try step([("targets", 2), ("r", 5)], [("targets", 3), ("r", 4)]) == "rollback")
        #expect(try step([("targets", 2), ("r", 5)], [("targets", 3)]) == "roleRemoved")
    }

    @Test func `one from disk that was altered is asked for again`() throws {
        var trusted = try Repository().trusted(upTo: .timestamp)
        let right = try Repository().snapshot()
        // the same signature over the same fields, other bytes
        #expect(try !trusted.recallSnapshot(right + [0x20]))
        #expect(try trusted.recallSnapshot(right))
    }

    @Test func `an expired one is refused, and nothing builds on an expired timestamp`() throws {
        var repository = Repository()
        var trusted = try repository.trusted(upTo: .timestamp)
        let expired = try repository.snapshot(expires: TUFTime(seconds: 1))
        repository.snapshotVersion = 1
        var fresh = try TrustedMetadata(root: repository.root(), start: Repository.start)
        let timestamp = try TUFDraft.timestamp(
            version: 1, expires: Repository.later, snapshot: expired, snapshotVersion: 1
        ).signed(by: [Keys.timestamp]).bytes
        _ = try fresh.takeTimestamp(timestamp)
        #expect(fault { try fresh.takeSnapshot(expired) }?.kind == "expired")
        let old = try repository.timestamp(9, expires: TUFTime(seconds: 1))
        try trusted.recallTimestamp(old)
        #expect(fault { try trusted.takeSnapshot(repository.snapshot()) }?.kind == "expired")
    }
}

@Suite struct TargetsTests {
    @Test(arguments: [(1, "none"), (2, "wrongVersion")] as [(Int64, String)])
    func `its version is the one of the snapshot`(version: Int64, kind: String) throws {
        var trusted = try Repository().trusted()
        let targets = try Repository().targets(version)
        #expect((fault { try trusted.takeTargets(targets) }?.kind ?? "none") == kind)
    }

    @Test func `expired, badly signed or of another type it is refused`() throws {
        var trusted = try Repository().trusted()
        let repository = Repository()
        for (bytes, kind) in [
            (try repository.targets(expires: Repository.start), "expired"),
            (try repository.targets(by: [Keys.snapshot]), "belowThreshold"),
            (try repository.snapshot(by: [Keys.targets]), "wrongType"),
        ] {
            #expect(fault { try trusted.takeTargets(bytes) }?.kind == kind)
        }
        #expect(trusted.targets == nil)
    }

    @Test func `a role that the snapshot does not list is not even read`() throws {
        let trusted = try Repository().trusted()
        #expect(fault { _ = try trusted.mark("other") }?.kind == "roleUnlisted")
    }

    @Test func `steps out of order are a bug of ours, not a crash`() throws {
        var trusted = try Repository().trusted(upTo: .root)
        #expect(fault { try trusted.takeSnapshot([]) }?.kind == "order")
        #expect(fault { _ = try trusted.mark("targets") }?.kind == "order")
        _ = try trusted.takeTimestamp(Repository().timestamp())
        #expect(fault { _ = try trusted.mark("targets") }?.kind == "order")
        #expect(fault { try trusted.takeRoot([]) }?.kind == "order")
    }

    @Test func `bytes of a target are held against length and every hash`() throws {
        let target = TUFTarget(path: "a/b", bytes: bytes("content"))
        try target.check(bytes("content"))
        #expect(fault { try target.check(bytes("conten")) }?.kind == "wrongLength")
        #expect(fault { try target.check(bytes("Content")) }?.kind == "wrongHash")
        let hash = TUFDigest.sha256.text(bytes("content"))
        #expect(target.location(hasConsistentSnapshots: true) == "a/\(hash).b")
        #expect(target.location(hasConsistentSnapshots: false) == "a/b")
    }
}
