/// What browsers write of the cookie of a session, and of the site that a request comes from.
package enum CookieField {
    /// The names of the cookie over TLS, where only this host can set it, and without.
    package static let (secureName, plainName) = ("__Host-amphora", "amphora")

    /// The token in the values of the fields `Cookie`; nil when there is none.
    package static func token(in fields: [String]) -> String? {
        var found: [String: String] = [:]
        for field in fields {
            // by bytes, for a mark behind a semicolon makes one character of both
            for part in field.utf8.split(separator: UInt8(ascii: ";")).prefix(64) {
                let pair = part.split(
                    separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false
                ).map(Substring.init)
                guard pair.count == 2 else { continue }
                let name = String(pair[0].drop { $0 == " " })
                // what came first stands for the narrower path
                if found[name] == nil { found[name] = String(pair[1]) }
            }
        }
        // the first of these can only have been set over TLS, by this host
        return found[secureName] ?? found[plainName]
    }

    /// Whether an origin such as `https://fleet.example:8443` is this host.
    package static func isHere(_ origin: String, host: String) -> Bool {
        for (scheme, port) in [("https://", ":443"), ("http://", ":80")]
        where origin.hasPrefix(scheme) && !host.isEmpty {
            let (found, host) = (origin.dropFirst(scheme.count).lowercased(), host.lowercased())
            return found == host || found + port == host || found == host + port
        }
        return false
    }
}
