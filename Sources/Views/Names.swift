/// Ids and codes as they come in a request.
package enum Names {
    /// Whether a text can be the id of a gateway.
    package static func isID(_ text: String) -> Bool {
        consists(text) { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }

    /// Whether a text can be the code or the level of an alarm.
    package static func isCode(_ text: String) -> Bool {
        consists(text) { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }

    private static func consists(_ text: String, _ isGood: (UInt8) -> Bool) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isGood)
    }
}
