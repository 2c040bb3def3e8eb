import Quantities

/// Turns the packs' readings into what the inverter is told.
///
/// 1. Nothing may be sent before the first complete, plausible reading of the required packs.
/// 2. A limit is never above what the online packs allow, nor above the installer's ceiling.
/// 3. A value older than its time limit counts only where it makes the result more careful.
/// 4. A protection of any pack shows in the next state. Limits fall at once and rise slowly.
/// 5. One state is one snapshot.
/// 6. Nothing here waits or allocates.
/// 7. One silent pack lowers the limits and nothing else.
/// 8. With too few packs the mode is `stopped`, and the profile says what that means on the bus.
/// 9. Every limit carries its reason.
///
/// The numbers are those of the safety rules; the suites cite them. The controller only remembers
/// what the last limits were and since when it waits.
package struct BankController: Sendable {
    /// What the installer allows.
    package private(set) var configuration: BankConfiguration
    private var beganAt: Instant = .never
    private var lastAt: Instant = .never
    private var mode = BankMode.starting
    private var sequence: UInt64 = 0
    private var lastCharge: Current?
    private var lastDischarge: Current?

    /// A controller that has seen nothing.
    package init(configuration: BankConfiguration) { self.configuration = configuration }

    /// Holds to other ceilings and times from the next evaluation on, for the same packs.
    ///
    /// What the last limits were stays: lower ceilings count at once, higher ones are risen to (rule 4).
    package mutating func replace(configuration: BankConfiguration) {
        self.configuration = configuration
    }

    /// The bank's state at `now`.
    ///
    /// `inverterSilent` is true while the inverter's keep-alive is missing and the profile asks to
    /// stop for it; `inverterStops` while the inverter itself asks to stop.
    package mutating func evaluate(
        _ packs: PackTable, now: Instant, inverterSilent: Bool = false, inverterStops: Bool = false
    ) -> BankState {
        if beganAt == .never { beganAt = now }
        sequence &+= 1
        var state = BankState()
        state.takenAt = now
        state.sequence = sequence
        state.packsConfigured = UInt8(packs.count)
        var sums = BankSums()
        for position in 0..<packs.count {
            let number = UInt8(position + 1)
            let status = status(of: packs[position], now: now)
            state.packStatus[position] = status
            collectAlarms(packs[position], status: status, into: &state)
            collectVoltageLimits(packs[position], position: position, status, into: &sums)
            guard status == .online else {
                sums.noteAbsent(number: number, status: status)
                continue
            }
            let contribution = PackContribution(
                packs[position], number: number, limits: configuration.packs[position],
                configuration: configuration, now: now)
            sums.add(packs[position].reading, contribution, number: number)
            state.packLimits[position].charge = contribution.charge.value
            state.packLimits[position].discharge = contribution.discharge.value
        }
        sums.write(into: &state)
        decideMode(&state, now: now)
        let stop: LimitRule? =
            inverterStops ? .inverterRequest : inverterSilent ? .inverterSilent : nil
        decideLimits(&state, sums, stop: stop, now: now)
        holdPackLimits(&state)
        lastAt = now
        return state
    }

    private func status(of slot: PackSlot, now: Instant) -> PackStatus {
        if slot.isImplausible || slot.findings.contains(.duplicateSerialNumber) {
            return .implausible
        }
        guard slot.isComplete, slot.answeredAt != .never else { return .waiting }
        return now.since(slot.answeredAt) <= configuration.valueLimit ? .online : .silent
    }

    /// A silent pack's last alarms still count: they can only make the result more careful.
    private func collectAlarms(
        _ slot: PackSlot, status: PackStatus, into state: inout BankState
    ) {
        if status != .waiting {
            state.warnings.formUnion(slot.reading.warnings)
            state.protections.formUnion(slot.reading.protections)
            state.faults.formUnion(slot.reading.faults)
        }
        state.warnings.formUnion(slot.findings)
        if status == .silent { state.warnings.insert(.packSilent) }
        if status == .implausible { state.warnings.insert(.packImplausible) }
    }

    /// The lowest charge voltage and the highest discharge voltage of all packs that ever told one.
    private func collectVoltageLimits(
        _ slot: PackSlot, position: Int, _ status: PackStatus, into sums: inout BankSums
    ) {
        guard status == .online || status == .silent else { return }
        let limits = configuration.packs[position]
        let number = UInt8(position + 1)
        var charge = Limit(limits.chargeVoltage, LimitReason(.mapCeiling, pack: number))
        var discharge = Limit(limits.dischargeVoltage, LimitReason(.mapCeiling, pack: number))
        let own = LimitReason(.packLimit, pack: number)
        if let told = slot.reading[.chargeVoltageLimit], told > 0 {
            charge.lower(to: .millivolts(told), own)
        }
        if let told = slot.reading[.dischargeVoltageLimit] {
            discharge.raise(to: .millivolts(told), own)
        }
        sums.addVoltages(charge: charge, discharge: discharge)
    }

    private mutating func decideMode(_ state: inout BankState, now: Instant) {
        let online = Int(state.packsOnline)
        switch mode {
        case .starting:
            let isWaitOver = now.since(beganAt) >= configuration.startWait
            let enough = max(1, configuration.minimumPacks)
            if online == Int(state.packsConfigured) || (isWaitOver && online >= enough) {
                mode = .running
            }
        case .running, .stopped:
            mode = online >= max(1, configuration.minimumPacks) ? .running : .stopped
        }
        state.mode = mode
    }

    private mutating func decideLimits(
        _ state: inout BankState, _ sums: BankSums, stop: LimitRule?, now: Instant
    ) {
        applyVoltageLimits(&state, sums)
        switch mode {
        case .starting: return
        case .stopped:
            let rule: LimitRule = state.packsOnline == 0 ? .allPacksSilent : .tooFewPacks
            state.chargeCurrent = Limit(.zero, LimitReason(rule))
            state.dischargeCurrent = Limit(.zero, LimitReason(rule))
        case .running:
            var charge = sums.charge
            var discharge = sums.discharge
            charge.lower(
                to: configuration.chargeCurrentCeiling, configuration.reason(.chargeCurrent))
            discharge.lower(
                to: configuration.dischargeCurrentCeiling, configuration.reason(.dischargeCurrent))
            if let stop {
                charge.lower(to: .zero, LimitReason(stop))
                discharge.lower(to: .zero, LimitReason(stop))
            }
            state.chargeCurrent = risen(charge, from: lastCharge, now: now)
            state.dischargeCurrent = risen(discharge, from: lastDischarge, now: now)
            state.chargeEnabled = charge.value > .zero
            state.dischargeEnabled = discharge.value > .zero
        }
        lastCharge = state.chargeCurrent.value
        lastDischarge = state.dischargeCurrent.value
    }

    /// A pack's part is never above what the whole bank may do (rule 2).
    private func holdPackLimits(_ state: inout BankState) {
        for position in 0..<Int(state.packsConfigured) {
            let limits = configuration.packs[position]
            state.cellCeiling = min(state.cellCeiling ?? limits.cellMaximum, limits.cellMaximum)
            state.cellFloor = max(state.cellFloor ?? limits.cellMinimum, limits.cellMinimum)
            var own = state.packLimits[position]
            own.charge = min(own.charge, state.chargeCurrent.value)
            own.discharge = min(own.discharge, state.dischargeCurrent.value)
            state.packLimits[position] = own
        }
    }

    private func applyVoltageLimits(_ state: inout BankState, _ sums: BankSums) {
        guard var charge = sums.chargeVoltage, var discharge = sums.dischargeVoltage else { return }
        charge.lower(to: configuration.chargeVoltageCeiling, configuration.reason(.chargeVoltage))
        if let floor = configuration.dischargeVoltageFloor {
            discharge.raise(to: floor, configuration.reason(.dischargeVoltage))
        }
        state.chargeVoltage = charge
        state.dischargeVoltage = discharge
    }

    /// A limit may fall to any value at once and rise only by the configured rate (rule 4).
    private func risen(_ wanted: Limit<Current>, from last: Current?, now: Instant) -> Limit<
        Current
    > {
        guard let last, wanted.value > last else { return wanted }
        let milliseconds = max(0, min(now.since(lastAt).milliseconds, 60_000))
        let rise = milliseconds * Int64(configuration.riseMilliamperesPerSecond) / 1000
        let reachable = last + .milliamperes(Int32(saturating: rise))
        return wanted.value <= reachable ? wanted : Limit(reachable, LimitReason(.rising))
    }
}

extension Limit<Voltage> {
    /// Takes the larger value and its reason, for limits that protect from below.
    mutating func raise(to other: Voltage, _ reason: LimitReason) {
        if other > value { self = Limit(other, reason) }
    }
}
