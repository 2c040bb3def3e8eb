/// The text of an access token: `amphora_` and 26 characters, 130 random bits.
///
/// What finds secrets in files that got where they should not knows it by its beginning.
package enum BearerToken {
    private static let prefix = "amphora_"

    /// Makes a new one.
    package static func make() -> String { prefix + EnrolmentToken.make() }

    /// What names it to people; no part of it.
    package static func makeID() -> String { String(EnrolmentToken.make().prefix(8)) }

    /// What the store keeps of it.
    package static func hash(_ token: String) -> String { Digest.hex(Array(token.utf8)) }
}
