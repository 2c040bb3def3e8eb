import CANProfile
import Glibc
import PackMap

/// Loads pack maps and inverter profiles by name from a profile set's folder.
package struct ProfileStore: Sendable {
    /// The folder of the set.
    package let path: String

    /// Names a folder; nothing is read yet.
    package init(path: String) { self.path = path }

    /// The pack map of a name; the error lists what the folder has when there is no such map.
    package func map(_ name: String) throws -> PackMap {
        let file = "\(path)/packs/\(name).json"
        guard Self.isPlain(name), access(file, R_OK) == 0 else {
            throw missing("pack map", name, in: "packs", suffix: ".json")
        }
        return try PackMap.load(try FileBytes.read(file, limit: 1 << 20), name: name) { base in
            let file = "\(path)/packs/\(base).json"
            return Self.isPlain(base) ? try? FileBytes.read(file, limit: 1 << 20) : nil
        }
    }

    /// The inverter profile of a name with these quirks; the error lists what the folder has when
    /// there is none.
    package func profile(_ name: String, quirks: [String] = []) throws -> CANProfile {
        let folder = "\(path)/inverters/\(name)"
        guard Self.isPlain(name), access("\(folder)/profile.json", R_OK) == 0 else {
            throw missing("inverter profile", name, in: "inverters", suffix: "")
        }
        let files = try files(folder)
        return try CANProfile.load(
            profile: files.profile, layout: files.layout, name: name, quirks: quirks,
            resolve: { base in
                Self.isPlain(base) ? try? self.files("\(path)/inverters/\(base)") : nil
            })
    }

    /// A profile that extends another may have no layout of its own.
    private func files(_ folder: String) throws -> (profile: [UInt8], layout: [UInt8]) {
        let layout = "\(folder)/frames.dbc"
        return (
            try FileBytes.read("\(folder)/profile.json", limit: 1 << 20),
            access(layout, F_OK) == 0 ? try FileBytes.read(layout, limit: 4 << 20) : []
        )
    }

    /// Frames of other battery families; none when the set has no such list.
    package func foreign() throws -> ForeignFrames {
        let file = "\(path)/foreign.json"
        guard access(file, F_OK) == 0 else { return ForeignFrames() }
        return try ForeignFrames.load(
            try FileBytes.read(file, limit: 1 << 20), name: "foreign.json")
    }

    private func missing(
        _ kind: String, _ name: String, in folder: String, suffix: String
    ) -> ProfileStoreError {
        let names = Self.entries("\(path)/\(folder)").filter { $0.hasSuffix(suffix) }
            .map { String($0.dropLast(suffix.count)) }
        let have = names.isEmpty ? "nothing" : names.sorted().joined(separator: ", ")
        return ProfileStoreError(
            description: "no \(kind) '\(name)' in '\(path)/\(folder)', which has \(have)")
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".") && !name.utf8.contains(UInt8(ascii: "/"))
    }

    private static func entries(_ folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}

/// A map or profile that is not there.
package struct ProfileStoreError: Error, CustomStringConvertible {
    /// The sentence for the person who reads it.
    package let description: String
}
