import GatewaySettings
import ProfileSet

/// The sets in this gateway's folder, and which of them runs.
///
/// ```
/// sets/<name>-<sha256>/…   one folder for each set, named by its content and never changed
/// current  -> sets/…       the set that runs; without it the one that the gateway was installed with
/// previous -> sets/…       the one before
/// incoming/                what is on its way; emptied at each start
/// trash/                   what is on its way out; emptied at each start
/// state                    what the agent remembers
/// consent                  the owner's word, written beside a running gateway and only read here
/// metadata/                what the repository's signatures vouch for
/// lock, consent.lock       held by whoever changes the sets, or the owner's word (``UpdateLock``)
/// ```
///
/// A folder below `sets` is whole: it gets its name only when every file and every folder in it has been
/// brought to the disk. Who reads a set asks for the link once and then goes to the folder itself, so
/// that no reader ever has files of two sets.
package struct InstalledSets: Sendable {
    private static let record = "state"

    /// Where everything lies.
    package let folder: UpdateFolder

    /// Opens nothing; the folder may be missing.
    package init(_ folder: UpdateFolder) { self.folder = folder }

    /// Makes the folders.
    package func make() throws(UpdateError) {
        try folder.make()
        for name in ["sets", "incoming", "trash"] { try folder.makeFolder(name) }
    }

    /// Removes what an earlier program left behind.
    package func sweep() throws(UpdateError) {
        for place in ["incoming", "trash"] {
            for name in folder.names(in: place) { try folder.removeTree("\(place)/\(name)") }
        }
        // and no draft of others, such as the owner's word
        for name in [Self.record, "current", "previous"] { try folder.remove("\(name).new") }
    }

    // MARK: which set runs

    /// The set that a link leads to, such as `sets/base-…`; nil when it leads to none.
    private func place(_ link: String) -> String? {
        guard let goal = folder.goal(of: link), goal.hasPrefix("sets/"),
            !goal.dropFirst(5).utf8.contains(UInt8(ascii: "/")),
            Self.sha256(of: goal) != nil, folder.isFolder(goal)
        else { return nil }
        return goal
    }

    /// The set that runs from the next start on; nil is the one that the gateway was installed with.
    package var current: String? { place("current") }

    /// The set before it.
    package var previous: String? { place("previous") }

    /// Whether a set is here whole.
    package func has(_ assignment: Assignment) -> Bool {
        folder.isFolder("sets/\(assignment.place)")
    }

    /// The hash of the archive that a set came in.
    package static func sha256(of place: String?) -> String? {
        place.map { String($0.suffix(64)) }.flatMap { Fingerprint.isHex($0) ? $0 : nil }
    }

    /// Lets the next start run a set, and remembers which one ran before.
    package func activate(_ place: String, before: String?) throws(UpdateError) {
        if let before {
            try folder.link("previous", to: before)
        } else {
            try folder.remove("previous")
        }
        try folder.link("current", to: place)
    }

    /// Lets the next start run the set before.
    package func goBack(to before: String?) throws(UpdateError) {
        if let before {
            try folder.link("current", to: before)
        } else {
            try folder.remove("current")
        }
    }

    // MARK: coming and going

    /// Keeps an archive that has come, until its set is unpacked.
    package func keep(archive bytes: [UInt8], _ assignment: Assignment) throws(UpdateError) {
        let name = "incoming/\(assignment.sha256).tar"
        try folder.removeTree(name)
        try folder.writeDraft(name, bytes)
        try folder.sync("incoming")
    }

    /// The archive that has come; nil when it is not here.
    package func archive(_ assignment: Assignment) -> [UInt8]? {
        try? FileBytes.read(
            folder.file("incoming/\(assignment.sha256).tar"), limit: SetArchive.mostBytes)
    }

    /// Makes the folder of a set: files, folders from below, then the name.
    package func install(
        _ files: [String: [UInt8]], _ assignment: Assignment
    ) throws(UpdateError) {
        if has(assignment) { return }
        let draft = "incoming/\(assignment.place)"
        try folder.removeTree(draft)
        try folder.makeDraft(draft)
        var folders: Set<String> = [""]
        for path in files.keys.sorted() {
            let parts = path.split(separator: "/").dropLast()
            for depth in parts.indices {
                let name = parts[...depth].joined(separator: "/")
                if folders.insert(name).inserted { try folder.makeDraft("\(draft)/\(name)") }
            }
            try folder.writeDraft("\(draft)/\(path)", files[path] ?? [])
        }
        for name in folders.sorted().reversed() {
            try folder.sync(name.isEmpty ? draft : "\(draft)/\(name)")
        }
        try folder.rename(draft, "sets/\(assignment.place)")
        try folder.remove("incoming/\(assignment.sha256).tar")
    }

    /// Removes sets that nobody needs: not the one that runs, the one before, or those named.
    package func prune(keeping others: [String]) throws(UpdateError) {
        let kept = Set([current, previous].compactMap { $0 } + others)
        for name in folder.names(in: "sets") where !kept.contains("sets/\(name)") {
            try folder.removeTree("trash/\(name)")
            try folder.rename("sets/\(name)", "trash/\(name)")
            try folder.removeTree("trash/\(name)")
        }
    }

    // MARK: what is remembered

    /// What was remembered; nil when nothing was, or it is not whole.
    package func read() -> UpdateRecord? {
        guard let bytes = try? FileBytes.read(folder.file(Self.record), limit: 1 << 20) else {
            return nil
        }
        return UpdateRecord(fileBytes: bytes)
    }

    /// Remembers.
    package func write(_ record: UpdateRecord) throws(UpdateError) {
        try folder.replace(Self.record, record.fileBytes)
    }
}

extension InstalledSets {
    /// The place of the set with a hash, such as `sets/base-…`; nil when it is not here.
    static func place(running sha256: String?, among sets: InstalledSets) -> String? {
        guard let sha256 else { return nil }
        return sets.folder.names(in: "sets").first { $0.hasSuffix("-\(sha256)") }.map {
            "sets/\($0)"
        }
    }
}
