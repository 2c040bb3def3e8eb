import CertificateAuthority
import TUF

/// Which keys come and go.
package struct Rotation {
    /// Keys that may sign a role from then on.
    package var added: [TUFRoot.Role: [TUFKey]] = [:]
    /// Ids of keys that may not any more; the first digits are enough.
    package var removed: [TUFRoot.Role: [String]] = [:]
    /// How many must sign.
    package var thresholds: [TUFRoot.Role: Int] = [:]
    /// Roles for which the fleet makes itself a new key in place of the old one.
    package var renewed: Set<TUFRoot.Role> = []
    /// Whether the list of sets gets a new life.
    package var renewsTargets = false
    /// Whether it makes itself a new key for assignments.
    package var renewsAssignments = false

    /// Nothing.
    package init() {}

    /// Whether other keys may sign the list of sets.
    var changesTargets: Bool {
        added[.targets] != nil || removed[.targets] != nil || thresholds[.targets] != nil
    }

    /// Whether only the list of sets is drafted, and no root.
    var isAboutTargetsAlone: Bool {
        (renewsTargets || renewsAssignments) && added.isEmpty && removed.isEmpty
            && thresholds.isEmpty && renewed.isEmpty
    }
}

extension ProfileRepository {
    /// Drafts the root, and for assignments the targets, that a change of keys needs.
    ///
    /// With no change at all the next root is the present one with a new life.
    package func rotate(_ rotation: Rotation, now: TUFTime) throws {
        let (edition, drafts) = (try edition(), try drafts())
        guard let published = edition.root, let targets = drafts.targets ?? edition.targets else {
            throw RepositoryError.request("nothing is published yet: sign the drafts and publish")
        }
        if rotation.renewsAssignments || rotation.renewsTargets || rotation.changesTargets {
            var delegations = targets.delegations
            if rotation.renewsAssignments {
                delegations.removeAll { $0.authority.role == Self.assignments }
                delegations.append(Self.delegation(to: try online.make()))
            }
            try draftTargets(
                Array(targets.targets.values), delegations: delegations, now: now)
        }
        if rotation.isAboutTargetsAlone { return }
        let base = drafts.root ?? published
        var authorities: [TUFAuthority] = []
        for role in TUFRoot.Role.allCases {
            authorities.append(try Self.changed(try base.authority(role), role, rotation, online))
        }
        let root = TUFDraft.root(
            version: published.envelope.version + 1, expires: now.after(lives.root), authorities)
        try DurableFile.write(root.bytes, to: file("draft/root.json"))
    }

    private static func changed(
        _ authority: TUFAuthority, _ role: TUFRoot.Role, _ rotation: Rotation, _ online: OnlineKeys
    ) throws -> TUFAuthority {
        var keys = authority.keys
        if rotation.renewed.contains(role) { keys = [try online.make()] }
        for start in rotation.removed[role] ?? [] {
            let matching = keys.filter { $0.id.text.hasPrefix(start) }
            guard matching.count == 1, let gone = matching.first else {
                throw RepositoryError.request(
                    "\(matching.count) keys of '\(role.rawValue)' begin with '\(start)', expected 1"
                )
            }
            keys.removeAll { $0.id == gone.id }
        }
        for key in rotation.added[role] ?? [] where !keys.contains(where: { $0.id == key.id }) {
            keys.append(key)
        }
        let threshold = rotation.thresholds[role] ?? Int(clamping: authority.threshold)
        guard (1...max(1, keys.count)).contains(threshold), !keys.isEmpty else {
            throw RepositoryError.request(
                "'\(role.rawValue)' would need \(threshold) keys to sign, and would have \(keys.count)"
            )
        }
        return TUFAuthority(role: role.name, keys: keys, threshold: threshold)
    }
}
