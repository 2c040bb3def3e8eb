import Bank
import CANBus
import CANProfile
import Quantities
import Simulation
import Testing

@testable import GatewayRuntime

/// What went wrong in the field with other gateways, and must not here.
@Suite struct IncidentTests {
    /// Every number of a value that was on the bus, in its unit.
    private func numbers(_ rig: MatrixRig, _ value: BankValue) -> [Int64] {
        rig.heard.flatMap { rig.profile.bankValues(in: $0.frame) }
            .filter { $0.value == value }.map(\.number)
    }

    /// A pack lost of two that must both answer.
    private func stopped(_ profile: CANProfile) -> MatrixRig {
        let rig = MatrixRig(profile, packs: 2) { $0.minimumPacks = 2 }
        rig.pass(seconds: 4)
        rig.house.silent = [1]
        rig.pass(milliseconds: 11_000 + rig.longestCycle.milliseconds)
        return rig
    }

    @Test func `a Deye never sees 0.1 V, which makes it raise W31, but real voltage and 0 A`()
        throws
    {
        let rig = stopped(try ShippedSet.profile("pylontech-lv-1.2", quirks: ["deye"]))
        let voltages = numbers(rig, .chargeVoltageLimit)
        #expect(voltages.allSatisfy { $0 > 40_000 } && !voltages.isEmpty)
        #expect(rig.seen[.chargeCurrentLimit] == 0 && rig.seen[.dischargeCurrentLimit] == 0)
        let measured = try #require(rig.house.table[0].reading[.voltage])
        #expect(rig.seen[.chargeVoltageLimit] == (Int64(measured) + 99) / 100 * 100)
        #expect(rig.inverter.impossible.isEmpty)
    }

    @Test func `the simulated Deye complains of 0.1 V`() throws {
        let deye = try ShippedSet.profile("pylontech-lv-1.2", quirks: ["deye"])
        let wrong = stopped(
            try ShippedSet.profile("pylontech-lv-1.2", quirks: ["deye", "stop-as-tenths"]))
        var rules = InverterRules(deye.inverter)
        rules.want = .constant(0)
        var model = InverterModel(profile: deye, rules: rules, at: 0)
        for heard in wrong.heard { model.handle(heard.frame, at: heard.at.nanoseconds) }
        #expect(model.impossible.keys.contains { $0.hasSuffix("charge_voltage_limit 0.100") })
        #expect(!model.reasons.isEmpty)
    }

    @Test func `a Sofar, which goes on when it reads zeros, is stopped with 0.1 V and 0.1 A`()
        throws
    {
        for (id, quirks) in [("sofar-lv", []), ("pylontech-lv-1.2", ["stop-as-tenths"])] {
            let rig = stopped(try ShippedSet.profile(id, quirks: quirks))
            #expect(rig.inverter.values[.chargeVoltageLimit] == 100)
            #expect(rig.inverter.values[.chargeCurrentLimit] == 100)
            #expect(rig.inverter.values[.dischargeCurrentLimit] == 100)
            #expect(!numbers(rig, .chargeCurrentLimit).contains(0))
            #expect(rig.inverter.reasons == [])
        }
    }

    @Test func `a simulated Sofar goes on with the last limits when it reads zeros`() throws {
        let sofar = try ShippedSet.profile("sofar-lv")
        let wrong = stopped(try ShippedSet.profile("pylontech-lv-1.2"))
        var model = InverterModel(profile: sofar, rules: InverterRules(sofar.inverter), at: 0)
        for heard in wrong.heard { model.handle(heard.frame, at: heard.at.nanoseconds) }
        #expect(model.values[.chargeCurrentLimit] == 100_000)
    }

    @Test func `a Victron never reads a charge voltage of 0 V, which makes it empty the battery`()
        throws
    {
        for id in ["victron-lv", "byd-lv"] {
            let rig = MatrixRig(try ShippedSet.profile(id), packs: 1)
            rig.house.alter = { _, reading in
                reading.set(.chargeVoltageLimit, to: 300, at: Instant(nanoseconds: 0))
            }
            rig.pass(seconds: 4)
            rig.house.isConnected = false
            rig.pass(seconds: 90)
            rig.house.isConnected = true
            rig.pass(seconds: 5)
            let voltages = numbers(rig, .chargeVoltageLimit)
            #expect(!voltages.isEmpty && voltages.allSatisfy { $0 >= 40_000 })
            #expect(rig.inverter.emptyings == 0)
        }
    }

    @Test func `the simulated Victron empties the battery when it reads 0 V`() throws {
        let victron = try ShippedSet.profile("victron-lv")
        var model = InverterModel(profile: victron, rules: InverterRules(victron.inverter), at: 0)
        let limits = try Candump.parse("can0 351#0000E803E803C001").frame
        model.handle(limits, at: 1)
        #expect(model.emptyings == 1)
    }

    /// Sixteen packs of 200 A would be 3200 A.
    @Test func `an SMA is told at most 1200 A, and its unused fields have their own codes`() throws
    {
        let profile = try ShippedSet.profile("sma-sunny-island")
        let rig = MatrixRig(profile, packs: 16) { configuration in
            for position in 0..<16 {
                configuration.packs[position].chargeCurrent = .milliamperes(200_000)
                configuration.packs[position].dischargeCurrent = .milliamperes(200_000)
            }
        }
        rig.house.alter = { _, reading in
            for signal in [
                PackSignal.chargeCurrentLimit, .dischargeCurrentLimit, .stateOfHealth,
                .cellTemperatureMean, .cellTemperatureMaximum, .cellTemperatureMinimum,
                .fullCapacity, .remainingCapacity, .designCapacity,
            ] {
                reading.set(signal, to: nil, at: Instant(nanoseconds: 0))
            }
            for probe in 0..<4 { reading.setProbe(probe, decidegrees: nil) }
        }
        rig.pass(seconds: 6)
        #expect(rig.seen[.chargeCurrentLimit] == 1_200_000)
        #expect(rig.seen[.dischargeCurrentLimit] == 1_200_000)
        #expect(rig.inverter.rejected.isEmpty && rig.inverter.state == .running)
        func newest(_ id: UInt32) throws -> CANFrame {
            try #require(rig.heard.last { $0.frame.identifier.rawValue == id }?.frame)
        }
        let state = try newest(0x355)
        #expect(state[2] == 0xFF && state[3] == 0xFF)
        let measured = try newest(0x356)
        #expect(measured[4] == 0x00 && measured[5] == 0x80)
        let battery = try newest(0x35F)
        #expect(battery[4] == 0xFF && battery[5] == 0xFF)
    }

    /// The maker writes 11 22 33 … in decimal; a battery that took it for hex dropped out.
    @Test func `a Growatt's 0x301 counts with its decimal bytes and not with the hex ones`() throws
    {
        let rig = MatrixRig(try ShippedSet.profile("growatt-lv-1.04"), packs: 1)
        rig.instead = try Candump.parse("can0 301#1122334455667788").frame
        rig.pass(seconds: 5)
        #expect(rig.snapshot.keepAlives == 0 && rig.snapshot.wrongKeepAlives >= 8)
        #expect(rig.seen[.chargeCurrentLimit] == 0 && rig.seen[.chargeEnabled] == 0)
        rig.instead = try Candump.parse("can0 301#0B16212C37424D58").frame
        rig.pass(seconds: 3)
        #expect(rig.snapshot.keepAlives >= 4)
        #expect(rig.seen[.chargeCurrentLimit] == 50_000 && rig.seen[.chargeEnabled] == 1)
    }

    /// The quirk makes the simulated inverter answer so; the watch takes either length.
    @Test func `a Schneider XW Pro's acknowledge in 29 bits counts`() throws {
        for id in ["pylontech-lv-1.2", "pylontech-plus"] {
            let quirk = try ShippedSet.profile(id, quirks: ["extended-keep-alive"])
            #expect(quirk.keepAlive?.isExtended == true)
            let rig = MatrixRig(quirk, packs: 1)
            rig.pass(seconds: 5)
            #expect(rig.snapshot.keepAlives >= 4 && rig.snapshot.inverter == .present)
            rig.isInverterTalking = false
            let before = rig.snapshot.keepAlives
            try rig.tell("00000305#0000000000000000")
            rig.pass(seconds: 1)
            #expect(rig.snapshot.keepAlives == before + 1)
            rig.pass(seconds: 12)
            #expect(rig.snapshot.state.warnings.contains(.inverterSilent))
        }
    }

    @Test func `an Afore and a Megarevo are answered once for each poll and never unasked`() throws
    {
        for (id, poll) in [
            ("afore-2.3", "305#41464F5245000003"), ("megarevo-1.0", ""),
        ] {
            let profile = try ShippedSet.profile(id)
            let frame =
                poll.isEmpty
                ? try #require(profile.inverter.sends.first?.frame)
                : try Candump.parse("can0 \(poll)").frame
            let rig = MatrixRig(profile, packs: 1)
            rig.isInverterTalking = false
            rig.pass(seconds: 20)
            #expect(rig.heard.isEmpty)
            for _ in 0..<4 {
                rig.tell(frame)
                rig.pass(milliseconds: 100)
                let answer = rig.take()
                #expect(answer.count == profile.plan.frames.count)
                rig.pass(seconds: 5)
                #expect(rig.heard.isEmpty)
            }
        }
    }
}
