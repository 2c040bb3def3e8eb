import GatewaySettings
import Glibc

/// The serial devices and CAN interfaces of this machine.
enum LocalPorts {
    /// Serial devices that can be adapters: stable names first, others only when no stable name leads
    /// to them.
    static func serialDevices(root: String = "/dev") -> [String] {
        let stable = entries("\(root)/serial/by-id").map { "\(root)/serial/by-id/\($0)" }
        let known = Set(stable.compactMap(resolve))
        let plain = entries(root).filter { name in
            ["ttyUSB", "ttyACM", "ttyAMA", "ttySC", "ttyRS"].contains { name.hasPrefix($0) }
        }.map { "\(root)/\($0)" }
        return stable.sorted() + plain.filter { !known.contains(resolve($0) ?? $0) }.sorted()
    }

    /// CAN interfaces: those of hardware type 280 (ARPHRD_CAN, `linux/if_arp.h`).
    static func canInterfaces(root: String = "/sys/class/net") -> [String] {
        entries(root).filter { name in
            let type = try? FileBytes.read("\(root)/\(name)/type", limit: 64)
            return type.map { String(decoding: $0, as: UTF8.self).hasPrefix("280") } ?? false
        }.sorted()
    }

    private static func resolve(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
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
