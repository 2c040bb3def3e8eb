import Bank

extension BankUnits {
    /// The truth about one pack as JSON.
    func status(of number: Int, at now: Int64) -> String {
        let pack = model.packs[number - 1]
        let counter = counters[number - 1]
        let active = faults.active(number, at: now)
        let reading = pack.reading
        return JSONText.object(
            [
                ("pack", "\(number)"), ("unit", "\(unit(of: number))"),
                ("serial", JSONText.string(pack.serial)),
                ("voltage_v", JSONText.number(pack.voltage, decimals: 3)),
                ("current_a", JSONText.number(pack.current, decimals: 3)),
                ("state_of_charge_pct", JSONText.number(pack.stateOfCharge * 100, decimals: 2)),
                ("remaining_ah", JSONText.number(pack.remaining, decimals: 3)),
                ("full_ah", JSONText.number(pack.fullCapacity, decimals: 3)),
                (
                    "cells_v",
                    JSONText.array(pack.cellVoltages.map { JSONText.number($0, decimals: 4) })
                ),
                (
                    "temperatures_c",
                    JSONText.array(pack.cellTemperatures.map { JSONText.number($0, decimals: 1) })
                ),
                ("mosfet_c", JSONText.number(pack.mosfetTemperature, decimals: 1)),
                ("ambient_c", JSONText.number(pack.ambient, decimals: 1)),
                ("charge_mosfet_on", JSONText.bool(pack.mayCharge)),
                ("discharge_mosfet_on", JSONText.bool(pack.mayDischarge)),
            ] + [
                ("warnings", Self.codes(reading.warnings)),
                ("protections", Self.codes(reading.protections)),
                ("balancing", "\(reading.balancing)"),
                ("faults", JSONText.array(active.map { JSONText.string($0.word) })),
                ("requests", "\(counter.requests)"), ("answers", "\(counter.answers)"),
                ("writes", "\(counter.writes)"),
            ])
    }

    private static func codes(_ set: AlarmSet) -> String {
        JSONText.array(
            AlarmKind.allCases.filter { set.contains($0) }.map { JSONText.string($0.code) })
    }
}
