import StrictJSON
import TUF

/// What stands in a repository, for people and programs.
package struct RepositoryStatus: Sendable {
    /// One role at the top.
    package struct Role: Sendable {
        /// Its name.
        package let name: TUFName
        /// Its version; 0 when it is not published.
        package let version: Int64
        /// Until when it is valid; nil when it is not published.
        package let expires: TUFTime?
        /// How many must sign, and the ids of those who may.
        package let threshold: Int64
        package let keys: [TUFName]
    }

    /// The roles at the top.
    package let roles: [Role]
    /// The sets that are published.
    package let sets: [TUFTarget]
    /// How many gateways have an assignment.
    package let assignments: Int
    /// Names of the drafts.
    package let drafts: [TUFName]
    /// What the drafts lack.
    package let lacking: [String]

    /// The document of `--json`.
    package var item: JSONItem {
        .object([
            (
                "roles",
                .list(
                    roles.map { role in
                        .object([
                            ("role", .text(role.name.text)), ("version", .integer(role.version)),
                            (
                                "expires",
                                role.expires.map { .text($0.description) }
                                    ?? JSONItem(value: .null, line: 0)
                            ),
                            ("threshold", .integer(role.threshold)),
                            ("keys", .list(role.keys.map { .text($0.text) })),
                        ])
                    })
            ),
            (
                "sets",
                .list(
                    sets.map { set in
                        .object([
                            ("path", .text(set.path.text)), ("length", .integer(set.length)),
                            ("sha256", .text(set.hashes["sha256"] ?? "")),
                            ("custom", set.custom ?? JSONItem(value: .null, line: 0)),
                        ])
                    })
            ),
            ("assignments", .integer(Int64(assignments))),
            ("drafts", .list(drafts.map { .text($0.text) })),
            ("lacking", .list(lacking.map { .text($0) })),
        ])
    }
}

extension ProfileRepository {
    /// Looks at everything.
    package func status() throws -> RepositoryStatus {
        let (edition, drafts) = (try edition(), try drafts())
        let envelopes: [TUFRoot.Role: TUFEnvelope?] = [
            .root: edition.root?.envelope, .timestamp: edition.timestamp?.envelope,
            .snapshot: edition.snapshot?.envelope, .targets: edition.targets?.envelope,
        ]
        let root = edition.root ?? drafts.root
        var roles: [RepositoryStatus.Role] = []
        for role in TUFRoot.Role.allCases {
            let authority = try root?.authority(role)
            let envelope = envelopes[role] ?? nil
            roles.append(
                RepositoryStatus.Role(
                    name: role.name, version: envelope?.version ?? 0, expires: envelope?.expires,
                    threshold: authority?.threshold ?? 0, keys: authority?.keyIDs ?? []))
        }
        var assignments = 0
        if let snapshot = edition.snapshot {
            for file in snapshot.files.keys where file.text.hasPrefix("assignments-") {
                let role = TUFName(String(file.text.dropLast(".json".count)))
                assignments += try Edition.role(role, snapshot, self)?.targets.count ?? 0
            }
        }
        return RepositoryStatus(
            roles: roles,
            sets: edition.targets.map { $0.targets.values.sorted { $0.path < $1.path } } ?? [],
            assignments: assignments,
            drafts: [drafts.root?.envelope.role, drafts.targets?.envelope.role].compactMap(\.self),
            lacking: try lacking())
    }
}
