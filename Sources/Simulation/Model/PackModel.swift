import Bank
import TestKit

/// How a simulated pack begins.
package struct PackSettings: Sendable {
    /// Cells in series.
    package var cells = 16
    /// Temperature probes on the cells.
    package var probes = 4
    /// Charge when full, Ah.
    package var capacity = 100.0
    /// Mean state of charge, 0…1.
    package var stateOfCharge = 0.6
    /// Temperature around the pack, °C.
    package var ambient = 22.0
    /// What a pack of this kind stands.
    package var limits = PackLimits()
    /// What its serial number can be.
    package var serialStyle = SerialStyle.characters(32)

    /// A usual pack of 100 Ah.
    package init() {}
}

/// One battery pack with cells that differ, warms up and protects itself.
///
/// Current is positive when it charges. Nothing here knows a clock: `step` is told how much time
/// has passed.
package struct PackModel: Sendable {
    struct Cell: Sendable {
        /// Ah when full.
        var capacity: Double
        /// Ah left.
        var charge: Double
        /// Ohms at 25 °C.
        var resistance: Double
        /// Amperes lost inside at rest; the cells drift apart by it.
        var leakage: Double
        var isBalancing = false

        var stateOfCharge: Double { charge / capacity }
        var restingVoltage: Double { CellChemistry.restingVoltage(at: stateOfCharge) }
    }

    /// The number from 1.
    package let number: Int
    /// The serial number the pack shows; `swap` exchanges it.
    package var serial: String
    package let settings: PackSettings
    var cells: [Cell]
    /// °C, one for each probe.
    var cellTemperatures: [Double]
    var mosfetTemperature: Double
    /// Temperature around the pack, °C; a command may change it.
    package var ambient: Double
    /// Amperes through the terminals, positive charges.
    package internal(set) var current = 0.0
    /// The pack's own protection.
    var guardian: PackGuardian
    /// Ah charged over its life, and Ah discharged.
    var lifetimeCharge: Double
    var lifetimeDischarge: Double
    /// Wires and breaker, ohms.
    let lead: Double
    /// Whether the pack is connected to the bank.
    package var isConnected = true

    /// A pack that differs from its neighbours as the generator will have it.
    package init(number: Int, settings: PackSettings, random: inout SeededGenerator) {
        self.number = number
        self.settings = settings
        serial = settings.serialStyle.serial(number: number, seed: random.seed)
        let packCharge = settings.stateOfCharge + Double.random(in: -0.02...0.02, using: &random)
        cells = (0..<settings.cells).map { _ in
            let capacity = settings.capacity * Double.random(in: 0.985...1.015, using: &random)
            let charge = packCharge + Double.random(in: -0.004...0.004, using: &random)
            return Cell(
                capacity: capacity, charge: capacity * min(max(charge, 0), 1),
                resistance: Double.random(in: 0.0007...0.0010, using: &random),
                leakage: Double.random(in: 0.000_5...0.003, using: &random))
        }
        ambient = settings.ambient
        cellTemperatures = (0..<settings.probes).map { _ in
            settings.ambient + Double.random(in: 0.2...1.4, using: &random)
        }
        mosfetTemperature = settings.ambient + 1
        guardian = PackGuardian(limits: settings.limits, cells: settings.cells)
        lifetimeDischarge = settings.capacity * Double.random(in: 40...300, using: &random)
        lifetimeCharge = lifetimeDischarge * 1.01
        lead = Double.random(in: 0.002...0.004, using: &random)
    }

    /// Volts of the cells at rest.
    package var restingVoltage: Double { cells.reduce(0) { $0 + $1.restingVoltage } }

    /// Ohms between the terminals.
    package var resistance: Double {
        let factor = CellChemistry.resistanceFactor(at: meanTemperature)
        return lead + cells.reduce(0) { $0 + $1.resistance } * factor
    }

    /// Volts at the terminals.
    package var voltage: Double { restingVoltage + current * resistance }

    /// Ah left in the weakest cell, which is what the pack can deliver.
    package var remaining: Double { cells.map(\.charge).min() ?? 0 }

    /// Ah between empty and full as the pack can use it.
    package var fullCapacity: Double {
        remaining + (cells.map { $0.capacity - $0.charge }.min() ?? 0)
    }

    /// Share of the usable charge that is left, 0…1.
    package var stateOfCharge: Double {
        fullCapacity > 0 ? min(max(remaining / fullCapacity, 0), 1) : 0
    }

    /// Volts of each cell under the present current.
    package var cellVoltages: [Double] {
        let factor = CellChemistry.resistanceFactor(at: meanTemperature)
        return cells.map { $0.restingVoltage + current * $0.resistance * factor }
    }

    var meanTemperature: Double {
        cellTemperatures.isEmpty
            ? ambient : cellTemperatures.reduce(0, +) / Double(cellTemperatures.count)
    }

    /// Whether current may flow in, and out.
    package var mayCharge: Bool { isConnected && guardian.chargeSwitchClosed }
    package var mayDischarge: Bool { isConnected && guardian.dischargeSwitchClosed }

    /// Energy stored in the cells above empty, watt hours, reckoned along the resting curve.
    package var storedEnergy: Double {
        cells.reduce(0) { sum, cell in
            let steps = 50
            let slice = cell.charge / Double(steps)
            return (0..<steps).reduce(sum) { sum, step in
                let charge = (Double(step) + 0.5) * slice
                return sum + slice
                    * CellChemistry.restingVoltage(at: charge / cell.capacity)
            }
        }
    }

    /// Lets `seconds` pass with the current as it is.
    package mutating func step(seconds: Double) {
        let hours = seconds / 3600
        for index in cells.indices {
            let bleed = cells[index].isBalancing ? 0.06 : 0
            cells[index].charge += (current - cells[index].leakage - bleed) * hours
            cells[index].charge = min(
                max(cells[index].charge, -0.05 * cells[index].capacity),
                1.05 * cells[index].capacity)
        }
        if current > 0 { lifetimeCharge += current * hours }
        if current < 0 { lifetimeDischarge -= current * hours }
        warm(seconds: seconds)
        balance()
        guardian.look(at: self, seconds: seconds)
    }

    /// Losses warm the cells (900 J/K each, 8 K/W to the air together) and the switches.
    private mutating func warm(seconds: Double) {
        let loss = current * current * resistance
        let settled = ambient + 0.9 + loss * 0.4
        let share = 1 - exponential(-seconds / 5400)
        for index in cellTemperatures.indices {
            let own = settled + Double(index) * 0.25
            cellTemperatures[index] += (own - cellTemperatures[index]) * share
        }
        let hot = ambient + 1.5 + current * current * 0.004
        mosfetTemperature += (hot - mosfetTemperature) * (1 - exponential(-seconds / 180))
    }

    /// Bleeds cells that are high and ahead of the lowest one.
    private mutating func balance() {
        let voltages = cellVoltages
        guard let lowest = voltages.min() else { return }
        for index in cells.indices {
            cells[index].isBalancing = voltages[index] > 3.4 && voltages[index] > lowest + 0.03
        }
    }
}
