/// A place in a list, as text that means nothing to whoever carries it.
package enum Cursor {
    /// The most digits.
    package static let longest = 1024

    /// Whether a text could be a cursor of any list.
    package static func isForm(_ text: String) -> Bool {
        (2...longest).contains(text.utf8.count) && text.utf8.count.isMultiple(of: 2)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// Joins the parts, none of which has a line end, under the name of their list.
    package static func text(_ list: String, _ parts: [String]) -> String {
        Digest.hexText(([list] + parts).joined(separator: "\n").utf8)
    }

    /// The parts; nil when it is of another list or was not made here.
    package static func parts(_ list: String, _ text: String, count: Int) -> [String]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard isForm(text), digits.count == text.utf8.count else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
        guard let whole = String(validating: bytes, as: UTF8.self) else { return nil }
        let parts = whole.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == count + 1, parts[0] == list else { return nil }
        return Array(parts.dropFirst())
    }
}
