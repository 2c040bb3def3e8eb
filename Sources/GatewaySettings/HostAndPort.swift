/// A network endpoint such as `192.168.1.20:502`, `server.lan:502` or `[fe80::1]:502`.
package struct HostAndPort: Hashable, Sendable {
    /// The name or address, without brackets.
    package let host: String
    /// The port, 1…65535.
    package let port: UInt16

    /// Joins both.
    init(host: String, port: UInt16) { (self.host, self.port) = (host, port) }

    /// Reads `host:port`; nil when either is missing or the port is out of range.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }
}
