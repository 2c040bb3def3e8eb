/// A version of three numbers, `1.4.0`; compared number by number.
package struct SemanticVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Changes when something no longer works as before.
    package let major: Int
    /// Changes when something is added.
    package let minor: Int
    /// Changes when something is mended.
    package let patch: Int

    /// Joins three numbers.
    package init(_ major: Int, _ minor: Int, _ patch: Int) {
        (self.major, self.minor, self.patch) = (major, minor, patch)
    }

    /// Reads `1.4.0`; nil for anything but three numbers of up to six digits without leading zeros.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part -> Int? in
            guard (1...6).contains(part.utf8.count),
                part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part.utf8.count == 1 || part.utf8.first != 0x30
            else { return nil }
            return Int(part)
        }
        guard parts.count == 3, numbers.count == 3 else { return nil }
        (major, minor, patch) = (numbers[0], numbers[1], numbers[2])
    }

    /// `1.4.0`.
    package var description: String { "\(major).\(minor).\(patch)" }

    /// Whether the left one is older.
    package static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}
