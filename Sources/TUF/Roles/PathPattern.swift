/// A pattern of paths: `*` stands for any characters, `?` for one, neither for a slash.
package struct PathPattern: Hashable, Sendable {
    /// The pattern as written.
    package let text: String
    private let parts: [[Unicode.Scalar]]

    /// Takes a pattern; every text is one.
    package init(_ text: String) {
        self.text = text
        parts = Self.parts(text)
    }

    /// Whether a path fits: as many parts between slashes, each like its own.
    package func matches(_ path: TUFName) -> Bool {
        let found = Self.parts(path.text)
        return found.count == parts.count
            && zip(parts, found).allSatisfy { Self.matches($0, $1) }
    }

    private static func parts(_ text: String) -> [[Unicode.Scalar]] {
        text.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).map(Array.init)
    }

    /// Whether a part fits; goes back to the last `*` only, so that the work is at most the product of
    /// both lengths.
    private static func matches(_ pattern: [Unicode.Scalar], _ text: [Unicode.Scalar]) -> Bool {
        var place = 0
        var star: (pattern: Int, text: Int)?
        var index = 0
        while index < text.count {
            if place < pattern.count, pattern[place] == "*" {
                star = (place, index)
                place += 1
            } else if place < pattern.count, pattern[place] == "?" || pattern[place] == text[index]
            {
                place += 1
                index += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                place = last.pattern + 1
                index = last.text + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == "*" }
    }
}
