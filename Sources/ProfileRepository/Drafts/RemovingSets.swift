import CertificateAuthority
import ProfileSet
import StrictJSON
import TUF

extension ProfileRepository {
    /// Takes a set out of the draft of targets: once that is published, no gateway can get it any more.
    ///
    /// Its version and its release counter are remembered, and never given to another set.
    package func remove(_ set: String, _ version: SemanticVersion, now: TUFTime) throws {
        let (edition, drafts) = (try edition(), try drafts())
        guard let known = drafts.targets ?? edition.targets else {
            throw RepositoryError.content("there are neither sets nor a draft")
        }
        let entries = known.targets.values.compactMap(SetEntry.init)
        guard let entry = entries.first(where: { $0.set == set && $0.version == version }) else {
            throw Self.unknown("\(set) \(version)", entries, edition)
        }
        if edition.targets?.targets[entry.target.path] != nil {
            try keepRemoved(removedSets() + [RemovedSet(entry)])
        }
        try draftTargets(
            known.targets.values.filter { $0.path != entry.target.path },
            delegations: known.delegations, now: now)
        let archive = entry.target.path.text.dropFirst("sets/".count)
        try DurableFile.remove(file("draft/sets/\(archive)"))
    }

    private static func unknown(
        _ title: String, _ entries: [SetEntry], _ edition: Edition
    ) -> RepositoryError {
        let published = edition.targets?.targets.values.compactMap(SetEntry.init) ?? []
        if published.contains(where: { $0.title == title }) {
            return .request("a draft removes '\(title)' already: sign it and publish")
        }
        let names = entries.map(\.title).sorted().map { "'\($0)'" }.joined(separator: ", ")
        return .request("there is no set '\(title)', known are \(names.isEmpty ? "none" : names)")
    }

    /// Sets that were published and removed.
    func removedSets() throws -> [RemovedSet] {
        let path = file("removed.json")
        guard DurableFile.exists(path) else { return [] }
        let bytes = try DurableFile.read(path, limit: 4 << 20)
        let item: JSONItem
        do throws(JSONError) {
            item = try JSONParser.parse(bytes, wholeNumbers: true)
        } catch {
            throw RepositoryError.content("'\(path)': \(error.message)")
        }
        guard case .array(let sets)? = item.member("sets")?.value else {
            throw RepositoryError.content("'\(path)' has no list 'sets'")
        }
        return try sets.map { set in
            guard let removed = RemovedSet(set) else {
                throw RepositoryError.content(
                    "'\(path)' line \(set.line) names no set with a version and a release counter")
            }
            return removed
        }
    }

    private func keepRemoved(_ sets: [RemovedSet]) throws {
        var known: [RemovedSet] = []
        for set in sets where !known.contains(set) { known.append(set) }
        let document = JSONItem.object([("sets", .list(known.map(\.item)))])
        try DurableFile.write(
            Array((document.canonicalText + "\n").utf8), to: file("removed.json"))
    }
}

/// A set that was published once and is given to nobody any more.
struct RemovedSet: Hashable {
    let set: String
    let version: SemanticVersion
    let release: Int64

    init(_ entry: SetEntry) {
        (set, version, release) = (entry.set, entry.version, entry.release)
    }

    /// Reads what `item` wrote.
    init?(_ item: JSONItem) {
        guard let set = item.text("set"), let release = item.integer("release"),
            let version = item.text("version").flatMap({ SemanticVersion($0) })
        else { return nil }
        (self.set, self.version, self.release) = (set, version, release)
    }

    var item: JSONItem {
        .object([
            ("set", .text(set)), ("version", .text("\(version)")), ("release", .integer(release)),
        ])
    }
}
