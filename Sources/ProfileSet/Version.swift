/// What the programs of this build call themselves: the version that a set's `least_runtime` is held against.
package enum Version {
    /// Semantic version of the programs.
    package static let number = "\(semantic)"
    /// The same, as profile sets ask for it.
    package static let semantic = SemanticVersion(0, 1, 0)
}
