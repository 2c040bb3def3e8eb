/// A record that the fleet refuses, and why.
package struct Rejection: Hashable, Sendable {
    /// Its number.
    package let sequence: Int64
    /// The fleet's sentence.
    package let reason: String

    /// Joins both.
    package init(sequence: Int64, reason: String) {
        self.sequence = sequence
        self.reason = reason
    }
}
