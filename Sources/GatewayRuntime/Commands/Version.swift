/// What this build calls itself.
package enum Version {
    /// Semantic version of the programs.
    package static let number = "0.1.0"
}
