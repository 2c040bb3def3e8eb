/// The rule for the id of a gateway, which is also the common name of its certificate.
package enum GatewayID {
    /// Whether a text may be an id: 1 to 64 characters of `a…z 0…9 -`.
    package static func isValid(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "-")
            }
    }
}
