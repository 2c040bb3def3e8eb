import StrictJSON
import Testing

@testable import TUF

/// Keys for tests; made once.
enum Keys {
    static let root = make(), timestamp = make(), snapshot = make(), targets = make()
    static let other = make()
    static let curve = make(.ecdsa)

    static func make(_ scheme: TUFKey.Scheme = .ed25519) -> TUFPrivateKey {
        guard let key = TUFPrivateKey(scheme) else { preconditionFailure("no key is made") }
        return key
    }
}

/// A repository in memory, each part of which can be changed before it is signed.
struct Repository {
    static let start = TUFTime(seconds: 1_900_000_000)
    static let later = TUFTime(seconds: 1_900_086_400)

    var authorities: [TUFRoot.Role: TUFAuthority] = [
        .root: TUFAuthority(role: "root", keys: [Keys.root.publicKey], threshold: 1),
        .timestamp: TUFAuthority(role: "timestamp", keys: [Keys.timestamp.publicKey], threshold: 1),
        .snapshot: TUFAuthority(role: "snapshot", keys: [Keys.snapshot.publicKey], threshold: 1),
        .targets: TUFAuthority(role: "targets", keys: [Keys.targets.publicKey], threshold: 1),
    ]
    var rootVersion: Int64 = 1
    var snapshotVersion: Int64 = 1
    var roles: [(role: TUFName, version: Int64)] = [("targets", 1)]

    func root(by keys: [TUFPrivateKey] = [Keys.root], expires: TUFTime = later) throws -> [UInt8] {
        try TUFDraft.root(
            version: rootVersion, expires: expires,
            TUFRoot.Role.allCases.compactMap { authorities[$0] }
        ).signed(by: keys).bytes
    }

    func snapshot(
        by keys: [TUFPrivateKey] = [Keys.snapshot], expires: TUFTime = later
    ) throws -> [UInt8] {
        try TUFDraft.snapshot(version: snapshotVersion, expires: expires, roles)
            .signed(by: keys).bytes
    }

    func timestamp(
        _ version: Int64 = 1, by keys: [TUFPrivateKey] = [Keys.timestamp],
        expires: TUFTime = later
    ) throws -> [UInt8] {
        try TUFDraft.timestamp(
            version: version, expires: expires, snapshot: snapshot(),
            snapshotVersion: snapshotVersion
        ).signed(by: keys).bytes
    }

    func targets(
        _ version: Int64 = 1, _ targets: [TUFTarget] = [], delegations: [TUFDelegation] = [],
        by keys: [TUFPrivateKey] = [Keys.targets], expires: TUFTime = later
    ) throws -> [UInt8] {
        try TUFDraft.targets(
            version: version, expires: expires, targets, delegations: delegations
        ).signed(by: keys).bytes
    }

    /// What a client believes after root, timestamp and snapshot.
    func trusted(upTo last: TUFRoot.Role = .snapshot) throws -> TrustedMetadata {
        var trusted = try TrustedMetadata(root: root(), start: Self.start)
        if last == .root { return trusted }
        _ = try trusted.takeTimestamp(timestamp())
        if last == .timestamp { return trusted }
        try trusted.takeSnapshot(snapshot())
        if last == .snapshot { return trusted }
        try trusted.takeTargets(targets())
        return trusted
    }
}

/// The fault that an action ends with; nil when it ends well.
func fault(_ action: () throws -> Void) -> TUFFault? {
    do {
        try action()
        return nil
    } catch {
        return error as? TUFFault
    }
}

extension TUFFault {
    /// The kind alone, without names and numbers.
    var kind: String { "\(Mirror(reflecting: self).children.first?.label ?? "\(self)")" }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
