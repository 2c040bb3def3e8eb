import Glibc

/// Which names a request may be addressed to.
///
/// A page from elsewhere can make its own name lead to an address of this network (DNS rebinding) and would then
/// be of the same origin as the gateway. It cannot do so with an address in figures, nor with a name that no
/// name server outside this network answers for.
package struct HostGuard: Sendable {
    private let names: Set<String>

    /// `names` are those that the installer has given the gateway.
    package init(names: [String] = []) { self.names = Set(names.map { $0.lowercased() }) }

    /// Whether the field `Host` of a request is one that is meant for this gateway.
    package func allows(_ field: String) -> Bool {
        guard let host = Self.host(field) else { return false }
        if Self.isAddress(host) || host == "localhost" { return true }
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        guard Self.isName(name) else { return false }
        return name.hasSuffix(".local") || name.hasSuffix(".lan") || names.contains(name)
    }

    /// Whether the field `Origin` of a request names the same place as its `Host`.
    package static func isSame(origin: String, host: String) -> Bool {
        let parts = origin.lowercased().split(
            separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "http" || parts[0] == "https" else { return false }
        return parts[1] == host.lowercased()
    }

    /// The field without its port and without brackets, in small letters; nil when it is no host.
    private static func host(_ field: String) -> String? {
        guard (1...255).contains(field.utf8.count), field.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else { return nil }
        let text = field.lowercased()
        if text.hasPrefix("[") {
            let inner = text.dropFirst().prefix { $0 != "]" }
            let rest = text.dropFirst(inner.utf8.count + 1)
            guard rest.hasPrefix("]"), isPort(rest.dropFirst()) else { return nil }
            return String(inner)
        }
        let host = text.prefix { $0 != ":" }
        guard isPort(text.dropFirst(host.utf8.count)) else { return nil }
        return String(host)
    }

    private static func isPort(_ text: Substring) -> Bool {
        if text.isEmpty { return true }
        return text.hasPrefix(":") && (2...6).contains(text.utf8.count)
            && text.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
                    || $0 == 0x2E
            }
    }

    /// Whether a text is an address in figures, of either kind.
    static func isAddress(_ text: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
    }
}
