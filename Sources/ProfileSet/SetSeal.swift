import StrictJSON

/// What a set is called when it is sealed; nil keeps what `set.json` says.
package struct SealRequest: Sendable {
    /// The name of the set.
    package var id: String?
    /// The version for people.
    package var version: SemanticVersion?
    /// The release counter.
    package var release: Int?
    /// The oldest gateway that can read the set.
    package var leastRuntime: SemanticVersion?

    /// Keeps everything.
    package init() {}
}

extension SetManifest {
    /// The manifest of these files, with names and numbers of the old `set.json` unless asked anew.
    ///
    /// Without an old one `id` is what the request says or `fallback`, the version 1.0.0, the
    /// release 1 and the least runtime `runtime`. Throws the faults of an old one that cannot be read.
    package static func sealed(
        _ files: [String: [UInt8]], _ request: SealRequest, fallback: String,
        runtime: SemanticVersion
    ) throws(ProfileSetError) -> SetManifest {
        let old = try old(files, name: fallback)
        var manifest = SetManifest(
            id: request.id ?? old?.id ?? fallback,
            version: request.version ?? old?.version ?? SemanticVersion(1, 0, 0),
            release: request.release ?? old?.release ?? 1,
            leastRuntime: request.leastRuntime ?? old?.leastRuntime ?? runtime,
            hardware: old?.hardware ?? [], files: [:])
        for (path, content) in files where path != SetPath.manifest.path {
            manifest.files[path] = Entry(of: content)
        }
        return manifest
    }

    /// Hashes of the old document may be damaged, its names and numbers not.
    private static func old(
        _ files: [String: [UInt8]], name: String
    ) throws(ProfileSetError) -> SetManifest? {
        guard let bytes = files[SetPath.manifest.path] else { return nil }
        let faults = FaultList()
        let old = read(bytes, faults: faults)
        let serious = faults.faults.filter {
            !$0.message.hasPrefix("'files") && !$0.message.hasPrefix("'seal'")
        }
        guard serious.isEmpty else {
            throw ProfileSetError(
                name: name,
                faults: serious.map {
                    SetFault(file: SetPath.manifest.path, line: $0.line, $0.message)
                })
        }
        return old
    }

    /// The document: members in a fixed order, files by path, one line each.
    package var document: String { document(seal: seal) }

    /// The SHA-256 of the document with an empty seal.
    ///
    /// The hashes prove the files, this one the names and numbers: a release counter with one wrong
    /// bit would lock a gateway out of every later release.
    var seal: String { Fingerprint.hex(Array(document(seal: "").utf8)) }

    private func document(seal: String) -> String {
        let boards = hardware.map(JSONItem.quoted).joined(separator: ", ")
        var text = """
            {
              "schema": "amphora/profile-set/v1",
              "id": \(JSONItem.quoted(id)),
              "version": "\(version)",
              "release": \(release),
              "format": \(Self.format),
              "least_runtime": "\(leastRuntime)",
              "hardware": [\(boards)],
              "files": {

            """
        let lines = files.sorted { $0.key < $1.key }.map { path, entry in
            "    \(JSONItem.quoted(path)): "
                + "{ \"sha256\": \"\(entry.sha256)\", \"bytes\": \(entry.bytes) }"
        }
        text += lines.joined(separator: ",\n")
        return text + "\n  },\n  \"seal\": \"\(seal)\"\n}\n"
    }
}
