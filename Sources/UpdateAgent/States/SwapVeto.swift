/// A reason not to go over to another set right now.
package enum SwapVeto: String, CaseIterable, Sendable {
    /// A limit is on its way up.
    case limitsRising
    /// A pack is in protection.
    case packProtection
    /// A document of the fleet is on trial.
    case configurationTrial
    /// It is not the time of day that the assignment names, or nobody knows what time it is.
    case outsideWindow
    /// The owner has not agreed.
    case noConsent

    /// What a veto comes to when it has held for the longest wait.
    package enum Ending: Sendable {
        /// The gateway goes over all the same: a set is tried and reverted safely at any moment, and one
        /// pack that is broken for good must not keep the repair out.
        case overruled
        /// The set is given up.
        case withdrawn
        /// It is kept: what stands against the set ends by itself, and soon.
        case kept
    }

    /// Veto, what it comes to, what is awaited.
    package static let rows: [(veto: SwapVeto, ending: Ending, words: String)] = [
        (.limitsRising, .overruled, "a limit is on its way up"),
        (.packProtection, .overruled, "a pack is in protection"),
        (.configurationTrial, .kept, "a configuration is on trial"),
        (.outsideWindow, .overruled, "it is outside the maintenance window"),
        (.noConsent, .withdrawn, "the owner has not agreed"),
    ]

    var row: (veto: SwapVeto, ending: Ending, words: String) {
        Self.rows.first { $0.veto == self } ?? (self, .withdrawn, rawValue)
    }

    /// What to do with these vetoes after so many seconds of waiting.
    package enum Decision: Hashable, Sendable {
        /// Swap.
        case go
        /// Wait; for what, in words.
        case wait(String)
        /// Give the set up; why, in words.
        case giveUp(String)
    }

    /// Decides.
    package static func decide(_ vetoes: [SwapVeto], waited: Int64, most: Int64) -> Decision {
        let isOver = waited >= most
        let standing = isOver ? vetoes.filter { $0.row.ending != .overruled } : vetoes
        if standing.isEmpty { return .go }
        let words = standing.map(\.row.words).joined(separator: ", ")
        let isLost = isOver && standing.contains { $0.row.ending == .withdrawn }
        return isLost ? .giveUp("\(words) for \(waited / 3600) h") : .wait(words)
    }
}
