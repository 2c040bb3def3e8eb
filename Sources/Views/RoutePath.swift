/// Addresses as contracts write them, with at most one name in braces.
package enum RoutePath {
    /// What stands in an address for the name in braces, empty when there is none; nil for another address.
    ///
    /// `address` is cut at each `/`, empty parts kept, and is not decoded.
    package static func parameter(of path: String, in address: [Substring]) -> String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == address.count else { return nil }
        var parameter = ""
        for (part, found) in zip(parts, address) {
            if part.hasPrefix("{") {
                parameter = String(found)
            } else if part != found {
                return nil
            }
        }
        return parameter
    }
}
