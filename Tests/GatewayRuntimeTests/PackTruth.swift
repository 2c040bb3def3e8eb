import Bank
import PackMap
import Quantities

@testable import GatewayRuntime

/// What a simulated pack really is, to hold against what was read of it.
struct PackTruth {
    let serial: String
    /// In the units of the signals.
    private let signals: [PackSignal: Double]
    /// mV and 0.1 °C.
    private let cells: [Double]
    private let probes: [Double]

    /// Reads one pack of the simulator's status.
    init(_ pack: [String: Any]) {
        serial = pack["serial"] as? String ?? ""
        func number(_ key: String, _ factor: Double) -> Double {
            (pack[key] as? Double ?? .nan) * factor
        }
        signals = [
            .voltage: number("voltage_v", 1000), .current: number("current_a", 1000),
            .stateOfCharge: number("state_of_charge_pct", 100),
            .remainingCapacity: number("remaining_ah", 1000),
            .fullCapacity: number("full_ah", 1000),
        ]
        cells = (pack["cells_v"] as? [Double] ?? []).map { $0 * 1000 }
        probes = (pack["temperatures_c"] as? [Double] ?? []).map { $0 * 10 }
    }

    /// What the board has otherwise than the pack; empty when all is right.
    func differences(_ slot: PackSlot, _ map: PackMap) -> [String] {
        var list: [String] = []
        let reading = slot.reading
        func check(_ target: ValueTarget, _ found: Int32?, _ truth: Double) {
            guard let step = Self.step(of: target, map.plan) else { return }
            let slack = step + (Self.slack[target] ?? 3)
            if let found, abs(Double(found) - truth) <= slack { return }
            list.append("\(target) is \(found.map(String.init) ?? "unknown"), not \(truth)")
        }
        for (signal, truth) in signals { check(.signal(signal), reading[signal], truth) }
        for (index, truth) in cells.enumerated() where index < map.cellCount {
            check(.cell(UInt8(index)), reading.cell(index)?.millivolts, truth)
        }
        for (index, truth) in probes.enumerated() {
            check(.probe(UInt8(index)), reading.probe(index)?.decidegrees, truth)
        }
        if Int(reading.cellCount) != map.cellCount {
            list.append("\(reading.cellCount) cells, not \(map.cellCount)")
        }
        if Int(reading.probeCount) != map.probeCount {
            list.append("\(reading.probeCount) probes, not \(map.probeCount)")
        }
        if map.plan.texts.contains(where: { $0.field == .serial }), slot.serialNumber.text != serial
        {
            list.append("serial number '\(slot.serialNumber.text)', not '\(serial)'")
        }
        return list
    }

    /// How far a value may move between two looks.
    private static let slack: [ValueTarget: Double] = [
        .signal(.voltage): 30, .signal(.current): 100, .signal(.stateOfCharge): 5,
        .signal(.remainingCapacity): 10, .signal(.fullCapacity): 10,
    ]

    /// One step of a value's raw number in the unit of the value; nil when it is not read.
    private static func step(of target: ValueTarget, _ plan: ReadPlan) -> Double? {
        if plan.computed.contains(where: { .signal($0.target) == target }) {
            return target == .signal(.voltage) ? 32 : 10
        }
        guard let row = plan.values.first(where: { $0.target == target }) else { return nil }
        let step = abs(Double(row.numerator)) / Double(row.denominator)
        // A pack chooses the exponent itself; the simulator's leaves steps of a hundredth.
        let operands = plan.operands[Int(row.operandStart)...].prefix(Int(row.operandCount))
        if operands.contains(where: { $0.kind == .exponent }) { return min(step, 100) }
        return step
    }
}
