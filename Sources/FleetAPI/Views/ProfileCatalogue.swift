import Rollouts

/// The profile sets that gateways could get; the root knows where they lie.
package struct ProfileCatalogue: Sendable {
    /// Those that are published, in any order; throws when they cannot be read.
    let published: @Sendable () throws -> [SetRelease]
    /// One of them, the newest without a version; nil when it is not published.
    let find: @Sendable (_ set: String, _ version: String?) throws -> SetRelease?

    /// Joins the parts; both block.
    package init(
        published: @escaping @Sendable () throws -> [SetRelease],
        find: @escaping @Sendable (_ set: String, _ version: String?) throws -> SetRelease?
    ) {
        self.published = published
        self.find = find
    }
}
