import Quantities

/// What one pack adds to the bank's current limits, and why not more.
struct PackContribution {
    var charge: Limit<Current>
    var discharge: Limit<Current>

    /// The contribution of a pack that counts.
    init(
        _ slot: PackSlot, number: UInt8, limits: PackLimits,
        configuration: BankConfiguration, now: Instant
    ) {
        let reading = slot.reading
        charge = Self.own(
            reading, .chargeCurrentLimit, ceiling: limits.chargeCurrent, limits, configuration,
            number, now)
        discharge = Self.own(
            reading, .dischargeCurrentLimit, ceiling: limits.dischargeCurrent, limits,
            configuration, number, now)
        charge.lower(
            to: configuration.packChargeCurrentCeiling,
            configuration.reason(.packChargeCurrent, pack: number))
        discharge.lower(
            to: configuration.packDischargeCurrentCeiling,
            configuration.reason(.packDischargeCurrent, pack: number))
        applyCells(reading, number, limits)
        applyTemperatures(reading, number, limits)
        applyStates(reading, number)
        applyAlarms(reading, number)
        applyAges(reading, number, configuration, now)
    }

    /// The limit the pack tells, held to what its map says it stands.
    private static func own(
        _ reading: PackReading, _ signal: PackSignal, ceiling: Current, _ limits: PackLimits,
        _ configuration: BankConfiguration, _ number: UInt8, _ now: Instant
    ) -> Limit<Current> {
        var limit = Limit(ceiling, LimitReason(.mapCeiling, pack: number))
        if let told = reading[signal] {
            let isFresh = now.since(reading.stamp(of: signal)) <= configuration.valueLimit
            let value = Current.milliamperes(max(0, told))
            if isFresh || value < limit.value {
                limit.lower(to: value, LimitReason(.packLimit, pack: number))
            }
            if !isFresh, limits.publishesCurrentLimits {
                limit.lower(to: .zero, LimitReason(.staleValue, pack: number))
            }
        } else if limits.publishesCurrentLimits {
            limit.lower(to: .zero, LimitReason(.staleValue, pack: number))
        }
        return limit
    }

    private mutating func applyCells(
        _ reading: PackReading, _ number: UInt8, _ limits: PackLimits
    ) {
        let extremes = reading.cellExtremes(pack: number)
        if let highest = extremes.maximum {
            let reason = LimitReason(.cellVoltageHigh, pack: number, cell: highest.cell)
            let room = limits.cellMaximum.millivolts.subtractingSaturated(highest.value.millivolts)
            charge.taper(room: room, over: limits.cellTaper.millivolts, reason)
        }
        if let lowest = extremes.minimum {
            let reason = LimitReason(.cellVoltageLow, pack: number, cell: lowest.cell)
            let room = lowest.value.millivolts.subtractingSaturated(limits.cellMinimum.millivolts)
            discharge.taper(room: room, over: limits.cellTaper.millivolts, reason)
        }
    }

    private mutating func applyTemperatures(
        _ reading: PackReading, _ number: UInt8, _ limits: PackLimits
    ) {
        let extremes = reading.temperatureExtremes(pack: number)
        if let hottest = extremes.maximum {
            let reason = LimitReason(.temperatureHigh, pack: number, cell: hottest.cell)
            if hottest.value >= limits.chargeTemperatureMaximum { charge.lower(to: .zero, reason) }
            if hottest.value >= limits.dischargeTemperatureMaximum {
                discharge.lower(to: .zero, reason)
            }
        }
        if let coldest = extremes.minimum {
            let reason = LimitReason(.temperatureLow, pack: number, cell: coldest.cell)
            if coldest.value <= limits.chargeTemperatureMinimum { charge.lower(to: .zero, reason) }
            if coldest.value <= limits.dischargeTemperatureMinimum {
                discharge.lower(to: .zero, reason)
            }
        }
    }

    private mutating func applyStates(_ reading: PackReading, _ number: UInt8) {
        let open = reading.knownStates.subtracting(reading.states)
        let reason = LimitReason(.packSwitchOpen, pack: number)
        if open.contains(.chargeMOSFETOn) { charge.lower(to: .zero, reason) }
        if open.contains(.dischargeMOSFETOn) { discharge.lower(to: .zero, reason) }
    }

    /// Last, so that a protection is named rather than the switch it opened.
    private mutating func applyAlarms(_ reading: PackReading, _ number: UInt8) {
        let active = reading.protections.union(reading.faults)
        let reason = LimitReason(.packProtection, pack: number)
        if !active.isDisjoint(with: .blockingCharge) { charge = Limit(.zero, reason) }
        if !active.isDisjoint(with: .blockingDischarge) { discharge = Limit(.zero, reason) }
    }

    /// Flags and cells that were read once and are now too old cannot permit anything (rule 3).
    private mutating func applyAges(
        _ reading: PackReading, _ number: UInt8, _ configuration: BankConfiguration,
        _ now: Instant
    ) {
        let oldFlags =
            reading.flagsStamp != .never && now.since(reading.flagsStamp) > configuration.cellLimit
        let oldCells =
            reading.cellsStamp != .never && now.since(reading.cellsStamp) > configuration.cellLimit
        guard oldFlags || oldCells else { return }
        let reason = LimitReason(.staleValue, pack: number)
        charge.lower(to: .zero, reason)
        discharge.lower(to: .zero, reason)
    }
}

extension Limit where Quantity: FixedPoint {
    /// Takes the smaller value and its reason; keeps the present reason when they are equal.
    package mutating func lower(to other: Quantity?, _ reason: LimitReason) {
        guard let other, other < value else { return }
        self = Limit(other, reason)
    }
}

extension Limit<Current> {
    /// Reduces in proportion while `room` is less than `span`, to zero when there is none.
    mutating func taper(room: Int32, over span: Int32, _ reason: LimitReason) {
        guard room < span else { return }
        let share = Int64(max(0, room)) * Int64(value.milliamperes) / Int64(max(1, span))
        lower(to: .milliamperes(Int32(saturating: share)), reason)
    }
}
