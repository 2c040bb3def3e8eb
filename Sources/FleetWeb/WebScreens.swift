/// The addresses at which the app shows a screen; there are no others.
enum WebScreens {
    /// `{id}` stands for the id of a gateway, `{rollout}` for the name of a rollout, `{pack}` for the number of a pack.
    static let all = [
        "/", "/g/{id}", "/g/{id}/history", "/g/{id}/battery", "/g/{id}/battery/{pack}", "/alarms",
        "/more", "/sign-in", "/first-use", "/claim", "/guest", "/g/{id}/guests", "/data",
        "/g/{id}/diagnose", "/g/{id}/heat", "/g/{id}/report", "/fleet", "/causes", "/rollouts",
        "/rollouts/{rollout}", "/roll-out", "/gateway/{id}", "/audit", "/users",
    ]

    private static let patterns = all.map {
        $0.split(separator: "/", omittingEmptySubsequences: false)
    }

    /// Whether the app shows a screen at a path.
    static func contains(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return patterns.contains { pattern in
            pattern.count == parts.count
                && zip(pattern, parts).allSatisfy { expected, found in
                    switch expected {
                    case "{id}": isID(found)
                    case "{rollout}": isName(found)
                    case "{pack}":
                        (1...2).contains(found.utf8.count) && found.utf8.allSatisfy(isDigit)
                    default: expected == found
                    }
                }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isID(_ text: Substring) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { isDigit($0) || (0x61...0x7A).contains($0) || $0 == 0x2D }
    }

    /// As an id, with dots and low lines too.
    private static func isName(_ text: Substring) -> Bool {
        isID(Substring(text.replacing(".", with: "-").replacing("_", with: "-")))
    }
}
