/// The maps and the profile a gateway runs on, out of a set that holds many more.
///
/// A gateway must start although a map that nobody here uses was damaged on its disk, and it must not
/// spend its first second on a small board with the proofs of thirty families of packs.
package struct SetPart: Hashable, Sendable {
    /// Pack maps by id.
    package let maps: [String]
    /// Inverter profiles by id.
    package let profiles: [String]

    /// Names what is used.
    package init(maps: [String], profiles: [String]) {
        (self.maps, self.profiles) = (maps, profiles)
    }

    /// The paths of what is used, of what that extends and of the vectors of both, `set.json` and
    /// `foreign.json` included.
    func paths(in files: [String: [UInt8]]) -> Set<String> {
        var paths: Set<String> = [SetPath.manifest.path, SetPath.foreign.path]
        for id in Self.closure(maps, files, SetPath.map) {
            paths.formUnion([SetPath.map(id).path, SetPath.mapVectors(id).path])
        }
        for id in Self.closure(profiles, files, SetPath.profile) {
            let places = [SetPath.profile(id), .layout(id), .profileVectors(id)]
            paths.formUnion(places.map(\.path))
        }
        return paths
    }

    /// One hash of the documents and layouts of the part with all that they extend; vectors do not count.
    ///
    /// Equal hashes are spoken and read alike.
    func fingerprint(in files: [String: [UInt8]]) -> String {
        var paths = Self.closure(maps, files, SetPath.map).map { SetPath.map($0).path }
        for id in Self.closure(profiles, files, SetPath.profile) {
            paths += [SetPath.profile(id).path, SetPath.layout(id).path]
        }
        var text = ""
        for path in paths.sorted() {
            text += "\(path) \(files[path].map(Fingerprint.hex) ?? "none")\n"
        }
        return Fingerprint.hex(Array(text.utf8))
    }

    /// The ids and those of what they extend.
    private static func closure(
        _ ids: [String], _ files: [String: [UInt8]], _ place: (String) -> SetPath
    ) -> Set<String> {
        var found: Set<String> = []
        var waiting = ids
        while let id = waiting.popLast() {
            guard found.insert(id).inserted, let bytes = files[place(id).path] else { continue }
            if let base = Engines.base(of: bytes) { waiting.append(base) }
        }
        return found
    }
}
