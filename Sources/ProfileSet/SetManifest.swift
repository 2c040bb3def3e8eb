import StrictJSON

/// `set.json`: what a set is called, who can read it, and the hash of every other file.
package struct SetManifest: Sendable {
    /// The format this code reads and writes.
    package static var format: Int { 1 }

    /// One file of the set.
    package struct Entry: Hashable, Sendable {
        /// SHA-256, 64 lower-case hex digits.
        package var sha256: String
        /// Its length.
        package var bytes: Int
        /// The line of `set.json`, from 1; 0 when it was just made.
        package var line = 0

        /// The entry of a file with this content.
        package init(of content: [UInt8]) {
            sha256 = Fingerprint.hex(content)
            bytes = content.count
        }

        /// An entry as a document has it.
        init(sha256: String, bytes: Int, line: Int) {
            (self.sha256, self.bytes, self.line) = (sha256, bytes, line)
        }
    }

    /// The name of the set: `base`.
    package var id: String
    /// The version for people.
    package var version: SemanticVersion
    /// Counts up with every release, from 1; a gateway never goes back by itself.
    package var release: Int
    /// The oldest gateway that can read it.
    package var leastRuntime: SemanticVersion
    /// The models of the machines it is for; empty is any.
    package var hardware: [String]
    /// Every file of the set except `set.json`, by path.
    package var files: [String: Entry]
}

extension SetManifest {
    /// Reads `set.json`; faults go to the list, and what is wrong reads as something harmless.
    static func read(_ bytes: [UInt8], faults: FaultList) -> SetManifest? {
        guard var root = JSONSection(parsing: bytes, faults: faults) else { return nil }
        _ = root.word("schema", [("amphora/profile-set/v1", true)])
        let id = root.requiredString("id")
        if !id.isEmpty, !SetPath.isPlain(id) {
            root.fault("id", "is '\(id)', allowed up to 64 of a…z 0…9 . _ -")
        }
        let version = readVersion("version", &root)
        let release = root.requiredInteger("release", in: 1...1_000_000_000) ?? 1
        if let format = root.requiredInteger("format", in: 1...1_000_000), format != Self.format {
            root.fault("format", "is \(format), this gateway reads \(Self.format)")
        }
        let least = readVersion("least_runtime", &root)
        let hardware = root.strings("hardware")
        if hardware.contains("") || Set(hardware).count < hardware.count {
            root.fault("hardware", "names a machine twice or without a name")
        }
        let files = readFiles(&root)
        let seal = root.requiredString("seal")
        root.finish()
        guard let version, let least else { return nil }
        let manifest = SetManifest(
            id: id, version: version, release: release, leastRuntime: least, hardware: hardware,
            files: files)
        if faults.faults.isEmpty, seal != manifest.seal {
            root.fault("seal", "does not fit the rest of set.json, which was changed after sealing")
        }
        return manifest
    }

    private static func readVersion(_ key: String, _ root: inout JSONSection) -> SemanticVersion? {
        let text = root.requiredString(key)
        if text.isEmpty { return nil }
        let version = SemanticVersion(text)
        if version == nil {
            root.fault(key, "is '\(text)', expected three numbers such as '1.4.0'")
        }
        return version
    }

    private static func readFiles(_ root: inout JSONSection) -> [String: Entry] {
        guard var section = root.section("files") else {
            root.fault("files", "is missing, expected every file of the set")
            return [:]
        }
        var files: [String: Entry] = [:]
        for path in section.names() {
            guard var entry = section.section(path) else { continue }
            if path == SetPath.manifest.path { section.fault(path, "lists itself") }
            let hash = entry.requiredString("sha256")
            if !hash.isEmpty, !Fingerprint.isHex(hash) {
                entry.fault("sha256", "is no SHA-256, expected 64 lower-case hex digits")
            }
            let bytes = entry.requiredInteger("bytes", in: 0...SetLimits.fileBytes) ?? 0
            entry.finish()
            files[path] = Entry(sha256: hash, bytes: bytes, line: entry.line)
        }
        return files
    }
}

/// What a set may hold, so that a wrong one cannot fill a small board.
package enum SetLimits {
    /// The largest file, 4 MB.
    package static var fileBytes: Int { 4 << 20 }
    /// The most files.
    package static var files: Int { 400 }
}

extension SetManifest {
    /// What `set.json` among these files says, seal and all; nil when it is missing or has a fault.
    ///
    /// For who has to know what a set calls itself before proving it.
    package static func peek(_ files: [String: [UInt8]]) -> SetManifest? {
        guard let bytes = files[SetPath.manifest.path] else { return nil }
        let faults = FaultList()
        let manifest = read(bytes, faults: faults)
        return faults.faults.isEmpty ? manifest : nil
    }
}
