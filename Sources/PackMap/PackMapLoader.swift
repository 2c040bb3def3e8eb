import Bank
import Modbus
import StrictJSON

extension PackMap {
    /// Reads a map document; throws one error with every fault in it.
    package static func load(_ bytes: [UInt8], name: String) throws(PackMapError) -> PackMap {
        let item: JSONItem
        do {
            item = try JSONParser.parse(bytes)
        } catch {
            throw PackMapError(name: name, faults: [error.description])
        }
        let faults = FaultList()
        var loader = PackMapLoader(item, faults: faults)
        let map = loader.load()
        guard faults.faults.isEmpty else {
            throw PackMapError(name: name, faults: faults.faults.map(\.description))
        }
        return map
    }
}

/// Turns a map document into a map with its plan, noting every fault.
struct PackMapLoader {
    /// Far more than any pack needs; the plan counts blocks and rules in small integers.
    private static let mostBlocks = 32
    private static let mostAbsentCodes = 8

    private var root: JSONSection
    private var plan = ReadPlan()
    private var names: [String] = []
    private var flagNames: [String] = []
    private var plausibility = PlausibilityTable()
    private var cellCount = 0
    private var probeCount = 0

    init(_ item: JSONItem, faults: FaultList) {
        root = JSONSection(item, path: "", faults: faults)
    }

    mutating func load() -> PackMap {
        _ = root.word("schema", [("amphora/pack-map/v1", true)])
        let id = root.requiredString("id")
        let title = root.requiredString("title")
        let confidence = root.word("confidence", Confidence.allCases.map { ($0.rawValue, $0) })
        let sources = root.strings("sources")
        let line = readLine()
        if var units = root.section("units") {
            plan.replyOffset = Int16(units.integer("reply_offset", in: -128...128) ?? 0)
            units.finish()
        }
        readBlocks()
        plausibility = PlausibilityTable(root.section("plausibility"))
        readSignals()
        cellCount = readRun("cells", most: PackReading.maximumCells, factor: 1000) { .cell($0) }
        probeCount = readRun("probes", most: PackReading.maximumProbes, factor: 10) { .probe($0) }
        readFlags()
        readTexts()
        let limits = PackLimits(root.section("limits"))
        let forbidden = root.strings("forbidden_writes")
        root.finish()
        markZeroRejection()
        return PackMap(
            id: id, title: title, confidence: confidence ?? .single, sources: sources, line: line,
            limits: limits, blockNames: names, flagNames: flagNames, cellCount: cellCount,
            probeCount: probeCount, forbiddenWrites: forbidden, plan: plan)
    }

    private mutating func readLine() -> MapLine {
        var line = MapLine()
        guard var section = root.section("line") else { return line }
        line.baud = section.requiredInteger("baud", in: 1200...230_400) ?? line.baud
        line.parity =
            section.word(
                "parity", MapLine.Parity.allCases.map { ($0.rawValue, $0) },
                default: MapLine.Parity.none)
            ?? .none
        line.stopBits = section.integer("stop_bits", in: 1...2) ?? 1
        line.gapMilliseconds = section.integer("gap_ms", in: 0...5000) ?? 0
        line.turnRoundMilliseconds = section.integer("turn_round_ms", in: 0...5000) ?? 50
        line.timeoutMilliseconds = section.integer("timeout_ms", in: 0...10_000) ?? 0
        section.finish()
        return line
    }

    private mutating func readBlocks() {
        let sections = root.sections("blocks")
        if sections.count > Self.mostBlocks {
            root.fault("blocks", "has \(sections.count) blocks, allowed 1…\(Self.mostBlocks)")
        }
        for var section in sections.prefix(Self.mostBlocks) {
            let name = section.requiredString("name")
            if names.contains(name) { section.fault("name", "is '\(name)' twice") }
            let number = section.requiredInteger("function", in: 1...4) ?? 3
            let function = FunctionCode(rawValue: UInt8(number)) ?? .readHoldingRegisters
            let address = section.requiredInteger("address", in: 0...0xFFFF) ?? 0
            let most = function.readsBits ? 2000 : 125
            let count = section.requiredInteger("count", in: 1...most) ?? 1
            if address + count > 0x10000 {
                section.fault("count", "reaches beyond address 0xFFFF")
            }
            let poll = readPoll(&section)
            plan.blocks.append(
                PlanBlock(
                    function: function, address: UInt16(address), count: UInt16(count), poll: poll,
                    isRequired: section.bool("required", default: false),
                    mayFail: section.bool("may_fail", default: false), rejectsZero: false))
            names.append(name)
            section.finish()
        }
        if plan.blocks.isEmpty { root.fault("blocks", "is missing, expected at least one block") }
        if let first = plan.blocks.first, first.poll != .every(1) || !first.isRequired {
            root.fault("blocks", "begins with a block that is not required in every cycle")
        }
    }

    private func readPoll(_ section: inout JSONSection) -> PollRule {
        let isOnce = section.bool("once", default: false)
        let every = section.integer("every", in: 1...100)
        if isOnce, every != nil { section.fault("every", "stands beside 'once', expected one") }
        return isOnce ? .once : .every(UInt8(every ?? 1))
    }

    private mutating func readSignals() {
        guard var section = root.section("signals") else {
            root.fault("signals", "is missing, expected at least voltage and current")
            return
        }
        for name in section.names() {
            guard var entry = section.section(name) else { continue }
            guard let word = MapWords.signals.first(where: { $0.name == name }) else {
                let known = MapWords.signals.map(\.name).joined(separator: ", ")
                section.fault(name, "is no signal, allowed \(known)")
                continue
            }
            addValue(&entry, .signal(word.signal), factor: word.factor, step: 0)
            entry.finish()
        }
        for needed in ["voltage", "current", "state_of_charge"] where section.item(needed) == nil {
            section.fault(needed, "is missing; the inverter needs it")
        }
    }

    /// Cells or probes: a run of equal entries in consecutive registers.
    private mutating func readRun(
        _ key: String, most: Int, factor: Int64, _ target: (UInt8) -> ValueTarget
    ) -> Int {
        guard var section = root.section(key) else { return 0 }
        let count = section.requiredInteger("count", in: 1...most) ?? 0
        let faultsBefore = section.faults.faults.count
        for index in 0..<count where section.faults.faults.count == faultsBefore {
            addValue(&section, target(UInt8(index)), factor: factor, step: index)
        }
        section.finish()
        return count
    }

    private mutating func addValue(
        _ section: inout JSONSection, _ target: ValueTarget, factor: Int64, step: Int
    ) {
        let types: [(String, RawType)] = [
            ("u16", .u16), ("i16", .i16), ("u32", .u32), ("i32", .i32),
            ("u32_low_first", .u32LowFirst), ("i32_low_first", .i32LowFirst),
            ("u8_high", .u8High), ("u8_low", .u8Low), ("i8_high", .i8High), ("i8_low", .i8Low),
        ]
        let (numerator, denominator) = scale(&section, factor: factor)
        let absentHere = absentCodes(&section)
        let negates = section.bool("negate", default: false)
        let addend = Int64(section.integer("offset", in: -1_000_000...1_000_000) ?? 0)
        guard let type = section.word("type", types, default: RawType.u16),
            let at = section.requiredInteger("at", in: 0...0xFFFF)
        else { return }
        let isWide = [RawType.u32, .i32, .u32LowFirst, .i32LowFirst].contains(type)
        let words = isWide ? 2 : 1
        guard let place = locate(at + step * words, words: words, bits: nil, section) else {
            return
        }
        let bounds = plausibility.bounds(target)
        plan.values.append(
            ValueRow(
                block: place.block, byteOffset: place.offset, type: type, target: target,
                addend: addend,
                numerator: negates ? -numerator : numerator, denominator: denominator,
                absentStart: UInt16(plan.absent.count),
                absentCount: UInt8(absentHere.count),
                minimum: bounds.minimum, maximum: bounds.maximum, dropsBlock: bounds.dropsBlock))
        plan.absent.append(contentsOf: absentHere)
    }

    private func absentCodes(_ section: inout JSONSection) -> [Int64] {
        let codes = section.integers("not_available").map(Int64.init)
        guard codes.count <= Self.mostAbsentCodes else {
            section.fault(
                "not_available", "has \(codes.count) codes, allowed 1…\(Self.mostAbsentCodes)")
            return []
        }
        return codes
    }

    /// The factor from raw numbers to our unit as a fraction.
    private func scale(_ section: inout JSONSection, factor: Int64) -> (Int64, Int64) {
        guard let scale = section.number("scale") else { return (factor, 1) }
        guard scale.coefficient > 0, scale.coefficient < 1_000_000, scale.exponent > -7,
            scale.exponent < 4
        else {
            section.fault("scale", "is not a factor between 0.000001 and 1000000")
            return (factor, 1)
        }
        var numerator = scale.coefficient * factor
        var denominator: Int64 = 1
        for _ in 0..<abs(scale.exponent) {
            if scale.exponent > 0 { numerator *= 10 } else { denominator *= 10 }
        }
        while numerator % 10 == 0, denominator % 10 == 0 {
            numerator /= 10
            denominator /= 10
        }
        return (numerator, denominator)
    }

    /// The block that holds an address, and the byte in its data.
    private func locate(
        _ address: Int, words: Int, bits: Int?, _ section: JSONSection
    ) -> (block: UInt8, offset: UInt16)? {
        let readsBits = bits != nil
        let matches = plan.blocks.indices.filter { index in
            let block = plan.blocks[index]
            let end = Int(block.address) + Int(block.count)
            return block.function.readsBits == readsBits && address >= Int(block.address)
                && address + (bits ?? words) <= end
        }
        let text = "0x" + String(address, radix: 16, uppercase: true)
        guard let index = matches.first else {
            section.fault(
                "at", "needs \(readsBits ? "bit" : "register") \(text), no block reads it")
            return nil
        }
        let distance = address - Int(plan.blocks[index].address)
        if readsBits, distance % 8 != 0 {
            section.fault("at", "is bit \(text), which does not begin a byte of its block")
            return nil
        }
        return (UInt8(index), UInt16(readsBits ? distance / 8 : distance * 2))
    }

    private mutating func readFlags() {
        let sections = root.sections("flags")
        let most = PackReading.maximumFlagWords
        if sections.count > most {
            root.fault("flags", "has \(sections.count) words, allowed 1…\(most)")
        }
        for var section in sections.prefix(most) {
            let name = readFlagName(&section)
            let isCoil = section.bool("coils", default: false)
            guard let at = section.requiredInteger("at", in: 0...0xFFFF),
                let place = locate(at, words: 1, bits: isCoil ? 8 : nil, section)
            else { continue }
            let first = plan.rules.count
            readRules(&section, width: isCoil ? 8 : 16)
            let balancing = section.integer("balancing_first_cell", in: 1...32)
            plan.flags.append(
                FlagRow(
                    block: place.block, byteOffset: place.offset, width: isCoil ? 1 : 2,
                    firstRule: UInt16(first), ruleCount: UInt8(plan.rules.count - first),
                    balancingFirstCell: balancing.map { Int8($0 - 1) } ?? -1))
            flagNames.append(name)
            section.finish()
        }
    }

    /// Names of flag words stand beside those of signals in explanations, so all must differ.
    private func readFlagName(_ section: inout JSONSection) -> String {
        let name = section.requiredString("name")
        if flagNames.contains(name) { section.fault("name", "is '\(name)' twice") }
        if MapWords.signals.contains(where: { $0.name == name }) {
            section.fault("name", "is '\(name)', which is the name of a signal")
        }
        return name
    }

    private mutating func readRules(_ section: inout JSONSection, width: Int) {
        if let any = section.string("any") {
            addRule(any, mask: width == 8 ? 0xFF : 0xFFFF, key: "any", section)
        }
        guard var bits = section.section("bits") else { return }
        for name in bits.names() {
            guard let bit = Int(name), (0..<width).contains(bit), String(bit) == name else {
                bits.fault(name, "is no bit, allowed \"0\"…\"\(width - 1)\"")
                continue
            }
            if let text = bits.string(name) {
                addRule(text, mask: 1 << UInt16(bit), key: name, bits)
            }
        }
    }

    private mutating func addRule(
        _ text: String, mask: UInt16, key: String, _ section: JSONSection
    ) {
        guard let meaning = MapWords.meaning(text) else {
            section.fault(
                key,
                "is '\(text)', expected warning, protection or fault with an alarm, or state with a state, such as 'warning.cell_overvoltage'"
            )
            return
        }
        if case .state(let state) = meaning {
            plan.knownStates.formUnion(PackStates(rawValue: state))
        }
        plan.rules.append(FlagRule(mask: mask, meaning: meaning))
    }

    private mutating func readTexts() {
        guard var section = root.section("texts") else { return }
        for (name, field) in [
            ("serial", TextField.serial), ("model", .model), ("firmware", .firmware),
        ] {
            guard var entry = section.section(name) else { continue }
            let length = entry.requiredInteger("registers", in: 1...60) ?? 1
            if let at = entry.requiredInteger("at", in: 0...0xFFFF),
                let place = locate(at, words: length, bits: nil, entry)
            {
                plan.texts.append(
                    TextRow(
                        block: place.block, byteOffset: place.offset, length: UInt8(length * 2),
                        field: field))
            }
            entry.finish()
        }
        section.finish()
    }

    /// Zero is impossible in blocks that hold a voltage or cells: no battery has none.
    private mutating func markZeroRejection() {
        for row in plan.values {
            switch row.target {
            case .signal(.voltage), .cell: plan.blocks[Int(row.block)].rejectsZero = true
            default: continue
            }
        }
    }
}
