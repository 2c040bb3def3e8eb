import GatewaySettings

/// The machine the gateway runs on.
package enum Machine {
    /// What it calls itself, or `generic` where nothing says so, as on a PC.
    package static let model = model(at: "/proc/device-tree/model")

    /// The text of a device tree's property, which ends with a zero.
    static func model(at path: String) -> String {
        guard let bytes = try? FileBytes.read(path, limit: 256) else { return "generic" }
        let text = String(decoding: bytes.prefix { $0 != 0 && $0 != 0x0A }, as: UTF8.self)
        return text.isEmpty ? "generic" : text
    }
}
