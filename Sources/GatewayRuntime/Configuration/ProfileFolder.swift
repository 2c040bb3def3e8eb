import CANProfile
import GatewaySettings
import Glibc
import PackMap
import ProfileSet

/// A profile set's folder on disk.
///
/// A gateway runs on nothing but a ``ProfileStore``, which proves the whole set. The single maps and
/// profiles read here are for the desk: whoever writes a map decodes with it long before its set is
/// sealed.
package struct ProfileFolder: Sendable {
    /// The folder of the set.
    package let path: String

    /// Names a folder; nothing is read yet.
    package init(path: String) { self.path = path }

    /// Every file by its path below the folder, and why others could not be read.
    ///
    /// Throws when the folder itself cannot be listed. Reads at most the files a set may have and
    /// one more, which is enough to refuse it.
    package func contents() throws(FileError) -> (files: [String: [UInt8]], unread: [SetFault]) {
        guard let names = Self.entries(path) else {
            throw unreadable
        }
        var files: [String: [UInt8]] = [:]
        var unread: [SetFault] = []
        var waiting = names.sorted().reversed().map { ($0, 1) }
        while let (name, depth) = waiting.popLast(), files.count <= SetLimits.files {
            let full = "\(path)/\(name)"
            switch Self.kind(of: full) {
            case S_IFDIR where depth < 4:
                let inner = Self.entries(full) ?? []
                waiting += inner.sorted().reversed().map { ("\(name)/\($0)", depth + 1) }
            case S_IFREG:
                do {
                    files[name] = try FileBytes.read(full, limit: SetLimits.fileBytes)
                } catch {
                    unread.append(SetFault(file: name, "cannot be read: \(error.reason)"))
                }
            default:
                unread.append(SetFault(file: name, "is neither a file nor a folder of a set"))
            }
        }
        return (files, unread)
    }

    /// Examines the folder; throws when it cannot be listed.
    package func examine() throws(FileError) -> SetExamination {
        let contents = try contents()
        return SetExamination(contents.files, unread: contents.unread, runtime: Version.semantic)
    }

    /// The pack map of a name; the error lists what the folder has when there is no such map.
    package func map(_ name: String) throws -> PackMap {
        guard let bytes = try bytes(.map(name)) else {
            throw ProfileStoreError(missing: "pack map", name, in: path, have: names.maps)
        }
        return try Engines.map(bytes, id: name) { try? self.bytes(.map($0)) }
    }

    /// The inverter profile of a name with quirks switched on; the error lists what the folder has
    /// when there is none.
    package func profile(_ name: String, quirks: [String] = []) throws -> CANProfile {
        guard try bytes(.profile(name)) != nil else {
            throw ProfileStoreError(
                missing: "inverter profile", name, in: path, have: names.profiles)
        }
        return try Engines.profile(id: name, quirks: quirks) { try? self.bytes($0) }
    }

    /// The frames of other battery families; none without a `foreign.json`.
    package func foreign() throws -> ForeignFrames {
        guard let bytes = try bytes(.foreign) else { return ForeignFrames() }
        return try Engines.foreign(bytes)
    }

    /// The names of maps and profiles by their files, sorted; nothing is loaded.
    package var names: (maps: [String], profiles: [String]) {
        let maps = (Self.entries("\(path)/packs") ?? []).filter { $0.hasSuffix(".json") }
            .map { String($0.dropLast(5)) }
        let profiles = (Self.entries("\(path)/inverters") ?? []).filter {
            access("\(path)/inverters/\($0)/profile.json", R_OK) == 0
        }
        return (maps.sorted(), profiles.sorted())
    }

    /// The bytes at a place of the set, or nil when there is no such file.
    private func bytes(_ place: SetPath) throws(FileError) -> [UInt8]? {
        guard access(path, R_OK | X_OK) == 0 else { throw unreadable }
        let file = "\(path)/\(place.path)"
        guard SetPath(place.path) != nil, access(file, F_OK) == 0 else { return nil }
        return try FileBytes.read(file, limit: SetLimits.fileBytes)
    }

    /// Why the folder cannot be read, by `errno`; and what to do when nobody has named one.
    private var unreadable: FileError {
        let reason = String(cString: strerror(errno))
        let advice =
            "; no profile set is installed here, name the folder of one with --profiles, "
            + "in a configuration with path below [profiles]"
        return FileError(
            path: path,
            reason: path == GatewayConfiguration.installedProfiles ? reason + advice : reason)
    }

    private static func kind(of path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
    }

    /// Every name in a folder; nil when it cannot be opened.
    private static func entries(_ folder: String) -> [String]? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
