import Bank
import CANBus
import CANProfile
import Quantities
import TestKit
import Testing

@testable import GatewayRuntime

/// Ceilings, old values and mixed snapshots, for every profile.
@Suite struct MatrixStormTests {
    /// Packs come, go, warn, trip and tell other limits at random; the rig holds every frame against what
    /// the packs and the installer allow.
    @Test(arguments: ShippedSet.profileIDs)
    func `rule 2: no frame of a stormy hour is above the packs' sum or the ceiling`(_ id: String)
        throws
    {
        let profile = try ShippedSet.profile(id)
        let rig = MatrixRig(profile, packs: 4) {
            $0.chargeCurrentCeiling = .milliamperes(120_000)
            $0.dischargeCurrentCeiling = .milliamperes(250_000)
            $0.chargeVoltageCeiling = .millivolts(55_300)
            $0.valueLimit = .seconds(4)
        }
        var random = SeededGenerator(announcedAs: "storm of \(id)")
        var highest: Int64 = 0
        rig.pass(seconds: 3)
        #expect(rig.amperes(.chargeCurrentLimit) == 120)
        #expect(rig.snapshot.state.chargeCurrent.reason == LimitReason(.installerCeiling))
        for _ in 0..<40 {
            rig.house.silent = Set(
                (0..<4).filter { _ in Int.random(in: 0..<3, using: &random) == 0 })
            let victim = Int.random(in: 0..<8, using: &random)
            let told = Int32.random(in: 0...60_000, using: &random)
            let voltage = Int32.random(in: 53_000...57_000, using: &random)
            let kind = MatrixStormTests.kinds.randomElement(using: &random) ?? .cellOvervoltage
            rig.house.alter = { position, reading in
                guard position == victim else { return }
                let now = Instant(nanoseconds: 0)
                reading.set(.chargeCurrentLimit, to: told, at: now)
                reading.set(.chargeVoltageLimit, to: voltage, at: now)
                reading.protections.insert(kind)
            }
            rig.pass(milliseconds: Int64.random(in: 500...4000, using: &random))
            highest = max(highest, rig.seen[.chargeCurrentLimit] ?? 0)
        }
        #expect(rig.breaches == [], "AMPHORA_SEED=\(random.seed)")
        #expect(highest > 0)
        #expect(rig.inverter.emptyings == 0)
        if profile.stop.limits != .tenths {
            #expect(rig.inverter.impossible.isEmpty && rig.inverter.malformed.isEmpty)
        }
    }

    private static let kinds: [AlarmKind] = [
        .cellOvervoltage, .cellUndervoltage, .shortCircuit, .mosfetOvertemperature, .cellImbalance,
        .chargeOvercurrent, .dischargeOvertemperature,
    ]

    @Test(arguments: ShippedSet.profileIDs)
    func `rule 3: cells or flags too old permit nothing`(_ id: String) throws {
        let profile = try ShippedSet.profile(id)
        let rig = MatrixRig(profile, packs: 1) { $0.cellLimit = .seconds(8) }
        rig.pass(seconds: 4)
        let read = rig.now
        rig.house.age = { _, reading in reading.cellsStamp = read }
        rig.pass(milliseconds: 9000 + rig.longestCycle.milliseconds)
        let least = profile.isLimitNeverZero ? 0.1 : 0
        #expect(rig.amperes(.chargeCurrentLimit) == least)
        #expect(rig.amperes(.dischargeCurrentLimit) == least)
        #expect(rig.seen[.chargeEnabled] != 1 && rig.seen[.dischargeEnabled] != 1)
        #expect(rig.snapshot.state.chargeCurrent.reason == LimitReason(.staleValue, pack: 1))
        #expect(rig.snapshot.state.mode == .running)
        #expect(rig.breaches == [] && rig.inverter.trips == 0)
    }

    /// Voltage, current, state of charge and the limit of one moment carry the same number.
    @Test(arguments: MatrixCase.variants(packs: 1))
    func `rule 5: all frames of a cycle tell one snapshot, however long its pauses`(
        _ row: MatrixCase
    ) throws {
        let profile = try row.load()
        let rig = MatrixRig(profile, packs: 1) { $0.riseMilliamperesPerSecond = 1_000_000 }
        var number: Int32 = 0
        rig.house.alter = { _, reading in
            number = (number + 3) % 8
            let now = Instant(nanoseconds: 0)
            reading.set(.voltage, to: 48_000 + number * 1000, at: now)
            reading.set(.current, to: number * 5000, at: now)
            reading.set(.stateOfCharge, to: 2000 + number * 1000, at: now)
            reading.set(.chargeCurrentLimit, to: 10_000 + number * 5000, at: now)
        }
        rig.pass(seconds: 13)
        var cycle: [Int64] = []
        var mixed = 0
        var compared = 0
        var last: (at: Instant, index: Int)?
        func close() {
            if cycle.count > 1 { compared += 1 }
            if Set(cycle).count > 1 { mixed += 1 }
            cycle = []
        }
        for heard in rig.heard {
            let id = heard.frame.identifier
            let index = profile.plan.frames.firstIndex { $0.identifier == id } ?? 0
            let pause = profile.sending.spacing + .milliseconds(2)
            if let last, index <= last.index || heard.at.since(last.at) > pause { close() }
            last = (heard.at, index)
            for (value, shown) in profile.bankValues(in: heard.frame) {
                switch value {
                case .voltage: cycle.append((shown - 48_000) / 1000)
                case .current: cycle.append(shown / 5000)
                case .stateOfCharge: cycle.append((shown - 2000) / 1000)
                case .chargeCurrentLimit: cycle.append((shown - 10_000) / 5000)
                default: continue
                }
            }
        }
        close()
        #expect(mixed == 0)
        #expect(compared > 5)
        #expect(rig.breaches == [])
    }
}
