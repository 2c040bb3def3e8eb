/// PostgreSQL's errors in the words of the contract.
enum PostgresTrouble {
    /// Classes of errors that pass.
    ///
    /// In order: connection, state of the transaction (a server that only reads), rollback, resources,
    /// locks, operator, system. Appendix A of PostgreSQL's manual lists them.
    private static let passing: Set<Substring> = ["08", "25", "40", "53", "55", "57", "58"]

    /// What a SQLSTATE means for the caller.
    static func error(
        state: String, message: String, store: String, operation: String
    ) -> FleetStoreError {
        switch state {
        case "": return .unavailable(store: store, detail: message)
        case "42P01", "42703", "3F000":
            return .foreign(
                store: store, detail: "\(message); its tables were not made yet, or by another")
        case _ where passing.contains(state.prefix(2)):
            return .unavailable(
                store: store, detail: "cannot \(operation): \(message) (SQLSTATE \(state))")
        default:
            return .refused(
                store: store, operation: operation, detail: "\(message) (SQLSTATE \(state))")
        }
    }

    /// Whether the same transaction may succeed when it is run again at once: it met a deadlock or
    /// could not be put in order with another.
    static func isWorthRepeating(_ state: String) -> Bool { state.hasPrefix("40") }

    /// Several lines of libpq made one.
    static func line(_ text: String) -> String {
        text.split(separator: "\n").map { line in
            String(line.drop { $0 == " " || $0 == "\t" })
        }.joined(separator: "; ")
    }
}
