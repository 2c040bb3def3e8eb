import Bank
import CANBus
import Quantities
import StrictJSON

extension CANProfile {
    /// Reads a profile from the bytes of its `profile.json` and `frames.dbc`.
    ///
    /// Throws one error with every fault of both files.
    package static func load(
        profile: [UInt8], layout: [UInt8], name: String
    ) throws(CANProfileError) -> CANProfile {
        let item: JSONItem
        let file: DBCFile
        do {
            file = try DBCParser.parse(layout)
        } catch {
            throw CANProfileError(
                name: name, faults: error.faults.map { "frames.dbc, \($0.description)" })
        }
        do {
            item = try JSONParser.parse(profile)
        } catch {
            throw CANProfileError(name: name, faults: ["profile.json, \(error.description)"])
        }
        let faults = FaultList()
        var loader = CANProfileLoader(item, layout: file, faults: faults)
        let profile = loader.load()
        guard faults.faults.isEmpty else {
            throw CANProfileError(
                name: name, faults: faults.faults.map { "profile.json, \($0.description)" })
        }
        return profile
    }
}

/// Joins the layout of the frames with their meaning and compiles the plan, noting every fault.
struct CANProfileLoader {
    private var root: JSONSection
    private let layout: DBCFile
    private var plan = FramePlan()
    private var readings: [CANIdentifier: [(signal: DBCSignal, value: BankValue)]] = [:]
    private var bits: UInt64 = 0
    private var numbers: [NumberRow] = []
    private var alarms: [AlarmRow] = []

    init(_ item: JSONItem, layout: DBCFile, faults: FaultList) {
        root = JSONSection(item, path: "", faults: faults)
        self.layout = layout
    }

    mutating func load() -> CANProfile {
        _ = root.word("schema", [("amphora/inverter-profile/v1", true)])
        let id = root.requiredString("id")
        let title = root.requiredString("title")
        let words = ["vendor", "implementations", "single"].map { ($0, $0) }
        let confidence = root.word("confidence", words) ?? "single"
        let sources = root.strings("sources")
        var bitRate = 500_000
        if var bus = root.section("bus") {
            bitRate = bus.requiredInteger("bit_rate", in: 10_000...1_000_000) ?? bitRate
            bus.finish()
        }
        let frames = root.sections("frames")
        if frames.isEmpty { root.fault("frames", "is missing, expected at least one frame") }
        if frames.count > FramePlan.maximumFrames {
            root.fault("frames", "has \(frames.count) frames, allowed \(FramePlan.maximumFrames)")
        }
        for section in frames.prefix(FramePlan.maximumFrames) { readFrame(section) }
        let keepAlive = readKeepAlive()
        let stop = readStop()
        root.finish()
        return CANProfile(
            id: id, title: title, confidence: confidence, sources: sources, bitRate: bitRate,
            layout: layout, plan: plan, readings: readings, keepAlive: keepAlive.identifier,
            keepAliveTimeout: keepAlive.timeout, keepAliveAction: keepAlive.action, stop: stop)
    }

    /// Milliseconds between two frames of one kind: faster floods the bus.
    private static var cycles: ClosedRange<Int> { 20...600_000 }

    private mutating func readFrame(_ section: JSONSection) {
        var section = section
        let name = section.requiredString("message")
        let given = section.integer("cycle_ms", in: Self.cycles)
        let signals = section.section("signals")
        section.finish()
        guard let message = layout.message(named: name) else {
            let known = layout.messages.map(\.name).joined(separator: ", ")
            section.fault("message", "is '\(name)', frames.dbc has \(known)")
            return
        }
        if plan.frames.contains(where: { $0.identifier == message.identifier }) {
            section.fault("message", "is '\(name)' a second time")
        }
        // Signals without a selector cannot share bits, so that a frame has at most 64 of them.
        guard message.signals.allSatisfy({ $0.multiplexing == .none }) else {
            section.fault("message", "is '\(name)', which is multiplexed and can only be received")
            return
        }
        let cycle = given ?? message.cycleMilliseconds ?? 1000
        if !Self.cycles.contains(cycle) {
            section.fault("cycle_ms", "is \(cycle) in frames.dbc, allowed 20…600000")
        }
        (bits, numbers, alarms) = (0, [], [])
        if let signals { readSignals(signals, of: message) }
        plan.frames.append(
            FrameTemplate(
                identifier: message.identifier, length: message.length, bits: bits,
                cycle: .milliseconds(Int64(cycle)),
                firstNumber: UInt16(plan.numbers.count), numberCount: UInt8(numbers.count),
                firstAlarm: UInt16(plan.alarms.count), alarmCount: UInt8(alarms.count)))
        plan.numbers += numbers
        plan.alarms += alarms
    }

    private mutating func readSignals(_ section: JSONSection, of message: DBCMessage) {
        var section = section
        let given = section.names()
        for name in given {
            guard let entry = section.section(name) else { continue }
            guard let signal = message.signals.first(where: { $0.name == name }) else {
                let known = message.signals.map(\.name).joined(separator: ", ")
                section.fault(name, "is no signal of '\(message.name)', which has \(known)")
                continue
            }
            readSignal(entry, signal, of: message)
        }
        for signal in message.signals where !given.contains(signal.name) {
            section.faults.add(
                line: section.line,
                "'\(section.path)' says nothing of '\(signal.name)'; a bit that stays zero is written {\"constant\": 0}"
            )
        }
    }

    private mutating func readSignal(
        _ entry: JSONSection, _ signal: DBCSignal, of message: DBCMessage
    ) {
        var entry = entry
        defer { entry.finish() }
        if let text = entry.string("text") { return bake(text: text, signal, entry) }
        if entry.item("alarms") != nil { return addAlarms(&entry, signal) }
        if let constant = entry.integer("constant", in: Int.min...Int.max) {
            return bake(constant: Int64(constant), signal, entry)
        }
        guard let name = entry.string("value") else {
            entry.faults.add(
                line: entry.line,
                "'\(entry.path)' needs one of 'value', 'constant', 'text' or 'alarms'")
            return
        }
        guard let value = BankValue.named(name) else {
            let known = BankValue.allCases.map(\.name).joined(separator: ", ")
            entry.fault("value", "is '\(name)', allowed \(known)")
            return
        }
        addNumber(value, signal, &entry)
        readings[message.identifier, default: []].append((signal, value))
    }

    private mutating func bake(text: String, _ signal: DBCSignal, _ entry: JSONSection) {
        let bytes = Array(text.utf8)
        guard signal.bitLength == bytes.count * 8, signal.isLittleEndian, signal.startBit % 8 == 0,
            bytes.allSatisfy({ (0x20..<0x7F).contains($0) })
        else {
            entry.fault(
                "text",
                "has \(bytes.count) bytes, expected \(signal.bitLength / 8) ASCII characters, padded with spaces"
            )
            return
        }
        for (index, byte) in bytes.enumerated() {
            bits |= UInt64(byte) << UInt64(signal.startBit + index * 8)
        }
    }

    private mutating func bake(constant: Int64, _ signal: DBCSignal, _ entry: JSONSection) {
        let range = Self.rawRange(signal)
        guard range.contains(constant) else {
            entry.fault(
                "constant", "is \(constant), allowed \(range.lowerBound)…\(range.upperBound)")
            return
        }
        for (index, bit) in signal.bitNumbers.enumerated() where constant >> Int64(index) & 1 != 0 {
            bits |= 1 << UInt64(bit)
        }
    }

    private mutating func addAlarms(_ entry: inout JSONSection, _ signal: DBCSignal) {
        guard signal.bitLength == 1 else {
            entry.fault("alarms", "feeds '\(signal.name)' of \(signal.bitLength) bits, expected 1")
            return
        }
        var row = AlarmRow(
            bit: 1 << UInt64(signal.bitNumbers[0]), warnings: 0, protections: 0, faults: 0)
        for text in entry.strings("alarms") {
            let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2,
                let kind = AlarmKind.allCases.first(where: { $0.code == parts[1] })
            else {
                entry.fault(
                    "alarms",
                    "contains '\(text)', expected a level and an alarm such as 'warning.cell_overvoltage'"
                )
                continue
            }
            let mask = AlarmSet(kind).rawValue
            switch parts[0] {
            case "warning": row.warnings |= mask
            case "protection": row.protections |= mask
            case "fault": row.faults |= mask
            default:
                entry.fault("alarms", "contains '\(text)', levels are warning, protection, fault")
            }
        }
        alarms.append(row)
    }

    private mutating func addNumber(
        _ value: BankValue, _ signal: DBCSignal, _ entry: inout JSONSection
    ) {
        let range = Self.rawRange(signal)
        guard !signal.isFloat, let factor = signal.factor.fraction, factor.numerator > 0,
            let offset = signal.offset.fraction, let scale = Self.scale(value, factor: factor)
        else {
            entry.fault(
                "value",
                "cannot be put into '\(signal.name)': its factor or offset is too fine or not positive"
            )
            return
        }
        guard let addend = Self.addend(offset, factor) else {
            entry.fault(
                "value",
                "cannot be put into '\(signal.name)': its offset is no multiple of its factor or too large"
            )
            return
        }
        let lowest = clamp(&entry, "min", value, scale, addend) ?? range.lowerBound
        let highest = clamp(&entry, "max", value, scale, addend) ?? range.upperBound
        guard lowest <= highest, range.contains(lowest), range.contains(highest) else {
            entry.fault(
                "value",
                "is clamped to the raw numbers \(lowest) to \(highest), '\(signal.name)' holds \(range.lowerBound)…\(range.upperBound)"
            )
            return
        }
        numbers.append(
            NumberRow(
                source: value.rawValue, isLittleEndian: signal.isLittleEndian,
                shift: Self.shift(signal),
                mask: signal.bitLength == 64 ? .max : (1 << UInt64(signal.bitLength)) - 1,
                numerator: scale.numerator, denominator: scale.denominator, addend: addend,
                minimum: lowest, maximum: highest))
    }

    /// What is added to a raw number: raw = (physical − offset) ÷ factor.
    ///
    /// Nil unless that is a whole number of raw steps; held below 2^62, so that the encoder's sum
    /// with any scaled 32-bit value fits.
    private static func addend(
        _ offset: (numerator: Int64, denominator: Int64),
        _ factor: (numerator: Int64, denominator: Int64)
    ) -> Int64? {
        let shifted = offset.numerator.multipliedReportingOverflow(by: factor.denominator)
        let step = offset.denominator.multipliedReportingOverflow(by: factor.numerator)
        guard !shifted.overflow, !step.overflow, step.partialValue > 0,
            shifted.partialValue % step.partialValue == 0
        else { return nil }
        let addend = 0 &- shifted.partialValue / step.partialValue
        return addend.magnitude < 1 << 62 ? addend : nil
    }

    /// A clamp in natural units as a raw number; nil when there is none.
    private func clamp(
        _ entry: inout JSONSection, _ key: String, _ value: BankValue,
        _ scale: (numerator: Int32, denominator: Int32), _ addend: Int64
    ) -> Int64? {
        guard let number = entry.number(key) else { return nil }
        guard let units = number.scaled(by: value.decimals), abs(units) < 1 << 31 else {
            entry.fault(key, "is finer than 10^-\(value.decimals) or too large")
            return nil
        }
        return (units * Int64(scale.numerator)).dividedRounding(by: Int64(scale.denominator))
            + addend
    }

    /// From our unit to raw steps, as a reduced fraction.
    private static func scale(
        _ value: BankValue, factor: (numerator: Int64, denominator: Int64)
    ) -> (numerator: Int32, denominator: Int32)? {
        var top = factor.denominator
        var bottom = factor.numerator
        for _ in 0..<value.decimals {
            let (product, overflow) = bottom.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            bottom = product
        }
        var (a, b) = (top, bottom)
        while b != 0 { (a, b) = (b, a % b) }
        top /= a
        bottom /= a
        guard let numerator = Int32(exactly: top), let denominator = Int32(exactly: bottom) else {
            return nil
        }
        return (numerator, denominator)
    }

    static func rawRange(_ signal: DBCSignal) -> ClosedRange<Int64> {
        let bits = signal.bitLength
        if signal.isSigned {
            return bits >= 64 ? .min ... .max : -(1 << (bits - 1))...(1 << (bits - 1)) - 1
        }
        return 0...(bits >= 63 ? .max : (1 << bits) - 1)
    }

    /// How far the raw number is shifted left.
    ///
    /// Intel: the start bit. Motorola: the place of the lowest bit in the byte-swapped word.
    private static func shift(_ signal: DBCSignal) -> UInt8 {
        guard !signal.isLittleEndian, let lowest = signal.bitNumbers.first else {
            return UInt8(signal.startBit)
        }
        return UInt8(56 - lowest / 8 * 8 + lowest % 8)
    }

    private mutating func readKeepAlive() -> (
        identifier: CANIdentifier?, timeout: TimeSpan, action: KeepAliveAction
    ) {
        guard var section = root.section("keep_alive") else { return (nil, .seconds(10), .off) }
        let name = section.requiredString("message")
        let seconds = section.requiredInteger("timeout_s", in: 1...3600) ?? 10
        let actions: [(String, KeepAliveAction)] = [
            ("off", .off), ("report", .report), ("stop", .stop),
        ]
        let action = section.word("action", actions) ?? .report
        section.finish()
        guard let message = layout.message(named: name) else {
            section.fault("message", "is '\(name)', which frames.dbc does not have")
            return (nil, .seconds(10), .off)
        }
        return (message.identifier, .seconds(Int64(seconds)), action)
    }

    private mutating func readStop() -> StopRule {
        let careful = StopRule(limits: .zeroCurrents, silenceAfter: .seconds(60))
        guard var section = root.section("stop") else {
            root.fault("stop", "is missing; inverters differ in what stops them")
            return careful
        }
        let words: [(String, StopRule.Limits)] = [
            ("zero_currents", .zeroCurrents), ("tenths", .tenths),
        ]
        let limits = section.word("limits", words)
        let seconds = section.requiredInteger("silence_after_s", in: 0...86_400)
        section.finish()
        return StopRule(
            limits: limits ?? careful.limits,
            silenceAfter: seconds.map { .seconds(Int64($0)) } ?? careful.silenceAfter)
    }
}
