import StrictJSON

/// Metadata that is being made: what is signed, and the signatures so far.
package struct TUFDraft: Sendable {
    /// What is signed.
    package let signed: JSONItem
    /// The signatures, one of a key.
    package private(set) var signatures: [TUFSignature]

    /// Begins without signatures.
    package init(_ signed: JSONItem) {
        self.signed = signed
        signatures = []
    }

    /// Goes on where somebody else has signed before.
    package init(_ envelope: TUFEnvelope) {
        signed = envelope.signed
        signatures = envelope.signatures
    }

    /// Adds the signatures of keys, each in place of an earlier one of the same key.
    package mutating func sign(_ keys: [TUFPrivateKey]) throws(TUFFault) {
        guard let message = CanonicalJSON.encode(signed) else {
            throw .order("metadata with a number that is not whole")
        }
        for key in keys {
            signatures.removeAll { $0.keyID == key.publicKey.id }
            signatures.append(try key.sign(message))
        }
    }

    /// The same with the signatures of keys.
    package func signed(by keys: [TUFPrivateKey]) throws(TUFFault) -> TUFDraft {
        var draft = self
        try draft.sign(keys)
        return draft
    }

    /// The file.
    package var bytes: [UInt8] {
        let signatures = signatures.map { signature -> JSONItem in
            .object([("keyid", .text(signature.keyID.text)), ("sig", .text(signature.text))])
        }
        let document = JSONItem.object([("signatures", .list(signatures)), ("signed", signed)])
        return Array(document.canonicalText.utf8) + [0x0A]
    }
}

extension TUFDraft {
    /// A root.
    package static func root(
        version: Int64, expires: TUFTime, hasConsistentSnapshots: Bool = true,
        _ authorities: [TUFAuthority]
    ) -> TUFDraft {
        make("root", version, expires) {
            [
                ("consistent_snapshot", .flag(hasConsistentSnapshots)),
                ("keys", keys(authorities)),
                ("roles", .object(authorities.map { ($0.role.text, .object($0.members)) })),
            ]
        }
    }

    /// A timestamp that names a snapshot.
    package static func timestamp(
        version: Int64, expires: TUFTime, snapshot: [UInt8], snapshotVersion: Int64
    ) -> TUFDraft {
        make("timestamp", version, expires) {
            [
                (
                    "meta",
                    .object([("snapshot.json", mark(snapshotVersion, bytes: snapshot))])
                )
            ]
        }
    }

    /// A snapshot that lists roles with their versions.
    package static func snapshot(
        version: Int64, expires: TUFTime, _ roles: [(role: TUFName, version: Int64)]
    ) -> TUFDraft {
        make("snapshot", version, expires) {
            let files = roles.map { ("\($0.role.text).json", mark($0.version, bytes: nil)) }
            return [("meta", .object(files))]
        }
    }

    /// A role that lists targets and trusts other roles.
    package static func targets(
        version: Int64, expires: TUFTime, _ targets: [TUFTarget],
        delegations: [TUFDelegation] = []
    ) -> TUFDraft {
        make("targets", version, expires) {
            var members: [(String, JSONItem)] = [
                ("targets", .object(targets.map { ($0.path.text, $0.item) }))
            ]
            if !delegations.isEmpty {
                let trusted = JSONItem.object([
                    ("keys", keys(delegations.map(\.authority))),
                    ("roles", .list(delegations.map(\.item))),
                ])
                members.append(("delegations", trusted))
            }
            return members
        }
    }

    private static func make(
        _ type: String, _ version: Int64, _ expires: TUFTime,
        _ members: () -> [(String, JSONItem)]
    ) -> TUFDraft {
        let common: [(String, JSONItem)] = [
            ("_type", .text(type)), ("spec_version", .text("1.0.34")),
            ("version", .integer(version)), ("expires", .text(expires.description)),
        ]
        return TUFDraft(.object(common + members()))
    }

    private static func keys(_ authorities: [TUFAuthority]) -> JSONItem {
        var seen: Set<TUFName> = []
        var members: [(String, JSONItem)] = []
        for key in authorities.flatMap(\.keys) where seen.insert(key.id).inserted {
            members.append((key.id.text, key.item))
        }
        return .object(members)
    }

    private static func mark(_ version: Int64, bytes: [UInt8]?) -> JSONItem {
        var members: [(String, JSONItem)] = [("version", .integer(version))]
        if let bytes {
            members.append(("length", .integer(Int64(bytes.count))))
            members.append(
                ("hashes", .object([("sha256", .text(TUFDigest.sha256.text(bytes)))])))
        }
        return .object(members)
    }
}

extension TUFAuthority {
    fileprivate var members: [(String, JSONItem)] {
        [
            ("keyids", .list(keyIDs.map { .text($0.text) })),
            ("threshold", .integer(threshold)),
        ]
    }
}

extension TUFDelegation {
    fileprivate var item: JSONItem {
        let paths: (String, JSONItem) =
            switch scope {
            case .patterns(let patterns): ("paths", .list(patterns.map { .text($0.text) }))
            case .hashPrefixes(let prefixes):
                ("path_hash_prefixes", .list(prefixes.map { .text($0) }))
            }
        return .object(
            [("name", .text(authority.role.text)), ("terminating", .flag(isTerminating)), paths]
                + authority.members)
    }
}

extension TUFTarget {
    fileprivate var item: JSONItem {
        let ordered = hashes.sorted { $0.key < $1.key }
        var members: [(String, JSONItem)] = [
            ("length", .integer(length)),
            ("hashes", .object(ordered.map { ($0.key.text, .text($0.value)) })),
        ]
        if let custom { members.append(("custom", custom)) }
        return .object(members)
    }
}
