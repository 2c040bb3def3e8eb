import CertificateAuthority
import TUF

/// What one gateway shall install from now on.
package struct AssignmentChange: Sendable {
    /// The gateway's id.
    package var gateway: String
    /// The document; nil takes back the one before.
    package var document: [UInt8]?

    /// Joins both.
    package init(gateway: String, document: [UInt8]?) {
        self.gateway = gateway
        self.document = document
    }

    /// Under which path the gateway looks for it.
    package static func path(_ gateway: String) -> TUFName {
        TUFName("assignments/\(gateway).json")
    }
}

/// What a publication did.
package struct PublishReport: Hashable, Sendable {
    /// The version of the root that is published now.
    package let root: Int64
    /// The version of the list of sets.
    package let targets: Int64
    /// The version of the snapshot.
    package let snapshot: Int64
    /// The version of the timestamp.
    package let timestamp: Int64
    /// How many bins of assignments were signed anew.
    package let bins: Int
}

extension ProfileRepository {
    /// Publishes drafts and changed assignments, and renews snapshot and timestamp.
    ///
    /// Without `drafts` those wait, however well signed they are. Throws
    /// ``RepositoryError/unsigned(_:)`` when a draft lacks signatures, and changes nothing then.
    @discardableResult
    package func publish(
        _ changes: [AssignmentChange] = [], drafts wanted: Bool = true, now: TUFTime
    ) throws -> PublishReport {
        let old = try edition()
        let drafts = wanted ? try drafts() : Drafts()
        if wanted {
            let lacking = try lacking()
            guard lacking.isEmpty else { throw RepositoryError.unsigned(lacking) }
        }
        guard let root = drafts.root ?? old.root, let targets = drafts.targets ?? old.targets else {
            throw RepositoryError.request("nothing is published yet: sign the drafts and publish")
        }
        try Self.checkFollows(drafts.root?.envelope, old.root?.envelope)
        try Self.checkFollows(drafts.targets?.envelope, old.targets?.envelope)
        let writer = try EditionWriter(file("published"))
        defer { writer.close() }
        if drafts.targets != nil { try publishSets(writer) }
        let report = try Publication(
            repository: self, old: old, root: root, isNewRoot: drafts.root != nil,
            targets: targets, now: now
        ).run(changes, writer)
        for name in ["root", "targets"] where wanted {
            try DurableFile.remove(file("draft/\(name).json"))
        }
        if wanted { try forgetUnusedKeys() }
        return report
    }

    /// Refuses a draft that was made of something else than what is published.
    ///
    /// The draft itself may be published already, when a publication was cut short.
    private static func checkFollows(_ draft: TUFEnvelope?, _ old: TUFEnvelope?) throws {
        guard let draft else { return }
        let last = old?.version ?? 0
        guard draft.version == last + 1 || draft.bytes == old?.bytes else {
            throw RepositoryError.content(
                "the draft of '\(draft.role)' has version \(draft.version), expected \(last + 1): "
                    + "something else was published meanwhile")
        }
    }

    /// Renews snapshot and timestamp, and assignments, when less than half of a life is left; gives
    /// whether that was so.
    ///
    /// Files that nothing names any more go when they are a day old: gateways may be fetching them.
    @discardableResult
    package func renewIfDue(now: TUFTime) throws -> Bool {
        let edition = try edition()
        guard let timestamp = edition.timestamp, let snapshot = edition.snapshot else {
            return false
        }
        func isOld(_ envelope: TUFEnvelope, _ life: Lifetime) -> Bool {
            envelope.expires.seconds - now.seconds < life.seconds / 2
        }
        let isDue =
            isOld(timestamp.envelope, lives.timestamp) || isOld(snapshot.envelope, lives.snapshot)
            || edition.assignments.map { isOld($0.envelope, lives.assignments) } ?? true
        guard isDue else { return false }
        try publish(drafts: false, now: now)
        try prune(now: now)
        return true
    }

    /// Puts the archives that the draft lists where gateways fetch them.
    private func publishSets(_ writer: EditionWriter) throws {
        let folder = file("draft/sets")
        for name in try DurableFile.names(in: folder) where name.hasSuffix(".tar") {
            let bytes = try DurableFile.read("\(folder)/\(name)", limit: 64 << 20)
            let target = TUFTarget(path: TUFName("sets/\(name)"), bytes: bytes)
            try writer.write(bytes, "targets/" + target.location(hasConsistentSnapshots: true))
        }
        try writer.settle()
        for name in try DurableFile.names(in: folder) {
            try DurableFile.remove("\(folder)/\(name)")
        }
    }

    /// Removes keys that neither the published root and targets nor a draft name.
    private func forgetUnusedKeys() throws {
        let edition = try edition()
        var ids: Set<TUFName> = []
        for role in [TUFRoot.Role.snapshot, .timestamp] {
            ids.formUnion(try edition.root?.authority(role).keyIDs ?? [])
        }
        for delegation in edition.targets?.delegations ?? [] {
            ids.formUnion(delegation.authority.keyIDs)
        }
        try online.keep(ids)
    }
}
