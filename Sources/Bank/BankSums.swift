import Quantities

/// The running sums over the packs that count.
struct BankSums {
    private var count: Int64 = 0
    private var voltage: Int64 = 0
    private var voltages: Int64 = 0
    private var current: Int64 = 0
    private var currents: Int64 = 0
    private var weightedCharge = WeightedMean()
    private var weightedHealth = WeightedMean()
    private var remaining: Int64 = 0
    private var full: Int64 = 0
    private var wholes: Int64 = 0
    private var remainders: Int64 = 0
    private var temperature: Int64 = 0
    private var temperatures: Int64 = 0
    private var cells = Extremes<Voltage>()
    private var probes = Extremes<Temperature>()
    private var cycles: Int32?
    private var chargeBlocked: UInt8 = 0
    private var dischargeBlocked: UInt8 = 0
    private var wishes: PackStates = []
    private var absent: LimitReason?

    /// The summed charge current; its reason is that of the pack that was cut most.
    private(set) var charge = Limit(Current.zero, LimitReason(.packLimit))
    /// The summed discharge current.
    private(set) var discharge = Limit(Current.zero, LimitReason(.packLimit))
    private(set) var chargeVoltage: Limit<Voltage>?
    private(set) var dischargeVoltage: Limit<Voltage>?

    /// Remembers that a pack is left out, for the reason of the sum.
    mutating func noteAbsent(number: UInt8, status: PackStatus) {
        let rule: LimitRule = status == .implausible ? .packImplausible : .packSilent
        if absent == nil { absent = LimitReason(rule, pack: number) }
    }

    mutating func addVoltages(charge: Limit<Voltage>, discharge: Limit<Voltage>) {
        if chargeVoltage.map({ charge.value < $0.value }) ?? true { chargeVoltage = charge }
        if dischargeVoltage.map({ discharge.value > $0.value }) ?? true {
            dischargeVoltage = discharge
        }
    }

    mutating func add(_ reading: PackReading, _ contribution: PackContribution, number: UInt8) {
        count += 1
        if let value = reading.voltage {
            (voltage, voltages) = (voltage + Int64(value.units), voltages + 1)
        }
        if let value = reading.current {
            (current, currents) = (current + Int64(value.units), currents + 1)
        }
        let weight = reading.fullCapacity ?? reading[.designCapacity].map(Charge.init(units:))
        weightedCharge.add(reading.stateOfCharge?.units, weight: weight?.units)
        weightedHealth.add(reading.stateOfHealth?.units, weight: weight?.units)
        addCapacities(reading, whole: weight)
        addTemperatures(reading, number: number)
        cells.add(reading.cellExtremes(pack: number))
        if let value = reading[.cycles] { cycles = max(cycles ?? value, value) }
        wishes.formUnion(reading.states)
        addCurrents(contribution)
    }

    /// Many packs tell only one of the two, or the capacity when new: what is left then follows from the
    /// state of charge.
    private mutating func addCapacities(_ reading: PackReading, whole: Charge?) {
        if let whole {
            full += Int64(whole.units)
            wholes += 1
        }
        if let left = reading.remainingCapacity {
            remaining += Int64(left.units)
            remainders += 1
        } else if let whole, let share = reading.stateOfCharge {
            remaining += (Int64(whole.units) * Int64(share.units)).dividedRounding(by: 10_000)
            remainders += 1
        }
    }

    private mutating func addTemperatures(_ reading: PackReading, number: UInt8) {
        probes.add(reading.temperatureExtremes(pack: number))
        var found = false
        for index in 0..<Int(reading.probeCount) {
            if let value = reading.probe(index) {
                temperature += Int64(value.units)
                temperatures += 1
                found = true
            }
        }
        guard !found else { return }
        if let value = reading[.cellTemperatureMean] {
            temperature += Int64(value)
            temperatures += 1
        } else if let high = reading[.cellTemperatureMaximum],
            let low = reading[.cellTemperatureMinimum]
        {
            // A pack that tells only its extremes is taken for as warm as their middle.
            temperature += (Int64(high) + Int64(low)).dividedRounding(by: 2)
            temperatures += 1
        }
    }

    /// Adds a pack's limits; the sum's reason is the hardest cut any pack suffered.
    private mutating func addCurrents(_ contribution: PackContribution) {
        if contribution.charge.value == .zero { chargeBlocked += 1 }
        if contribution.discharge.value == .zero { dischargeBlocked += 1 }
        charge = Limit(
            charge.value + contribution.charge.value,
            Self.harder(charge.reason, contribution.charge))
        discharge = Limit(
            discharge.value + contribution.discharge.value,
            Self.harder(discharge.reason, contribution.discharge))
    }

    /// A reason that says more than "the packs' own limits" wins; among those the first pack's.
    private static func harder(_ reason: LimitReason, _ limit: Limit<Current>) -> LimitReason {
        switch (reason.rule, limit.reason.rule) {
        case (.packLimit, .packLimit): LimitReason(.packLimit)
        case (.packLimit, .mapCeiling) where reason.pack == 0: LimitReason(.mapCeiling)
        case (.mapCeiling, .mapCeiling), (.mapCeiling, .packLimit): LimitReason(.mapCeiling)
        case (.packLimit, _), (.mapCeiling, _): limit.reason
        case (_, _): reason
        }
    }

    mutating func write(into state: inout BankState) {
        if let absent {
            if Self.isPlain(charge.reason) { charge.reason = absent }
            if Self.isPlain(discharge.reason) { discharge.reason = absent }
        }
        state.packsOnline = UInt8(count)
        state.packsChargeBlocked = chargeBlocked
        state.packsDischargeBlocked = dischargeBlocked
        if voltages > 0 {
            state.voltage = .millivolts(Int32(saturating: voltage.dividedRounding(by: voltages)))
        }
        if count > 0, currents == count {
            state.current = .milliamperes(Int32(saturating: current))
        }
        state.stateOfCharge = weightedCharge.mean.map(Percentage.init(units:))
        state.stateOfHealth = weightedHealth.mean.map(Percentage.init(units:))
        if count > 0, wholes == count {
            state.fullCapacity = .milliampereHours(Int32(saturating: full))
        }
        if count > 0, remainders == count {
            state.remainingCapacity = .milliampereHours(Int32(saturating: remaining))
        }
        if temperatures > 0 {
            state.temperatureMean = .decidegrees(
                Int32(saturating: temperature.dividedRounding(by: temperatures)))
        }
        state.temperatureMaximum = probes.maximum
        state.temperatureMinimum = probes.minimum
        state.cellMaximum = cells.maximum
        state.cellMinimum = cells.minimum
        state.cycles = cycles
        state.forceCharge = wishes.contains(.forceCharge)
        state.fullChargeRequest = wishes.contains(.fullChargeRequest)
    }

    private static func isPlain(_ reason: LimitReason) -> Bool {
        reason.rule == .packLimit || reason.rule == .mapCeiling
    }
}

/// A mean weighted by capacity, or a plain one while any capacity is unknown.
struct WeightedMean {
    private var plain: Int64 = 0
    private var count: Int64 = 0
    private var weighted: Int64 = 0
    private var weight: Int64 = 0
    private var isWeightKnown = true

    mutating func add(_ value: Int32?, weight: Int32?) {
        guard let value else { return }
        plain += Int64(value)
        count += 1
        guard let weight, weight > 0 else {
            isWeightKnown = false
            return
        }
        weighted += Int64(value) * Int64(weight)
        self.weight += Int64(weight)
    }

    /// The mean rounded to the nearest unit, or nil when nothing was added.
    var mean: Int32? {
        guard count > 0 else { return nil }
        return isWeightKnown
            ? Int32(saturating: weighted.dividedRounding(by: weight))
            : Int32(saturating: plain.dividedRounding(by: count))
    }
}
