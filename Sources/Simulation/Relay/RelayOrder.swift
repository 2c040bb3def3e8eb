/// What a relay does with what passes through it.
package enum RelayMode: Hashable, Sendable {
    /// Lets everything pass.
    case pass
    /// Ends all connections and refuses new ones.
    case cut
    /// Takes bytes and passes none on; connections stay open, as behind a dead radio link.
    case swallow
    /// Passes everything this much later.
    case delay(milliseconds: Int64)

    /// The word in the status.
    var word: String {
        switch self {
        case .pass: "pass"
        case .cut: "cut"
        case .swallow: "swallow"
        case .delay(let milliseconds): "delay \(milliseconds)ms"
        }
    }
}

/// One command to a relay.
package enum RelayOrder: Hashable, Sendable {
    /// Change the mode; with a duration it goes back to `pass` by itself.
    case mode(RelayMode, milliseconds: Int64?)
    /// End all connections once and take new ones at once.
    case reset
    case status

    /// The grammar, for the help.
    package static let grammar = """
        pass                      let everything pass
        cut [DURATION]            end all connections, refuse new ones
        swallow [DURATION]        keep connections open, pass nothing on
        delay DURATION [DURATION] pass everything later; the second is how long
        reset                     end all connections once
        status                    print mode and counts as JSON
        """

    /// Reads one command.
    package static func parse(_ text: String) throws(SimulationError) -> RelayOrder {
        var words = CommandWords(text)
        let expected = "pass, cut, swallow, delay, reset or status"
        let first = try words.next(expected)
        let order: RelayOrder
        switch first {
        case "pass": order = .mode(.pass, milliseconds: nil)
        case "cut":
            order = .mode(.cut, milliseconds: words.isEmpty ? nil : try words.duration())
        case "swallow":
            order = .mode(.swallow, milliseconds: words.isEmpty ? nil : try words.duration())
        case "delay":
            let delay = try words.duration()
            order = .mode(
                .delay(milliseconds: delay),
                milliseconds: words.isEmpty ? nil : try words.duration())
        case "reset": order = .reset
        case "status": order = .status
        default: throw .command(found: first, expected: expected)
        }
        try words.finish()
        return order
    }
}
