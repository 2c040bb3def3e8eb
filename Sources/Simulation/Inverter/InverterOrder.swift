import CANBus

/// One command to a simulated inverter.
package enum InverterOrder: Hashable, Sendable {
    case keepAlive(Bool)
    /// Neither keep-alives nor an answer from the adapter.
    case silence(milliseconds: Int64?)
    /// The adapter is out of its socket.
    case disconnect(milliseconds: Int64?)
    /// The adapter's controller has left the bus.
    case busOff(milliseconds: Int64?)
    /// One frame, such as a request to stop.
    case send(CANFrame)
    /// Ends all three.
    case resume
    /// The current as a bare number, for a bank that follows.
    case current
    case status

    /// The grammar, for the help.
    package static let grammar = """
        keepalive on | off        send what it sends by itself, or pause it
        send FRAME                send one frame, such as 300#01
        silence [DURATION]        say nothing at all, as when the inverter is switched off
        disconnect [DURATION]     unplug the adapter; it comes back under the same link
        busoff [DURATION]         the adapter's CAN controller leaves the bus
        resume                    end silence, disconnect and busoff
        current                   print the current through the bank in A
        status                    print what was received so far as JSON

        DURATION   500ms | 10s | 2m; without one it lasts until 'resume'
        """

    /// Reads one command.
    package static func parse(_ text: String) throws(SimulationError) -> InverterOrder {
        var words = CommandWords(text)
        let expected =
            "keepalive, send, silence, disconnect, busoff, resume, current or status"
        let order = try parse(try words.next(expected), &words, expected)
        try words.finish()
        return order
    }

    private static func parse(
        _ first: String, _ words: inout CommandWords, _ expected: String
    ) throws(SimulationError) -> InverterOrder {
        switch first {
        case "keepalive":
            let word = try words.next("'on' or 'off'")
            guard word == "on" || word == "off" else {
                throw .command(found: word, expected: "'on' or 'off'")
            }
            return .keepAlive(word == "on")
        case "send":
            let word = try words.next("a frame such as 300#01")
            guard let entry = try? Candump.parse("can0 \(word)") else {
                throw .command(found: word, expected: "a frame such as 300#01")
            }
            return .send(entry.frame)
        case "silence": return .silence(milliseconds: try optionalDuration(&words))
        case "disconnect": return .disconnect(milliseconds: try optionalDuration(&words))
        case "busoff": return .busOff(milliseconds: try optionalDuration(&words))
        case "resume": return .resume
        case "current": return .current
        case "status": return .status
        default: throw .command(found: first, expected: expected)
        }
    }

    private static func optionalDuration(
        _ words: inout CommandWords
    ) throws(SimulationError) -> Int64? {
        words.isEmpty ? nil : try words.duration()
    }
}
