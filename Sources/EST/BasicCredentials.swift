/// A user and a password of HTTP Basic (RFC 7617).
package struct BasicCredentials {
    package let user: String
    package let password: String

    /// Reads the header field; nil when it is no such thing.
    package init?(_ field: String) {
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic", field.utf8.count <= 1024,
            let bytes = try? Base64Text.decode(Array(parts[1].utf8)),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let user = String(validating: bytes[..<colon], as: UTF8.self),
            let password = String(validating: bytes[(colon + 1)...], as: UTF8.self)
        else { return nil }
        self.user = user
        self.password = password
    }
}
