/// Where things lie in the source tree, for tests.
package enum Repository {
    /// The root of the tree, found from this file.
    package static let root: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }()

    /// The profile set that is shipped.
    package static var profileSet: String { root + "/Provisioning/ProfileSets/base" }
}

/// Bytes written as hex, for captures.
package enum Hex {
    /// The bytes of `01 03 FF …`; characters that are no hex digits separate.
    package static func bytes(_ text: String) -> [UInt8] {
        text.split { !$0.isHexDigit }.compactMap { UInt8($0, radix: 16) }
    }
}
