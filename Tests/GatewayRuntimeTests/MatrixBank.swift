import Bank
import CANProfile
import Modbus
import PackMap
import Quantities
import Simulation

@testable import GatewayRuntime

/// The simulated packs and what acquisition would know of them.
struct MatrixBank {
    /// How often packs are read.
    let period = TimeSpan.seconds(1)
    /// What a pack of this kind stands: 50 A in, 100 A out, 56.0 V.
    let limits: PackLimits
    /// Through which map readings go; without one the packs rest and their readings are taken as they are,
    /// which is quicker by far.
    let map: PackMap?
    private var model: BankModel
    /// What each pack says while nothing of the model moves.
    private let resting: [(reading: PackReading, identity: PackIdentity)]
    private(set) var table: PackTable
    /// Packs that do not answer, by position.
    var silent: Set<Int> = []
    /// Whether any pack answers.
    var isConnected = true
    /// Amperes through the bank.
    var current = 0.0
    /// Changes what a pack says.
    var alter: (_ position: Int, _ reading: inout PackReading) -> Void = { _, _ in }
    /// Changes what acquisition keeps of it, its stamps above all.
    var age: (_ position: Int, _ reading: inout PackReading) -> Void = { _, _ in }

    init(packs: Int, map: PackMap?) {
        var limits = PackLimits()
        limits.chargeCurrent = .milliamperes(50_000)
        limits.dischargeCurrent = .milliamperes(100_000)
        self.limits = map?.limits ?? limits
        self.map = map
        var settings = PackSettings()
        settings.limits = self.limits
        if let map {
            settings.cells = map.seriesCells
            settings.probes = max(1, map.probeCount)
        }
        model = BankModel(count: packs, settings: settings, load: .constant(0), seed: 7)
        resting = model.packs.map { ($0.reading, $0.identity) }
        table = PackTable(count: packs)
    }

    /// Reads every pack that answers.
    mutating func poll(_ now: Instant) {
        if map != nil {
            model.followedCurrent = current
            model.advance(seconds: 1)
        }
        guard isConnected else { return }
        for position in 0..<table.count where !silent.contains(position) {
            var (reading, identity) = resting[position]
            if let plan = map?.plan {
                (reading, identity) = (
                    model.packs[position].reading, model.packs[position].identity
                )
                alter(position, &reading)
                read(plan, reading, identity, position, now)
            } else {
                alter(position, &reading)
                table[position].reading = Self.stamped(reading, now)
                table[position].serialNumber = identity.serial
            }
            age(position, &table[position].reading)
            table[position].answeredAt = now
            table[position].isComplete = true
        }
    }

    private mutating func read(
        _ plan: ReadPlan, _ reading: PackReading, _ identity: PackIdentity, _ position: Int,
        _ now: Instant
    ) {
        let image = plan.encode(reading, identity: identity)
        var names = PackIdentity()
        for (index, block) in plan.blocks.enumerated() {
            guard let request = block.request(to: UnitID(1)),
                case .success(let data) = image.reply(to: request)
            else { continue }
            _ = plan.decode(
                block: index, data, at: now, into: &table[position].reading, identity: &names)
        }
        table[position].serialNumber = names.serial
    }

    /// A reading of which every part was read just now.
    static func stamped(_ reading: PackReading, _ now: Instant) -> PackReading {
        var fresh = reading
        for signal in PackSignal.allCases {
            if let value = reading[signal] { fresh.set(signal, to: value, at: now) }
        }
        (fresh.cellsStamp, fresh.probesStamp, fresh.flagsStamp) = (now, now, now)
        fresh.knownStates = [.chargeMOSFETOn, .dischargeMOSFETOn]
        return fresh
    }
}

/// What rule 2 allows, reckoned from the packs alone, for as long as a frame may still be under way.
struct MatrixCeilings {
    private struct Ceiling {
        let at: Instant
        var charge: Int64 = 0
        var discharge: Int64 = 0
        var chargeVoltage = Int64.max
        var highestPack: Int64 = 0
    }

    private var history: [Ceiling] = []

    mutating func note(_ bank: MatrixBank, _ rules: BankConfiguration, now: Instant) {
        var ceiling = Ceiling(at: now)
        for position in 0..<bank.table.count {
            let slot = bank.table[position]
            guard slot.isComplete else { continue }
            let told = slot.reading[.chargeVoltageLimit].map(Int64.init) ?? .max
            ceiling.chargeVoltage = min(
                ceiling.chargeVoltage, told, Int64(bank.limits.chargeVoltage.units))
            guard now.since(slot.answeredAt) <= rules.valueLimit else { continue }
            ceiling.highestPack = max(ceiling.highestPack, Int64(slot.reading[.voltage] ?? 0))
            let active = slot.reading.protections.union(slot.reading.faults)
            func part(_ signal: PackSignal, _ map: Current, _ blocking: AlarmSet) -> Int64 {
                guard active.isDisjoint(with: blocking) else { return 0 }
                return Int64(min(map.units, slot.reading[signal] ?? .max))
            }
            ceiling.charge += part(.chargeCurrentLimit, bank.limits.chargeCurrent, .blockingCharge)
            ceiling.discharge += part(
                .dischargeCurrentLimit, bank.limits.dischargeCurrent, .blockingDischarge)
        }
        func held(_ value: Int64, _ limit: Int32?) -> Int64 { min(value, Int64(limit ?? .max)) }
        ceiling.charge = held(ceiling.charge, rules.chargeCurrentCeiling?.units)
        ceiling.discharge = held(ceiling.discharge, rules.dischargeCurrentCeiling?.units)
        ceiling.chargeVoltage = held(ceiling.chargeVoltage, rules.chargeVoltageCeiling?.units)
        history.append(ceiling)
        history.removeAll { now.since($0.at) > .seconds(4) }
    }

    /// The rule a number on the bus breaks, in a sentence.
    ///
    /// Frames of a cycle with pauses tell what was true when it began.
    func breach(
        _ value: BankValue, _ number: Int64, _ profile: CANProfile, _ shown: BridgeSnapshot,
        now: Instant
    ) -> String? {
        let pauses = Int64(profile.plan.frames.count) * profile.sending.spacing.milliseconds
        let begun = history.lastIndex { now.since($0.at) > .milliseconds(pauses + 1) } ?? 0
        let recent = history[min(begun, history.count)...]
        let least = Int64(profile.leastCurrent)
        let limit: Int64
        switch value {
        case .chargeCurrentLimit: limit = max(recent.map(\.charge).max() ?? 0, least)
        case .dischargeCurrentLimit: limit = max(recent.map(\.discharge).max() ?? 0, least)
        case .packChargeCurrentLimit: limit = recent.map(\.charge).max() ?? 0
        case .packDischargeCurrentLimit: limit = recent.map(\.discharge).max() ?? 0
        case .chargeVoltageLimit:
            var voltage = recent.map(\.chargeVoltage).max() ?? 0
            if shown.state.mode == .stopped, profile.stop.chargeVoltage == .actual {
                voltage = max(voltage, (recent.map(\.highestPack).max() ?? 0) + 100)
            }
            limit = voltage
        default: return nil
        }
        guard number > limit else { return nil }
        return "\(value.name) is \(number), allowed \(limit) (rule 2)"
    }
}

extension CANProfile {
    /// The smallest current the inverter can be told, mA: 0 but where zero is no value to it.
    var leastCurrent: Int32 { stop.limits == .tenths ? 100 : 0 }
}
