/// What an address of mail must look like before anything is sent to it.
package enum MailAddress {
    /// Whether a text is `local@domain` of visible ASCII, without quotes, comments or a list of several.
    ///
    /// Nothing that passes can end a line or add another recipient. Whether somebody reads there is not known.
    package static func isAddress(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard text.utf8.count <= 254, parts.count == 2, (1...64).contains(parts[0].count),
            parts[0].allSatisfy({ isLetterOrDigit($0) || "!#$%&'*+-/=?^_`{|}~.".utf8.contains($0) })
        else { return false }
        let words = parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return words.allSatisfy { word in
            (1...63).contains(word.count) && word.first != UInt8(ascii: "-")
                && word.last != UInt8(ascii: "-")
                && word.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
    }
}
