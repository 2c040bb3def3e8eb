import Bank
import CANBus
import Quantities
import StrictJSON

extension CANProfileLoader {
    /// The identifier of a message named in the profile.
    func identifier(_ section: JSONSection, _ key: String, _ name: String) -> CANIdentifier? {
        if let message = layout.message(named: name) { return message.identifier }
        section.fault(key, "is '\(name)', which frames.dbc does not have")
        return nil
    }

    mutating func readSending() -> SendRule {
        var rule = SendRule()
        guard var section = root.section("send") else { return rule }
        let isPolled = section.word("on", [("cycle", false), ("poll", true)], default: false)
        let polls = section.strings("polls")
        rule.spacing = .milliseconds(Int64(section.integer("spacing_ms", in: 0...1000) ?? 0))
        section.finish()
        rule.polls = polls.compactMap { identifier(section, "polls", $0) }
        if isPolled == true, polls.isEmpty {
            section.fault("polls", "is missing, expected the frames that ask for a set")
        }
        if isPolled != true, !polls.isEmpty {
            section.fault("polls", "is given, but 'on' is not 'poll'")
        }
        return rule
    }

    mutating func readKeepAlive() -> KeepAliveRule {
        var rule = KeepAliveRule()
        guard var section = root.section("keep_alive") else { return rule }
        let single = section.string("message")
        let several = section.strings("messages")
        let seconds = section.requiredInteger("timeout_s", in: 1...3600) ?? 10
        let actions: [(String, KeepAliveAction)] = [
            ("off", .off), ("report", .report), ("stop", .stop),
        ]
        rule.action = section.word("action", actions) ?? .report
        let befores: [(String, BeforeKeepAlive)] = [
            ("values", .values), ("silence", .silence), ("stop", .stop),
        ]
        rule.before = section.word("before", befores, default: .values) ?? .values
        if let text = section.string("data") {
            let bytes = Self.bytes(text)
            if let bytes, let frame = CANFrame(.zero, bytes) {
                (rule.length, rule.bits) = (frame.length, frame.bits)
            } else {
                section.fault("data", "is '\(text)', expected up to 8 bytes such as \"0B 16\"")
            }
        }
        section.finish()
        if (single == nil) == several.isEmpty {
            section.faults.add(
                line: section.line, "'keep_alive' needs either 'message' or 'messages'")
        }
        rule.timeout = .seconds(Int64(seconds))
        if let single, let id = identifier(section, "message", single) { rule.identifiers = [id] }
        rule.identifiers += several.compactMap { identifier(section, "messages", $0) }
        return rule
    }

    mutating func readCommands() -> [InverterCommand] {
        let sections = root.sections("commands")
        if sections.count > InverterWatch.maximumCommands {
            root.fault(
                "commands",
                "has \(sections.count) entries, allowed \(InverterWatch.maximumCommands)")
        }
        return sections.compactMap { readCommand($0) }
    }

    private func readCommand(_ section: JSONSection) -> InverterCommand? {
        var section = section
        let messageName = section.requiredString("message")
        let signalName = section.requiredString("signal")
        let stops = section.word("action", [("stop", true), ("report", false)])
        let title = section.requiredString("title")
        defer { section.finish() }
        if section.item("equals") == nil {
            section.fault("equals", "is missing, expected a raw number")
        }
        guard let message = layout.message(named: messageName) else {
            section.fault("message", "is '\(messageName)', which frames.dbc does not have")
            return nil
        }
        guard let signal = message.signal(named: signalName), signal.selection == nil else {
            let known = message.signals.filter { $0.selection == nil }.map(\.name)
            section.fault(
                "signal",
                "is '\(signalName)', '\(messageName)' has \(known.joined(separator: ", "))")
            return nil
        }
        guard let equals = raw(&section, "equals", signal), let stops else { return nil }
        let place = Self.place(signal)
        let bytes = (signal.bitNumbers.max() ?? 0) / 8 + 1
        return InverterCommand(
            title: title,
            row: CommandRow(
                identifier: message.identifier, length: UInt8(bytes), place: place,
                equals: UInt64(bitPattern: equals) & place.mask, stops: stops))
    }

    mutating func readStop() -> StopRule {
        let careful = StopRule(limits: .zeroCurrents, silenceAfter: .seconds(60))
        guard var section = root.section("stop") else {
            root.fault("stop", "is missing; inverters differ in what stops them")
            return careful
        }
        let words: [(String, StopRule.Limits)] = [
            ("zero_currents", .zeroCurrents), ("tenths", .tenths), ("silence", .silence),
        ]
        let limits = section.word("limits", words)
        let voltage = section.word("charge_voltage", Self.chargeVoltages, default: .keep)
        let seconds = section.requiredInteger("silence_after_s", in: 0...86_400)
        section.finish()
        return StopRule(
            limits: limits ?? careful.limits, chargeVoltage: voltage ?? .keep,
            silenceAfter: seconds.map { .seconds(Int64($0)) } ?? careful.silenceAfter)
    }

    private static var chargeVoltages: [(String, ChargeVoltage)] {
        [("keep", .keep), ("actual", .actual)]
    }

    /// What is sent for the charge voltage limit while the bank runs.
    ///
    /// An inverter that empties a battery down to the limit does so at a stop as well.
    mutating func readChargeVoltage(beside stop: StopRule) -> ChargeVoltageRule {
        var rule = ChargeVoltageRule()
        guard var section = root.section("charge_voltage") else { return rule }
        rule.whileForbidden =
            section.word("while_forbidden", Self.chargeVoltages, default: .keep) ?? .keep
        rule.neverBelowActual = section.bool("never_below_actual", default: false)
        section.finish()
        let isKept =
            stop.limits == .tenths || stop.limits == .zeroCurrents && stop.chargeVoltage == .keep
        if rule.neverBelowActual, isKept {
            section.fault(
                "never_below_actual",
                "is true, but the stop's voltage may be below the battery's own, expected 'zero_currents' with 'charge_voltage' 'actual', or 'silence'"
            )
        }
        return rule
    }

    mutating func readQuirks() -> [ProfileQuirk] {
        var ids: Set<String> = []
        return root.sections("quirks").map { section in
            var section = section
            let id = section.requiredString("id")
            let title = section.requiredString("title")
            let when = section.requiredString("when")
            if section.section("changes") == nil {
                section.fault("changes", "is missing, expected what the quirk changes")
            }
            section.finish()
            if !ids.insert(id).inserted { section.fault("id", "is '\(id)' a second time") }
            return ProfileQuirk(id: id, title: title, when: when)
        }
    }

    /// `0B 16 21` as bytes; nil when it is anything else.
    static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for pair in text.split(separator: " ") {
            guard pair.utf8.count == 2, pair.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }),
                let byte = UInt8(pair, radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
