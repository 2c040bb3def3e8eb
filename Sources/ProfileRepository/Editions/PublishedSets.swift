import CertificateAuthority
import ProfileSet
import TUF

/// A set that gateways can fetch: what the signed list of sets says, and the set itself agrees.
package struct PublishedSet: Hashable, Sendable {
    /// Its name, its version and the release counter, from 1.
    package let set: String, version: SemanticVersion, release: Int
    /// SHA-256 of its archive, 64 lower-case hex digits, and the archive's length in bytes.
    package let sha256: String, length: Int
    /// The oldest gateway that can read it.
    package let leastRuntime: SemanticVersion
    /// The models it is for; empty is any.
    package let hardware: [String]
}

/// A set that the signed list names, and that no gateway can have as its archive lies there.
package struct DamagedSet: Error, Hashable, Sendable {
    /// What is wrong with the archive.
    package enum Damage: String, Hashable, Sendable, CaseIterable {
        /// It is not there or cannot be read.
        case unreadable = "archive_unreadable"
        /// Its bytes are not those that were signed.
        case changed = "archive_changed"
        /// It is another set than the list says.
        case other = "archive_of_another_set"
    }

    /// Its name, its version and its release counter as the list says.
    package let set: String, version: SemanticVersion, release: Int64
    package let damage: Damage
    /// What was expected and found, without the places of files.
    package let detail: String
    /// The sentence for whoever looks after the repository.
    package let words: String
}

extension ProfileRepository {
    /// Reads a set as gateways get it; without a version the one with the highest release counter.
    ///
    /// What is published is verified first as a gateway does it, from the first root on. Throws
    /// ``RepositoryError`` when nothing is published, what is published would be refused, the set is not
    /// among it, or a draft is about to take it away.
    package func publishedSet(
        _ set: String, _ version: SemanticVersion? = nil, now: TUFTime
    ) throws -> PublishedSet {
        let published = try verifiedTargets(now: now)
        let entries = published.targets.values.compactMap(SetEntry.init)
        let wanted = entries.filter { $0.set == set && (version == nil || $0.version == version) }
        guard let entry = wanted.max(by: { $0.release < $1.release }) else {
            throw try notPublished(set, version, among: entries)
        }
        if let draft = try drafts().targets, draft.targets[entry.target.path] == nil {
            throw RepositoryError.request(
                "'\(entry.title)' is to be removed from '\(path)' by a draft; it is not given out any more"
            )
        }
        do {
            return try examine(entry)
        } catch {
            throw RepositoryError.content(error.words)
        }
    }

    /// All sets as gateways get them, and apart those that are damaged; in no order, without those that a draft is
    /// about to take away.
    ///
    /// Throws as `publishedSet` when the signed list itself would be refused; where nothing is published yet,
    /// there are none.
    package func publishedSets(
        now: TUFTime
    ) throws -> (whole: [PublishedSet], damaged: [DamagedSet]) {
        guard try edition().timestamp != nil else { return ([], []) }
        let draft = try drafts().targets
        var (whole, damaged) = ([PublishedSet](), [DamagedSet]())
        for entry in try verifiedTargets(now: now).targets.values.compactMap(SetEntry.init)
        where draft.map({ $0.targets[entry.target.path] != nil }) ?? true {
            do {
                whole.append(try examine(entry))
            } catch {
                damaged.append(error)
            }
        }
        return (whole, damaged)
    }

    /// The list of sets that gateways believe now.
    private func verifiedTargets(now: TUFTime) throws -> TUFTargets {
        let edition = try edition()
        guard let timestamp = edition.timestamp, let snapshot = edition.snapshot,
            let targets = edition.targets
        else {
            throw RepositoryError.request(
                "nothing is published in '\(path)' yet: sign the drafts and publish")
        }
        let versions = try DurableFile.names(in: file("published/metadata"))
            .filter { $0.hasSuffix(".root.json") }
            .compactMap { Int64($0.dropLast(".root.json".count)) }.sorted()
        do {
            var trusted: TrustedMetadata?
            for version in versions {
                let root = try DurableFile.read(metadata("\(version).root.json"))
                if trusted == nil {
                    trusted = try TrustedMetadata(root: root, start: now)
                } else {
                    try trusted?.takeRoot(root)
                }
            }
            _ = try trusted?.takeTimestamp(timestamp.envelope.bytes)
            try trusted?.takeSnapshot(snapshot.envelope.bytes)
            try trusted?.takeTargets(targets.envelope.bytes)
        } catch let fault as TUFFault {
            throw RepositoryError.content(
                "gateways refuse what is published in '\(path)': \(fault)")
        }
        return targets
    }

    private func notPublished(
        _ set: String, _ version: SemanticVersion?, among entries: [SetEntry]
    ) throws -> RepositoryError {
        let title = version.map { "\(set) \($0)" } ?? set
        let drafted = try drafts().targets?.targets.values.compactMap(SetEntry.init) ?? []
        if drafted.contains(where: { $0.set == set && (version == nil || $0.version == version) }) {
            let lacking = try lacking()
            let step = lacking.isEmpty ? "publish it first" : lacking.joined(separator: "; ")
            return .request("'\(title)' is a draft in '\(path)' and not published: \(step)")
        }
        let names = entries.sorted { ($0.set, $0.release) < ($1.set, $1.release) }
            .map { "'\($0.title)'" }
        let others = names.isEmpty ? "no set" : names.joined(separator: ", ")
        return .request("'\(title)' is not published in '\(path)', which has \(others)")
    }

    /// Reads the archive behind an entry, and compares what both say.
    private func examine(_ entry: SetEntry) throws(DamagedSet) -> PublishedSet {
        func damaged(_ damage: DamagedSet.Damage, _ detail: String, _ words: String) -> DamagedSet {
            DamagedSet(
                set: entry.set, version: entry.version, release: entry.release, damage: damage,
                detail: detail, words: words)
        }
        let place = entry.target.location(hasConsistentSnapshots: true)
        let archive: [UInt8]
        do {
            archive = try DurableFile.read(
                file("published/targets/\(place)"), limit: SetArchive.mostBytes)
        } catch {
            throw damaged(
                .unreadable, "the archive cannot be read",
                "the archive of '\(entry.title)' in '\(path)' cannot be read: \(error)")
        }
        let manifest: SetManifest?
        do {
            try entry.target.check(archive)
            manifest = SetManifest.peek(try SetArchive.unpack(archive, name: entry.title))
        } catch {
            throw damaged(
                .changed, "the archive is not what was signed: \(error)",
                "the archive of '\(entry.title)' in '\(path)' is not what was signed: \(error)")
        }
        guard let manifest, manifest.id == entry.set, manifest.version == entry.version,
            Int64(manifest.release) == entry.release,
            let sha256 = entry.target.hashes["sha256"]
        else {
            let found =
                manifest.map { "'\($0.id) \($0.version), release \($0.release)'" }
                ?? "nothing that can be read"
            let title = "'\(entry.title)', release \(entry.release),"
            throw damaged(
                .other, "the archive says that it is \(found)",
                "the archive of \(title) in '\(path)' says that it is \(found)")
        }
        return PublishedSet(
            set: manifest.id, version: manifest.version, release: manifest.release, sha256: sha256,
            length: archive.count, leastRuntime: manifest.leastRuntime, hardware: manifest.hardware)
    }
}

/// A set as the list of sets names it.
struct SetEntry {
    let target: TUFTarget
    let set: String
    let version: SemanticVersion
    let release: Int64

    /// Reads the entry; nil when the target is no set that was added here.
    init?(_ target: TUFTarget) {
        guard let set = target.custom?.text("set"),
            let version = target.custom?.text("version").flatMap({ SemanticVersion($0) }),
            let release = target.custom?.integer("release")
        else { return nil }
        (self.target, self.set, self.version, self.release) = (target, set, version, release)
    }

    /// `base 1.4.0`.
    var title: String { "\(set) \(version)" }
}
