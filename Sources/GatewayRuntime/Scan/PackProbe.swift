import Bank
import Modbus
import PackMap
import Quantities
import SerialPort

/// How sure it is that a unit speaks a map.
enum Certainty: String, Comparable, Sendable {
    /// Something answers, and not as the map says.
    case answers
    /// Every block the gateway needs came and is plausible.
    case likely
    /// The cells add up to the pack's voltage as well.
    case certain

    private var rank: Int {
        switch self {
        case .answers: 0
        case .likely: 1
        case .certain: 2
        }
    }

    static func < (left: Certainty, right: Certainty) -> Bool { left.rank < right.rank }
}

/// What a unit said when it was read as one map.
struct PackProbe: Sendable {
    var map: PackMap
    var unit: UInt8
    var reading = PackReading()
    var identity = PackIdentity()
    /// Blocks that came and were plausible.
    var accepted = 0
    /// Blocks the first frame to an inverter would wait for.
    var missing = 0
    /// Why it does not fit, in words; empty when it does.
    var trouble = ""

    /// How sure it is.
    var certainty: Certainty {
        guard accepted > 0, missing == 0, trouble.isEmpty else { return .answers }
        return cellsAddUp ? .certain : .likely
    }

    /// Whether the sum of the cells is within 2 % of the pack's voltage.
    private var cellsAddUp: Bool {
        guard let voltage = reading.voltage?.millivolts, reading.cellCount > 0 else { return false }
        var sum: Int64 = 0
        for index in 0..<Int(reading.cellCount) {
            sum += Int64(reading.cell(index)?.millivolts ?? 0)
        }
        return abs(sum - Int64(voltage)) * 50 <= Int64(voltage)
    }

    /// How many cells the unit showed.
    var cells: Int {
        (0..<Int(reading.cellCount)).count { reading.cell($0) != nil }
    }

    /// The better of two probes of one unit.
    static func isWorse(_ left: PackProbe, _ right: PackProbe) -> Bool {
        if left.certainty != right.certainty { return left.certainty < right.certainty }
        if left.share != right.share { return left.share < right.share }
        return left.accepted < right.accepted
    }

    /// Accepted blocks of all blocks, in thousandths.
    private var share: Int { accepted * 1000 / max(1, map.plan.blocks.count) }
}

/// Reads a unit once as a map describes it.
struct PackProber {
    /// How the probing ended.
    enum Outcome {
        /// Nothing came.
        case silent
        /// Something came.
        case heard(PackProbe)
        /// The line is gone.
        case lost(LineError)
        /// The scan was asked to stop.
        case stopped
    }

    let line: ModbusLine
    let extraMilliseconds: Int

    /// Reads every block; the first decides whether anybody is there.
    func probe(_ map: PackMap, unit: UInt8, at rate: LineRate?) -> Outcome {
        var probe = PackProbe(map: map, unit: unit)
        let timing = LineTiming(map.line, at: rate, extraMilliseconds: extraMilliseconds)
        for (index, block) in map.plan.blocks.enumerated() {
            guard let request = block.request(to: UnitID(unit)) else { continue }
            var outcome = exchange(request, map, unit, timing)
            if case .checkFailed = outcome { outcome = exchange(request, map, unit, timing) }
            switch outcome {
            case .reply(let data): take(data, index, into: &probe)
            case .exception(let exception): refuse(exception, index, &probe)
            case .timeout where index == 0: return .silent
            case .timeout: if block.isRequired { probe.missing += 1 }
            case .checkFailed: probe.trouble = "answers with a wrong CRC"
            case .wrongUnit(let other): probe.trouble = "unit \(other.rawValue) answers instead"
            case .stopped: return .stopped
            case .lost(let error): return .lost(error)
            }
            if index == 0, !probe.trouble.isEmpty { break }
        }
        return .heard(probe)
    }

    private func exchange(
        _ request: LineRequest, _ map: PackMap, _ unit: UInt8, _ timing: LineTiming
    ) -> ExchangeOutcome {
        line.exchange(request, replyUnit: map.plan.replyUnit(for: UnitID(unit)), timing: timing)
    }

    private func take(_ data: FrameBytes, _ index: Int, into probe: inout PackProbe) {
        let verdict = probe.map.plan.decode(
            block: index, data, at: MachineClock.now(), into: &probe.reading,
            identity: &probe.identity)
        let name = probe.map.blockNames[index]
        switch verdict {
        case .accepted: probe.accepted += 1
        case .allZero: probe.trouble = "block '\(name)' is all zero"
        case .short: probe.trouble = "block '\(name)' is short"
        case .implausible(let target, let value):
            probe.trouble = "block '\(name)' has an impossible \(target): \(value)"
        }
    }

    private func refuse(_ exception: ModbusException, _ index: Int, _ probe: inout PackProbe) {
        let block = probe.map.plan.blocks[index]
        if block.isRequired { probe.missing += 1 }
        guard index == 0 else { return }
        probe.trouble =
            "refuses block '\(probe.map.blockNames[index])': \(exception.words); "
            + "another protocol may be set in the pack"
    }
}
