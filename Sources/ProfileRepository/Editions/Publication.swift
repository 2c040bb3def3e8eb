import CertificateAuthority
import CutPoints
import TUF

/// One publication: what is new is written below what is there, and named last.
struct Publication {
    let repository: ProfileRepository
    let old: Edition
    let root: TUFRoot
    let isNewRoot: Bool
    let targets: TUFTargets
    let now: TUFTime

    /// A piece of metadata that was made.
    private struct Piece {
        let role: TUFName
        let version: Int64
        let bytes: [UInt8]
    }

    /// Makes, checks and writes all of it.
    func run(_ changes: [AssignmentChange], _ writer: EditionWriter) throws -> PublishReport {
        let made = try AssignmentBins(repository, old: old, targets: targets, now: now)
            .make(changes, writer)
        var pieces = made.map { Piece(role: $0.role, version: $0.version, bytes: $0.bytes) }
        if targets.envelope.version != old.targets?.envelope.version {
            pieces.append(
                Piece(
                    role: "targets", version: targets.envelope.version,
                    bytes: targets.envelope.bytes))
        }
        let snapshot = try snapshot(versions(with: pieces))
        let timestamp = try timestamp(snapshot)
        try check(snapshot, timestamp)
        try write(pieces, snapshot, timestamp, writer)
        return PublishReport(
            root: root.envelope.version, targets: targets.envelope.version,
            snapshot: snapshot.envelope.version, timestamp: timestamp.envelope.version,
            bins: made.count { $0.role != ProfileRepository.assignments })
    }

    /// The order in which each file is there before another names it.
    private func write(
        _ pieces: [Piece], _ snapshot: TUFSnapshot, _ timestamp: TUFTimestamp,
        _ writer: EditionWriter
    ) throws {
        for piece in pieces {
            try writer.write(piece.bytes, "metadata/\(piece.version).\(piece.role.quoted).json")
        }
        try writer.write(
            snapshot.envelope.bytes, "metadata/\(snapshot.envelope.version).snapshot.json")
        try writer.settle()
        // from here on gateways see it
        try DurableFile.write(timestamp.envelope.bytes, to: repository.metadata("timestamp.json"))
        CutPoint.pass("edition-named")
        if isNewRoot {
            let name = "\(root.envelope.version).root.json"
            try DurableFile.write(root.envelope.bytes, to: repository.metadata(name))
        }
    }

    /// The version of every role: as before, unless it was made anew.
    private func versions(with pieces: [Piece]) -> [TUFName: Int64] {
        var versions: [TUFName: Int64] = [:]
        for (name, mark) in old.snapshot?.files ?? [:] {
            versions[TUFName(String(name.text.dropLast(".json".count)))] = mark.version
        }
        for piece in pieces { versions[piece.role] = piece.version }
        return versions
    }

    private func snapshot(_ versions: [TUFName: Int64]) throws -> TUFSnapshot {
        let list = versions.sorted { $0.key < $1.key }.map { (role: $0.key, version: $0.value) }
        let draft = TUFDraft.snapshot(
            version: (old.snapshot?.envelope.version ?? 0) + 1,
            expires: now.after(repository.lives.snapshot), list)
        return try TUFSnapshot(try draft.signed(by: try holders(.snapshot)).bytes)
    }

    private func timestamp(_ snapshot: TUFSnapshot) throws -> TUFTimestamp {
        let draft = TUFDraft.timestamp(
            version: (old.timestamp?.envelope.version ?? 0) + 1,
            expires: now.after(repository.lives.timestamp), snapshot: snapshot.envelope.bytes,
            snapshotVersion: snapshot.envelope.version)
        return try TUFTimestamp(try draft.signed(by: try holders(.timestamp)).bytes)
    }

    /// The fleet's keys for a role, of the old root and of the new one.
    private func holders(_ role: TUFRoot.Role) throws -> [TUFPrivateKey] {
        let roots = [old.root, root].compactMap(\.self)
        let keys = try roots.flatMap { try $0.authority(role).keys }
        let holders = try repository.online.holders(of: keys)
        guard !holders.isEmpty else {
            throw RepositoryError.content(
                "'\(repository.path)/online' has no key for '\(role.rawValue)'; give the fleet a new "
                    + "one with 'amphora-fleet profiles rotate'")
        }
        return holders
    }

    /// Reads the edition as gateways will, those that know the old root and those that know the new.
    private func check(_ snapshot: TUFSnapshot, _ timestamp: TUFTimestamp) throws {
        for (index, first) in [old.root, root].compactMap(\.self).enumerated() {
            // gateways that know only an expired root fetch the next one first
            if isNewRoot, index == 0, first.envelope.expires <= now { continue }
            var trusted = try TrustedMetadata(root: first.envelope.bytes, start: now)
            if let old = old.timestamp { try? trusted.recallTimestamp(old.envelope.bytes) }
            _ = try trusted.takeTimestamp(timestamp.envelope.bytes)
            // a gateway forgets the old snapshot when keys change
            if index == 0, let old = old.snapshot {
                _ = try? trusted.recallSnapshot(old.envelope.bytes)
            }
            try trusted.takeSnapshot(snapshot.envelope.bytes)
            try trusted.takeTargets(targets.envelope.bytes)
        }
    }
}
