/// What a step brought about; it is kept in one transaction.
package struct RolloutOutcome: Sendable {
    /// Places of the gateways that changed.
    package var changed: Set<Int> = []
    /// Assignments to publish, and the sets they are about.
    package var handed: [HandedAssignment] = []
    package var sets: [String: SetRelease] = [:]
    /// Whether the state of the rollout changed.
    package var hasMoved = false
    /// What was decided, by whom and why.
    package var notes: [RolloutStep] = []

    /// Nothing happened.
    package init() {}

    /// Whether there is nothing to keep.
    package var isEmpty: Bool { changed.isEmpty && handed.isEmpty && !hasMoved && notes.isEmpty }
}

/// One line of who did what.
package struct RolloutStep: Hashable, Sendable {
    /// A person, or the fleet itself.
    package var author: String
    /// What was done.
    package var what: String
    /// Why.
    package var detail: String
}
