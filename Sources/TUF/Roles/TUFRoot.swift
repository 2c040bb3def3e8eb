/// The root of trust: who may sign the four roles at the top.
package struct TUFRoot: Sendable {
    /// The roles at the top.
    package enum Role: String, CaseIterable, Sendable {
        case root, timestamp, snapshot, targets

        /// The role's name.
        package var name: TUFName { TUFName(rawValue) }
    }

    /// What was signed and by whom.
    package let envelope: TUFEnvelope
    /// Whether files are named with versions and targets with hashes.
    package let hasConsistentSnapshots: Bool
    private let authorities: [Role: TUFAuthority]

    /// Reads a root; checks no signature.
    package init(_ bytes: [UInt8]) throws(TUFFault) {
        envelope = try TUFEnvelope(bytes, role: "root", kind: .root)
        let fields = try envelope.fields
        hasConsistentSnapshots = try fields.flag("consistent_snapshot") ?? false
        let keys = try fields.keys("keys")
        let roles = try fields.object("roles")
        var authorities: [Role: TUFAuthority] = [:]
        for role in Role.allCases {
            authorities[role] = try TUFAuthority(
                try roles.object(role.rawValue), role: role.name, keys: keys)
        }
        self.authorities = authorities
    }

    /// Who may sign a role.
    package func authority(_ role: Role) throws(TUFFault) -> TUFAuthority {
        guard let authority = authorities[role] else {
            throw .malformed("root", "names nobody for '\(role.rawValue)'")
        }
        return authority
    }

    /// Refuses a root that its own keys have not signed.
    package func checkOwnSignatures() throws(TUFFault) {
        try authority(.root).check(envelope)
    }
}
