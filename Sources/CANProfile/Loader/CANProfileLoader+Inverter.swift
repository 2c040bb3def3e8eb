import Bank
import CANBus
import StrictJSON

extension CANProfileLoader {
    /// How the simulated counterpart behaves; nothing here changes what is sent.
    mutating func readInverter() -> InverterBehaviour {
        var inverter = InverterBehaviour()
        guard var section = root.section("inverter") else { return inverter }
        inverter.isGiven = true
        inverter.sends = section.sections("sends").compactMap { readSending(of: $0) }
        for name in section.strings("requires") {
            if let id = identifier(section, "requires", name) { inverter.requires.append(id) }
        }
        inverter.timeoutSeconds = section.integer("timeout_s", in: 1...3600) ?? 5
        inverter.timeoutReaction = Self.word(&section, "timeout_reaction") ?? .trip
        inverter.zeroCurrents = Self.word(&section, "zero_currents") ?? .stops
        inverter.zeroChargeVoltage = Self.word(&section, "zero_charge_voltage") ?? .ignored
        inverter.chargeVoltageBelowActual =
            Self.word(&section, "charge_voltage_below_actual") ?? .ignored
        inverter.wantsAllLengths8 = section.bool("wants_all_lengths_8", default: false)
        inverter.startsAfterPoll = section.bool("starts_after_poll", default: false)
        if let accepts = section.section("accepts") { inverter.accepts = Self.ranges(accepts) }
        section.finish()
        return inverter
    }

    private static func word<Word: CaseIterable & RawRepresentable<String>>(
        _ section: inout JSONSection, _ key: String
    ) -> Word? {
        guard section.item(key) != nil else { return nil }
        return section.word(key, Word.allCases.map { ($0.rawValue, $0) })
    }

    private func readSending(of section: JSONSection) -> InverterBehaviour.Sending? {
        var section = section
        let name = section.requiredString("message")
        let text = section.string("data")
        let cycle = section.integer("cycle_ms", in: 20...600_000)
        let answers = section.string("answers")
        section.finish()
        if (section.has("cycle_ms")) == (answers != nil) {
            section.faults.add(
                line: section.line, "'\(section.path)' needs either 'cycle_ms' or 'answers'")
        }
        guard let message = layout.message(named: name) else {
            section.fault("message", "is '\(name)', which frames.dbc does not have")
            return nil
        }
        let zeros = [UInt8](repeating: 0, count: Int(message.length))
        let bytes = text.map { Self.bytes($0) } ?? zeros
        guard let bytes, let frame = CANFrame(message.identifier, bytes) else {
            section.fault("data", "is '\(text ?? "")', expected up to 8 bytes such as \"0B 16\"")
            return nil
        }
        return InverterBehaviour.Sending(
            frame: frame, cycleMilliseconds: cycle,
            answers: answers.flatMap { identifier(section, "answers", $0) })
    }

    private static func ranges(
        _ section: JSONSection
    ) -> [(value: BankValue, range: ClosedRange<Double>)] {
        var section = section
        return section.names().compactMap { name in
            guard let value = BankValue.named(name), !value.isOfPack else {
                section.fault(name, "is no value of a bank")
                return nil
            }
            let numbers = section.items(name).map { item -> Double? in
                guard case .number(let number) = item.value else { return nil }
                return number.scaled(by: value.decimals).map {
                    Double($0) / Double(Self.power(value.decimals))
                }
            }
            guard numbers.count == 2, let low = numbers[0], let high = numbers[1], low <= high
            else {
                section.fault(name, "is no range, expected two numbers, the lower first")
                return nil
            }
            return (value, low...high)
        }
    }

    private static func power(_ decimals: Int) -> Int {
        (0..<decimals).reduce(1) { power, _ in power * 10 }
    }
}
