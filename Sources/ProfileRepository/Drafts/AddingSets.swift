import CertificateAuthority
import ProfileSet
import StrictJSON
import TUF

extension ProfileRepository {
    /// What a set is called in the repository: `sets/base-1.0.0.tar`.
    package static func path(of manifest: SetManifest) -> TUFName {
        TUFName("sets/\(manifest.id)-\(manifest.version).tar")
    }

    /// Adds a set, given as its files by path, to the draft of targets; gives its entry.
    ///
    /// The set is examined as a gateway does it, with every vector; throws ``ProfileSetError`` with all
    /// faults. A version that was added before is never replaced, not even a removed one, and a release
    /// counter never goes back.
    package func add(
        _ files: [String: [UInt8]], unread: [SetFault], runtime: SemanticVersion, name: String,
        now: TUFTime
    ) throws -> TUFTarget {
        let set = try ProfileSet.load(files, unread: unread, runtime: runtime, name: name)
        let archive = try SetArchive.pack(files, name: name)
        let manifest = set.manifest
        let path = Self.path(of: manifest)
        let known = try drafts().targets ?? edition().targets
        guard let known else { throw RepositoryError.content("there are neither sets nor a draft") }
        if known.targets[path] != nil {
            throw RepositoryError.request(
                "'\(path)' is in the repository already; give the set another version")
        }
        let removed = try removedSets().filter { $0.set == manifest.id }
        if removed.contains(where: { $0.version == manifest.version }) {
            throw RepositoryError.request(
                "'\(path)' was in the repository and was removed; give the set another version")
        }
        let others =
            known.targets.values.compactMap(SetEntry.init).filter { $0.set == manifest.id }
            .map { (name: $0.target.path.text, release: $0.release) }
            + removed.map { (name: "\($0.set) \($0.version), removed", release: $0.release) }
        for other in others where Int64(manifest.release) <= other.release {
            throw RepositoryError.request(
                "the release counter of '\(manifest.id)' is \(manifest.release), and "
                    + "'\(other.name)' has \(other.release); expected a higher one")
        }
        let target = TUFTarget(path: path, bytes: archive, custom: Self.custom(manifest))
        let file = String(path.text.dropFirst("sets/".count))
        try DurableFile.write(archive, to: self.file("draft/sets/\(file)"))
        try draftTargets(
            Array(known.targets.values) + [target], delegations: known.delegations, now: now)
        return target
    }

    /// A new draft of targets, one version above what is published, without signatures.
    func draftTargets(
        _ targets: [TUFTarget], delegations: [TUFDelegation], now: TUFTime
    ) throws {
        let version = (try edition().targets?.envelope.version ?? 0) + 1
        let draft = TUFDraft.targets(
            version: version, expires: now.after(lives.targets),
            targets.sorted { $0.path < $1.path }, delegations: delegations)
        try DurableFile.write(draft.bytes, to: file("draft/targets.json"))
    }

    /// What a gateway wants to know of a set before it fetches it.
    private static func custom(_ manifest: SetManifest) -> JSONItem {
        .object([
            ("set", .text(manifest.id)), ("version", .text(manifest.version.description)),
            ("release", .integer(Int64(manifest.release))),
            ("format", .integer(Int64(SetManifest.format))),
            ("least_runtime", .text(manifest.leastRuntime.description)),
            ("hardware", .list(manifest.hardware.map { .text($0) })),
        ])
    }
}

extension JSONItem {
    /// The text of a member, or nil.
    func text(_ name: String) -> String? {
        if case .string(let text)? = member(name)?.value { text } else { nil }
    }

    /// The whole number of a member, or nil.
    func integer(_ name: String) -> Int64? {
        if case .number(let number)? = member(name)?.value { number.integer } else { nil }
    }
}
