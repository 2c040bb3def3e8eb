import Bank
import CANBus
import CANProfile
import Quantities
import Testing

@testable import GatewayRuntime

/// Every profile in service: begin, work, lose packs and get them back.
///
/// Rules are those of the bank.
@Suite struct MatrixServiceTests {
    /// Amperes a pack adds, in and out.
    private static let charge = 50.0
    private static let discharge = 100.0

    @Test(arguments: MatrixCase.plain(packs: [1, 2]))
    func `rule 1: no frame leaves before the first complete reading`(_ row: MatrixCase) throws {
        let rig = MatrixRig(try row.load(), packs: row.packs)
        rig.house.isConnected = false
        rig.pass(seconds: 5)
        #expect(rig.heard.isEmpty)
        rig.house.isConnected = true
        if row.packs > 1 {
            rig.house.silent = [1]
            rig.pass(seconds: 5)
            #expect(rig.heard.isEmpty, "one of two packs is no complete bank yet")
            rig.house.silent = []
        }
        rig.pass(milliseconds: rig.longestCycle.milliseconds + 3000)
        #expect(rig.inverter.state == .running)
        #expect(rig.breaches == [])
    }

    @Test(arguments: ShippedSet.profileIDs)
    func `an inverter that must speak first hears nothing, or stop, before it does`(_ id: String)
        throws
    {
        let profile = try ShippedSet.profile(id)
        let rig = MatrixRig(profile, packs: 2)
        rig.isInverterTalking = false
        rig.pass(seconds: 5)
        if profile.sending.isPolled || profile.keepAliveRule.before == .silence {
            #expect(rig.heard.isEmpty)
        } else if profile.keepAliveRule.before == .stop {
            #expect(rig.seen[.chargeCurrentLimit] == 0 && rig.seen[.dischargeCurrentLimit] == 0)
            #expect(rig.seen[.chargeEnabled] != 1 && rig.seen[.dischargeEnabled] != 1)
        } else {
            #expect(rig.seen[.chargeCurrentLimit] == 100_000)
        }
        rig.isInverterTalking = true
        rig.pass(milliseconds: rig.longestCycle.milliseconds + 2000)
        #expect(rig.seen[.chargeCurrentLimit] == 100_000)
        #expect(rig.breaches == [])
    }

    /// Packs seen through the PACE map; every frame of the profile must come.
    @Test(arguments: MatrixCase.plain(packs: [1, 2, 16]) + MatrixCase.variants(packs: 2))
    func `a healthy bank leaves the inverter at work and content`(_ row: MatrixCase) throws {
        let profile = try row.load()
        let rig = MatrixRig(profile, packs: row.packs, map: try ShippedSet.map("pace-v1.3"))
        let isSlow = profile.plan.frames.contains { $0.cycle > .seconds(5) }
        rig.pass(seconds: isSlow ? 22 : 8)
        #expect(rig.inverter.reasons == [])
        #expect(rig.inverter.state == .running)
        #expect(rig.inverter.rejected.isEmpty && rig.inverter.unknown == 0)
        #expect(rig.inverter.statistics.values.allSatisfy { $0.late == 0 })
        #expect(rig.breaches == [])
        let heard = Set(rig.heard.map(\.frame.identifier))
        for index in profile.plan.frames.indices
        where profile.plan.isWanted(index, packs: row.packs) {
            #expect(
                heard.contains(profile.plan.frames[index].identifier),
                "\(profile.frameName(index)) never came")
        }
        let voltage = try #require(rig.seen[.voltage])
        #expect(abs(voltage - Int64(rig.snapshot.state.voltage?.units ?? 0)) <= 1000)
        let wanted = min(Double(row.packs) * Self.charge, profile.mostCharge)
        #expect(rig.amperes(.chargeCurrentLimit) == wanted)
    }

    @Test(arguments: MatrixCase.plain(packs: [2, 16]))
    func `rule 7: a silent pack lowers the limits by its part and nothing else`(_ row: MatrixCase)
        throws
    {
        let profile = try row.load()
        let rig = MatrixRig(profile, packs: row.packs)
        rig.pass(seconds: 5)
        let reduced = Double(row.packs - 1)
        rig.house.silent = [row.packs - 1]
        rig.pass(milliseconds: 11_000 + rig.longestCycle.milliseconds)
        #expect(rig.amperes(.chargeCurrentLimit) == min(reduced * Self.charge, profile.mostCharge))
        let discharge = min(reduced * Self.discharge, profile.mostCharge)
        #expect(rig.amperes(.dischargeCurrentLimit) == discharge)
        #expect(rig.seen[.chargeEnabled] != 0 && rig.seen[.dischargeEnabled] != 0)
        let reason = LimitReason(.packSilent, pack: UInt8(row.packs))
        #expect(rig.snapshot.state.chargeCurrent.reason == reason)
        #expect(rig.snapshot.state.warnings.contains(.packSilent))
        #expect(rig.inverter.state == .running && rig.inverter.reasons == [])
        #expect(rig.inverter.statistics.values.allSatisfy { $0.late == 0 })

        rig.house.silent = []
        rig.pass(milliseconds: 5000 + rig.longestCycle.milliseconds)
        let whole = min(Double(row.packs) * Self.charge, profile.mostCharge)
        #expect(rig.amperes(.chargeCurrentLimit) == whole)
        #expect(rig.breaches == [])
    }

    @Test(arguments: MatrixCase.plain(packs: [1, 2]) + MatrixCase.variants(packs: 2))
    func `rule 4: a protection reaches the inverter within one poll and one cycle`(
        _ row: MatrixCase
    ) throws {
        let profile = try row.load()
        let rig = MatrixRig(profile, packs: row.packs)
        rig.pass(seconds: 5)
        let before = try #require(AlarmBits(rig.heard.map(\.frame), profile))
        rig.forget()
        let last = row.packs - 1
        rig.house.alter = { position, reading in
            if position == last { reading.protections.insert(.cellOvervoltage) }
        }
        rig.pass(milliseconds: 1000 + rig.longestCycle.milliseconds)
        let limit = rig.amperes(.chargeCurrentLimit)
        let rest = max(Double(last) * Self.charge, Double(profile.leastCurrent) / 1000)
        let least = profile.isLimitNeverZero ? max(rest, 0.1) : rest
        #expect(limit == least)
        if last == 0 { #expect(rig.seen[.chargeEnabled] != 1) }
        let after = try #require(AlarmBits(rig.heard.map(\.frame), profile))
        #expect(after.shows(.cellOvervoltage, .protection, since: before, profile))
        let reason = rig.snapshot.state.chargeCurrent.reason
        #expect(reason == LimitReason(.packProtection, pack: UInt8(row.packs)))

        rig.house.alter = { _, _ in }
        rig.forget()
        rig.pass(milliseconds: 6000 + rig.longestCycle.milliseconds)
        let calm = try #require(AlarmBits(rig.heard.map(\.frame), profile))
        #expect(!calm.shows(.cellOvervoltage, .protection, since: before, profile))
        #expect(rig.amperes(.chargeCurrentLimit) == Double(row.packs) * Self.charge)
        #expect(rig.breaches == [] && rig.inverter.trips == 0)
    }

    /// 5 A in a second, the default.
    @Test(arguments: ShippedSet.profileIDs)
    func `rule 4: limits fall at once and rise slowly`(_ id: String) throws {
        let rig = MatrixRig(try ShippedSet.profile(id), packs: 2) {
            $0.riseMilliamperesPerSecond = 5000
        }
        rig.pass(seconds: 4)
        rig.house.alter = { position, reading in
            if position == 1 { reading.faults.insert(.cellFault) }
        }
        rig.pass(milliseconds: 1000 + rig.longestCycle.milliseconds)
        #expect(rig.amperes(.chargeCurrentLimit) == 50)
        rig.house.alter = { _, _ in }
        rig.pass(seconds: 1)
        _ = rig.take()
        var last = (at: rig.now, value: try #require(rig.amperes(.chargeCurrentLimit)))
        var isRising = false
        for _ in 0..<14 {
            rig.pass(seconds: 1)
            let value = try #require(rig.amperes(.chargeCurrentLimit))
            let seconds = Double(rig.now.since(last.at).milliseconds) / 1000
            // A frame may be a cycle old: what it tells was true then.
            let slack = 5 * Double(rig.longestCycle.milliseconds) / 1000
            #expect(value <= last.value + 5 * seconds + slack)
            isRising = isRising || rig.snapshot.state.chargeCurrent.reason.rule == .rising
            last = (rig.now, value)
        }
        #expect(isRising)
        #expect(last.value == 100)
        #expect(rig.breaches == [])
    }
}

extension CANProfile {
    /// The highest current limit the protocol of an inverter takes, A.
    var mostCharge: Double { id == "sma-sunny-island" ? 1200 : .infinity }
    /// Whether 0 A is no value to the inverter, so that 0.1 A stands for it.
    var isLimitNeverZero: Bool {
        id == "sofar-lv" && !activeQuirks.contains("zero-amperes")
            || activeQuirks.contains("stop-as-tenths")
    }
}
