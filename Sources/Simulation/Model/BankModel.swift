import Bank
import TestKit

/// Packs in parallel that share a current.
package struct BankModel: Sendable {
    /// The packs by number.
    package var packs: [PackModel]
    /// What is wanted of the bank.
    package var load: LoadProfile
    /// Seconds that have passed in the model.
    package private(set) var elapsed = 0.0
    /// What an inverter has been told, when the bank follows one; A, positive charges.
    package var followedCurrent: Double?
    /// Volts at the bus bar.
    package private(set) var voltage = 0.0

    /// The longest step the cells are reckoned with, seconds.
    private static let longestStep = 10.0

    /// A bank whose packs differ by the seed.
    package init(count: Int, settings: PackSettings, load: LoadProfile, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        packs = (1...max(1, count)).map {
            PackModel(number: $0, settings: settings, random: &random)
        }
        self.load = load
        share(wanted: 0)
    }

    /// Amperes through the bank, positive charges.
    package var current: Double { packs.reduce(0) { $0 + $1.current } }

    /// Lets time pass.
    package mutating func advance(seconds: Double) {
        var left = seconds
        while left > 0 {
            let step = min(left, Self.longestStep)
            share(wanted: followedCurrent ?? load.amperes(at: elapsed))
            for index in packs.indices { packs[index].step(seconds: step) }
            elapsed += step
            left -= step
        }
    }

    /// Parts the current by resistance and resting voltage, as copper does; packs whose switch is
    /// open against their part drop out, and the rest share again.
    private mutating func share(wanted: Double) {
        var taking = packs.indices.filter { packs[$0].mayCharge || packs[$0].mayDischarge }
        for index in packs.indices { packs[index].current = 0 }
        while !taking.isEmpty {
            let conductance = taking.reduce(0) { $0 + 1 / packs[$1].resistance }
            let driven = taking.reduce(0) { $0 + packs[$1].restingVoltage / packs[$1].resistance }
            voltage = (limited(wanted, conductance, driven) + driven) / conductance
            let refusing = taking.filter { index in
                let part = part(of: index)
                return part > 0 ? !packs[index].mayCharge : !packs[index].mayDischarge
            }
            if refusing.isEmpty { break }
            taking.removeAll { refusing.contains($0) }
        }
        if taking.isEmpty {
            voltage = packs.reduce(0) { $0 + $1.restingVoltage } / Double(packs.count)
        }
        for index in taking { packs[index].current = part(of: index) }
    }

    private func part(of index: Int) -> Double {
        (voltage - packs[index].restingVoltage) / packs[index].resistance
    }

    /// A charger tapers at its voltage, and an inverter stops before the bank is flat.
    private func limited(_ wanted: Double, _ conductance: Double, _ driven: Double) -> Double {
        guard let pack = packs.first else { return 0 }
        let limits = pack.settings.limits
        let ceiling = Double(limits.chargeVoltage.millivolts) / 1000
        let floor = Double(limits.dischargeVoltage.millivolts) / 1000
        if followedCurrent == nil, wanted > 0 {
            return max(0, min(wanted, ceiling * conductance - driven))
        }
        if followedCurrent == nil, wanted < 0 {
            return min(0, max(wanted, floor * conductance - driven))
        }
        return wanted
    }
}
