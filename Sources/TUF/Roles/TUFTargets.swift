import StrictJSON

/// A role that lists targets and may let other roles list more.
package struct TUFTargets: Sendable {
    /// What was signed and by whom.
    package let envelope: TUFEnvelope
    /// The targets by path.
    package let targets: [TUFName: TUFTarget]
    /// The roles it lets list targets, the first asked first.
    package let delegations: [TUFDelegation]

    /// Reads a role; checks no signature.
    package init(_ bytes: [UInt8], role: TUFName) throws(TUFFault) {
        envelope = try TUFEnvelope(bytes, role: role, kind: .targets)
        let fields = try envelope.fields
        let list = try fields.object("targets")
        var targets: [TUFName: TUFTarget] = [:]
        for member in list.members {
            let path = TUFName(member.name)
            targets[path] = try TUFTarget(path, try list.open(member.item, member.name))
        }
        self.targets = targets
        delegations = fields.item("delegations") == nil ? [] : try Self.delegations(fields)
    }

    private static func delegations(_ outer: FieldReader) throws(TUFFault) -> [TUFDelegation] {
        let fields = try outer.object("delegations")
        let keys = try fields.keys("keys")
        var delegations: [TUFDelegation] = []
        var names: Set<TUFName> = []
        for (index, item) in try fields.list("roles").enumerated() {
            let delegation = try TUFDelegation(
                try fields.open(item, "roles[\(index)]"), keys: keys)
            guard names.insert(delegation.authority.role).inserted else {
                throw fields.fault("roles", "names '\(delegation.authority.role)' twice")
            }
            delegations.append(delegation)
        }
        return delegations
    }
}

/// A file that may be installed.
package struct TUFTarget: Sendable {
    /// The path under which it is asked for.
    package let path: TUFName
    /// The size in bytes.
    package let length: Int64
    /// Hashes by the name of the algorithm, at least one.
    package let hashes: [TUFName: String]
    /// What the signer adds; nil when nothing.
    package let custom: JSONItem?

    init(_ path: TUFName, _ fields: FieldReader) throws(TUFFault) {
        self.path = path
        length = try fields.integer("length", in: 0...Int64.max)
        hashes = try fields.hashes("hashes")
        custom = fields.item("custom")
    }

    /// Describes bytes.
    package init(path: TUFName, bytes: [UInt8], custom: JSONItem? = nil) {
        self.path = path
        length = Int64(bytes.count)
        hashes = ["sha256": TUFDigest.sha256.text(bytes)]
        self.custom = custom
    }

    /// Refuses bytes of another length or hash.
    package func check(_ bytes: [UInt8]) throws(TUFFault) {
        try TUFContent.checkLength(bytes, length, path)
        try TUFContent.checkHashes(bytes, hashes, path)
    }

    /// Where it lies on a server: the path, or with consistent snapshots its last part after a hash.
    package func location(hasConsistentSnapshots: Bool) -> String {
        guard hasConsistentSnapshots,
            let hash = TUFDigest.allCases.lazy.compactMap({ hashes[TUFName($0.rawValue)] }).first
        else { return path.text }
        // characters that combine must not hide the slash
        let bytes = Array(path.text.utf8)
        let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        return String(decoding: bytes[..<start], as: UTF8.self) + hash + "."
            + String(decoding: bytes[start...], as: UTF8.self)
    }
}
