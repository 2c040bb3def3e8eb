/// What a parsed file must also fulfil: signals fit, do not overlap, names are unique.
enum DBCCheck {
    static func faults(of file: DBCFile) -> [DBCFault] {
        var faults: [DBCFault] = []
        var identifiers: [CANIdentifier: String] = [:]
        for message in file.messages {
            if let other = identifiers.updateValue(message.name, forKey: message.identifier) {
                faults.append(
                    DBCFault(
                        line: message.line, column: 0,
                        message:
                            "message '\(message.name)' has the id \(message.identifier) of '\(other)'"
                    ))
            }
            faults += signalFaults(message) + multiplexerFaults(message)
        }
        return faults
    }

    private static func signalFaults(_ message: DBCMessage) -> [DBCFault] {
        var faults: [DBCFault] = []
        var owners: [Int: [DBCSignal]] = [:]
        var names: Set<String> = []
        func note(_ signal: DBCSignal, _ text: String) {
            faults.append(
                DBCFault(
                    line: signal.line, column: 0,
                    message: "signal '\(message.name).\(signal.name)' \(text)"))
        }
        for signal in message.signals {
            if !names.insert(signal.name).inserted { note(signal, "is defined twice") }
            let bits = signal.bitNumbers
            if bits.contains(where: { $0 < 0 || $0 >= Int(message.length) * 8 }) {
                note(signal, "does not fit the frame's \(message.length) bytes")
                continue
            }
            if signal.factor.isZero { note(signal, "has the factor 0") }
            let width = signal.valueType == .single ? 32 : 64
            if signal.isFloat, signal.bitLength != width {
                note(
                    signal,
                    "is a floating point number of \(signal.bitLength) bits, expected \(width)")
            }
            let others = bits.lazy.flatMap { owners[$0] ?? [] }
            if let other = others.first(where: { !message.excludes($0, signal) }) {
                note(signal, "overlaps '\(other.name)' (line \(other.line))")
            }
            for bit in bits { owners[bit, default: []].append(signal) }
        }
        return faults
    }

    /// Every multiplexed signal hangs on a multiplexer of its message, and none on itself.
    private static func multiplexerFaults(_ message: DBCMessage) -> [DBCFault] {
        var faults: [DBCFault] = []
        for signal in message.signals {
            guard let selection = signal.selection, !selection.selector.isEmpty else { continue }
            func note(_ text: String) {
                faults.append(
                    DBCFault(
                        line: signal.line, column: 0,
                        message: "signal '\(message.name).\(signal.name)' \(text)"))
            }
            guard let selector = message.signal(named: selection.selector) else {
                note("hangs on '\(selection.selector)', which the message does not have")
                continue
            }
            if !selector.isMultiplexer {
                note("hangs on '\(selector.name)', which is no multiplexer")
            } else if selector.isFloat || selector.isSigned {
                note("hangs on '\(selector.name)', which is not an unsigned whole number")
            }
            if message.conditions(of: signal).contains(where: { $0.selector == signal.name }) {
                note("hangs on itself, through '\(selection.selector)'")
            }
        }
        return faults
    }
}
