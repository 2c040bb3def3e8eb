import ProfileSet

/// What this build calls itself.
package enum Version {
    /// Semantic version of the programs.
    package static let number = "\(semantic)"
    /// The same, as profile sets ask for it.
    package static let semantic = SemanticVersion(0, 1, 0)
}
