import Bank
import CANBus
import Quantities
import StrictJSON

/// Joins the layout of the frames with their meaning and compiles the plan, noting every fault.
struct CANProfileLoader {
    var root: JSONSection
    let layout: DBCFile
    let faults: FaultList
    var plan = FramePlan()
    var readings: [CANIdentifier: [SentSignal]] = [:]
    /// The frame being read.
    var frame: FrameDraft
    private var entries: [FrameEntry] = []

    init(_ item: JSONItem, layout: DBCFile, faults: FaultList) {
        root = JSONSection(item, path: "", faults: faults)
        self.layout = layout
        self.faults = faults
        frame = FrameDraft(message: .empty, isPerPack: false)
    }

    mutating func load(quirks active: [String]) -> CANProfile {
        _ = root.word("schema", [("amphora/inverter-profile/v1", true)])
        let id = root.requiredString("id")
        let title = root.requiredString("title")
        let words = ["vendor", "implementations", "single"].map { ($0, $0) }
        let confidence = root.word("confidence", words) ?? "single"
        let sources = root.strings("sources")
        if sources.isEmpty {
            root.fault("sources", "is missing, expected where its facts come from")
        }
        let (speaksTo, notes) = (root.strings("speaks_to"), root.strings("notes"))
        let bus = readBus()
        readFrames()
        let sending = readSending()
        let keepAlive = readKeepAlive()
        let commands = readCommands()
        let stop = readStop()
        let chargeVoltage = readChargeVoltage(beside: stop)
        let quirks = readQuirks()
        let inverter = readInverter()
        root.finish()
        let names = writeTemplates()
        checkSpacing(sending)
        return CANProfile(
            id: id, title: title, confidence: confidence, sources: sources, speaksTo: speaksTo,
            notes: notes, bitRate: bus.rate, otherBitRates: bus.others, layout: layout, plan: plan,
            messageNames: names, readings: readings, packMessages: packMessages, sending: sending,
            keepAliveRule: keepAlive, commands: commands, stop: stop,
            chargeVoltage: chargeVoltage, quirks: quirks, activeQuirks: active, inverter: inverter)
    }

    private mutating func readBus() -> (rate: Int, others: [Int]) {
        guard var bus = root.section("bus") else {
            root.fault("bus", "is missing, expected the bit rate")
            return (500_000, [])
        }
        let allowed = 10_000...1_000_000
        let rate = bus.requiredInteger("bit_rate", in: allowed) ?? 500_000
        let others = bus.integers("other_bit_rates")
        for other in others where !allowed.contains(other) {
            bus.fault("other_bit_rates", "contains \(other), allowed 10000…1000000")
        }
        bus.finish()
        return (rate, others)
    }

    /// Milliseconds between two frames of one kind: faster floods the bus.
    private static var cycles: ClosedRange<Int> { 20...600_000 }

    private mutating func readFrames() {
        let frames = root.sections("frames")
        if frames.isEmpty { root.fault("frames", "is missing, expected at least one frame") }
        if frames.count > FramePlan.maximumFrames {
            root.fault("frames", "has \(frames.count) frames, allowed \(FramePlan.maximumFrames)")
        }
        for section in frames.prefix(FramePlan.maximumFrames) { readFrame(section) }
    }

    private mutating func readFrame(_ section: JSONSection) {
        var section = section
        let name = section.requiredString("message")
        let given = section.integer("cycle_ms", in: Self.cycles)
        let isPerPack = section.bool("per_pack", default: false)
        let conditions: [(String, FrameCondition)] = [
            ("one_pack", .onePack), ("several_packs", .severalPacks),
        ]
        let condition = section.word("only_when", conditions, default: .always) ?? .always
        let page = section.section("page")
        let signals = section.section("signals")
        section.finish()
        guard let message = layout.message(named: name) else {
            let known = layout.messages.map(\.name).joined(separator: ", ")
            section.fault("message", "is '\(name)', frames.dbc has \(known)")
            return
        }
        let cycle = given ?? message.cycleMilliseconds ?? 1000
        if !Self.cycles.contains(cycle) {
            section.fault("cycle_ms", "is \(cycle) in frames.dbc, allowed 20…600000")
        }
        if signals == nil {
            section.fault("signals", "is missing, expected what feeds each signal")
        }
        frame = FrameDraft(message: message, isPerPack: isPerPack)
        guard readPage(page, section) else { return }
        let entry = FrameEntry(
            message: message, page: frame.page, cycle: cycle, isPerPack: isPerPack,
            condition: condition, template: template(signals))
        checkRepetition(entry, section)
        if isPerPack { checkPackIdentifiers(entry, section) }
        entries.append(entry)
    }

    /// Reads the signals and keeps their rows; identifier, pack and turn come later.
    private mutating func template(_ signals: JSONSection?) -> FrameTemplate {
        let message = frame.message
        if let signals { readSignals(signals) }
        var template = FrameTemplate(
            identifier: message.identifier, length: message.length, bits: frame.bits,
            cycle: .zero)
        appendSteps(to: &template)
        template.flags = Self.append(frame.flags, to: &plan.flags)
        if !frame.alarms.isEmpty {
            template.flips = UInt16(truncatingIfNeeded: plan.flips.count)
            plan.flips += AlarmRow.flips(frame.alarms)
        }
        template.numbers = Self.append(
            frame.numbers.filter { StepRow($0) == nil }, to: &plan.numbers)
        template.fallbacks = Self.append(
            frame.fallbacks.filter { $0.step == nil }, to: &plan.fallbacks)
        template.tables = Self.append(frame.tables, to: &plan.tables)
        template.texts = Self.append(frame.texts, to: &plan.texts)
        template.counters = Self.append(frame.counters, to: &plan.counters)
        template.checksums = Self.append(frame.checksums, to: &plan.checksums)
        let rare = [
            template.numbers, template.fallbacks, template.tables, template.texts,
            template.counters, template.checksums,
        ]
        template.hasRareRows = rare.contains { $0.count > 0 }
        return template
    }

    /// The numbers that need nothing but a step, those with a number of their own for "not known" last.
    private mutating func appendSteps(to template: inout FrameTemplate) {
        let plain = frame.numbers.compactMap(StepRow.init)
        let steps = frame.fallbacks.compactMap(\.step)
        for (index, step) in steps.enumerated() {
            plan.unknowns.append(
                UnknownStep(row: plan.steps.count + plain.count + index, bits: step.unknown))
        }
        template.steps = Self.append(plain + steps.map(\.row), to: &plan.steps)
    }

    private static func append<Row>(_ rows: [Row], to list: inout [Row]) -> RowRange {
        defer { list += rows }
        return RowRange(
            first: UInt16(truncatingIfNeeded: list.count), count: UInt8(clamping: rows.count))
    }

    /// A frame is listed once, or once for each page and size of bank.
    private func checkRepetition(_ entry: FrameEntry, _ section: JSONSection) {
        for other in entries where other.message.identifier == entry.message.identifier {
            let isApart =
                entry.condition != other.condition && entry.condition != .always
                && other.condition != .always
            if isApart { continue }
            if entry.page == other.page {
                section.fault("message", "is '\(entry.message.name)' a second time")
            } else if entry.cycle != other.cycle {
                section.fault(
                    "cycle_ms",
                    "is \(entry.cycle), the first page of '\(entry.message.name)' has \(other.cycle)"
                )
            }
            if entry.isPerPack != other.isPerPack {
                section.fault("per_pack", "differs from the first page of the message")
            }
            return
        }
    }

    /// The identifiers of sixteen packs follow the message's own; nothing else may have them.
    ///
    /// A frame of a lone pack needs no more than its own.
    private func checkPackIdentifiers(_ entry: FrameEntry, _ section: JSONSection) {
        let message = entry.message
        for position in 1..<entry.packs {
            guard let identifier = message.identifier.advanced(by: position) else {
                section.fault("per_pack", "leaves no identifier for pack \(position + 1)")
                return
            }
            if let other = layout.messages.first(where: { $0.identifier == identifier }) {
                section.fault(
                    "per_pack",
                    "needs \(identifier) for pack \(position + 1), which is '\(other.name)'")
            }
        }
        for other in entries where other.isPerPack && other.message.name != message.name {
            guard let distance = other.message.identifier.distance(to: message.identifier) else {
                continue
            }
            if distance >= 0 ? distance < other.packs : -distance < entry.packs {
                section.fault(
                    "per_pack", "needs identifiers that the packs of '\(other.message.name)' have")
            }
        }
    }

    private var packMessages: [CANIdentifier: DBCMessage] {
        var messages: [CANIdentifier: DBCMessage] = [:]
        for entry in entries where entry.isPerPack {
            for position in 0..<entry.packs {
                if let identifier = entry.message.identifier.advanced(by: position) {
                    messages[identifier] = entry.message
                }
            }
        }
        return messages
    }

    /// Lays the frames out in the order of sending: those of packs sixteen times, pages in turns.
    private mutating func writeTemplates() -> [String] {
        var names: [String] = []
        for (index, entry) in entries.enumerated() {
            let pages = entries.indices.filter {
                entries[$0].message.identifier == entry.message.identifier
                    && entries[$0].condition == entry.condition
            }
            let turn = pages.firstIndex(of: index) ?? 0
            var template = entry.template
            template.cycle = .milliseconds(Int64(entry.cycle * pages.count))
            template.phase = .milliseconds(Int64(entry.cycle * turn))
            template.turn = UInt16(turn)
            template.turns = UInt16(pages.count)
            template.condition = entry.condition
            for position in 0..<entry.packs {
                guard let identifier = entry.message.identifier.advanced(by: position) else {
                    continue
                }
                template.identifier = identifier
                template.pack = entry.isPerPack ? UInt8(position + 1) : 0
                plan.frames.append(template)
                names.append(entry.message.name)
            }
        }
        return names
    }

    /// A cycle must be over before the next one begins, also with sixteen packs.
    private func checkSpacing(_ sending: SendRule) {
        guard sending.spacing > .zero, let shortest = entries.map(\.cycle).min() else { return }
        func count(_ packs: Int, without condition: FrameCondition) -> Int {
            var messages: Set<CANIdentifier> = []
            for entry in entries where entry.condition != condition {
                for position in 0..<min(packs, entry.packs) {
                    if let identifier = entry.message.identifier.advanced(by: position) {
                        messages.insert(identifier)
                    }
                }
            }
            return messages.count
        }
        let most = max(
            count(1, without: .severalPacks),
            count(PackTable.maximumPacks, without: .onePack))
        let needed = Int64(most) * sending.spacing.milliseconds
        guard needed >= Int64(shortest) else { return }
        root.fault(
            "send",
            "spaces up to \(most) frames over \(needed) ms, but the shortest cycle has \(shortest) ms"
        )
    }
}

/// One entry of `frames` with what it became.
private struct FrameEntry {
    let message: DBCMessage
    let page: [String: UInt64]
    let cycle: Int
    let isPerPack: Bool
    let condition: FrameCondition
    let template: FrameTemplate

    /// How many packs it can tell of; 1 for a frame of the bank.
    var packs: Int { isPerPack && condition != .onePack ? PackTable.maximumPacks : 1 }
}

/// The frame being read.
struct FrameDraft {
    var message: DBCMessage
    var isPerPack: Bool
    var page: [String: UInt64] = [:]
    var bits: UInt64 = 0
    var numbers: [NumberRow] = []
    var flags: [FlagRow] = []
    var alarms: [AlarmRow] = []
    var fallbacks: [FallbackRow] = []
    var tables: [TableRow] = []
    var texts: [TextRow] = []
    var counters: [CounterRow] = []
    var checksums: [ChecksumRow] = []

    init(message: DBCMessage, isPerPack: Bool) {
        self.message = message
        self.isPerPack = isPerPack
    }
}

extension CANIdentifier {
    /// The identifier so many numbers further on, of the same kind; nil beyond its end.
    func advanced(by count: Int) -> CANIdentifier? {
        guard count >= 0, count < 1 << 16 else { return nil }
        return CANIdentifier(rawValue + UInt32(count), isExtended: isExtended)
    }

    /// How many numbers lie between two of the same kind.
    func distance(to other: CANIdentifier) -> Int? {
        isExtended == other.isExtended ? Int(other.rawValue) - Int(rawValue) : nil
    }
}
