import Bank
import Modbus
import Quantities
import StrictJSON

extension PackMap {
    /// Reads a map document; throws one error with every fault in it.
    ///
    /// `resolve` gives the bytes of the map that the document extends, by its id.
    package static func load(
        _ bytes: [UInt8], name: String, resolve: (String) -> [UInt8]? = { _ in nil }
    ) throws(PackMapError) -> PackMap {
        let item: JSONItem
        do {
            item = try JSONParser.parse(bytes)
        } catch {
            throw PackMapError(name: name, faults: [error.description])
        }
        let faults = FaultList()
        let document = MapExtension.apply(item, faults: faults, resolve: resolve)
        guard faults.faults.isEmpty else {
            throw PackMapError(name: name, faults: faults.faults.map(\.description))
        }
        var loader = PackMapLoader(document, faults: faults)
        let map = loader.load()
        guard faults.faults.isEmpty else {
            throw PackMapError(name: name, faults: faults.faults.map(\.description))
        }
        return map
    }
}

/// Turns a map document into a map with its plan, noting every fault.
///
/// While it loads, the `block` of every row is the number of its region in the document, and places
/// count from the region's first byte; the planner then cuts regions into blocks.
struct PackMapLoader {
    static let mostAbsentCodes = 8

    var root: JSONSection
    var plan = ReadPlan()
    var regions: [MapRegion] = []
    /// Parts of regions that must be read together, in bytes.
    var extents: [ReadPlanner.Extent] = []
    var flagNames: [String] = []
    /// Signals that are worked out from others.
    var computedEntries: [(JSONSection, PackSignal)] = []
    var plausibility = PlausibilityTable()
    var line = MapLine()
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
        let notes = root.strings("notes")
        readLine()
        readAddressing()
        let unitRules = UnitRules(root.section("units"))
        plan.replyOffset = Int16(unitRules.replyOffset)
        plan.wakePauses = readWakePauses()
        readRegions()
        plausibility = PlausibilityTable(root.section("plausibility"))
        cellCount = readRuns("cells", most: PackReading.maximumCells, factor: 1000) { .cell($0) }
        probeCount = readRuns("probes", most: PackReading.maximumProbes, factor: 10) { .probe($0) }
        let entries = plan.values
        plan.values = []
        readSignals()  // some follow the last cell or probe
        plan.values += entries
        readComputed()
        readFlags()
        readTexts()
        let limits = PackLimits(root.section("limits"))
        let forbidden = readForbiddenWrites()
        root.finish()
        let names = root.faults.faults.isEmpty ? planBlocks() : []
        markZeroRejection()
        return PackMap(
            id: id, title: title, confidence: confidence ?? .single, sources: sources,
            notes: notes, line: line, unitRules: unitRules, limits: limits, blockNames: names,
            flagNames: flagNames, cellCount: cellCount, probeCount: probeCount,
            forbiddenWrites: forbidden, plan: plan)
    }

    private mutating func readLine() {
        guard var section = root.section("line") else { return }
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
        line.mostRegisters = section.integer("most_registers", in: 1...125) ?? 125
        line.retries = section.integer("retries", in: 0...3) ?? 1
        plan.retries = UInt8(line.retries)
        section.finish()
    }

    private mutating func readAddressing() {
        guard var section = root.section("addressing") else { return }
        plan.addressStep = UInt16(section.integer("step", in: 1...2) ?? 1)
        plan.isRelative = section.bool("relative", default: false)
        section.finish()
    }

    private mutating func readWakePauses() -> [TimeSpan] {
        let pauses = root.integers("wake_ms")
        if pauses.count > 16 { root.fault("wake_ms", "has \(pauses.count) pauses, allowed 0…16") }
        for pause in pauses where !(1...60_000).contains(pause) {
            root.fault("wake_ms", "contains \(pause), allowed 1…60000")
            return []
        }
        return pauses.map { .milliseconds(Int64($0)) }
    }

    /// Zeros throughout are impossible in blocks that hold what no battery lacks.
    ///
    /// A setting that is
    /// read once may be unset; what is read again and again is measured.
    private mutating func markZeroRejection() {
        for row in plan.values where row.target.isNeverZero {
            guard plan.blocks.indices.contains(Int(row.block)) else { continue }
            let isSetting = plan.blocks[Int(row.block)].poll == .once
            if isSetting, !row.target.isMeasuredVoltage { continue }
            plan.blocks[Int(row.block)].rejectsZero = true
        }
    }
}
