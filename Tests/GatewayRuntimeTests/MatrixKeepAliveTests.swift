import Bank
import CANBus
import CANProfile
import Quantities
import Testing

@testable import GatewayRuntime

/// What the inverter says and fails to say, for every profile.
@Suite struct MatrixKeepAliveTests {
    @Test(arguments: MatrixCase.variants(packs: 1))
    func `a missing keep-alive is reported or stops the bank, as the profile says`(
        _ row: MatrixCase
    ) throws {
        let profile = try row.load()
        let rig = MatrixRig(profile, packs: 1)
        rig.pass(seconds: 5)
        let timeout = profile.keepAliveTimeout.milliseconds / 1000
        rig.isInverterTalking = false
        rig.leap(seconds: timeout - 2)
        #expect(!rig.snapshot.state.warnings.contains(.inverterSilent))
        rig.pass(milliseconds: 4000 + rig.longestCycle.milliseconds)
        let isWatched = profile.keepAliveAction != .off && !profile.inverter.sends.isEmpty
        #expect(rig.snapshot.state.warnings.contains(.inverterSilent) == isWatched)
        let stops = isWatched && profile.keepAliveAction == .stop
        #expect(rig.snapshot.state.chargeCurrent.value == .milliamperes(stops ? 0 : 50_000))
        if stops {
            #expect(rig.seen[.chargeCurrentLimit] == 0 && rig.seen[.dischargeCurrentLimit] == 0)
            #expect(rig.seen[.chargeEnabled] != 1 && rig.seen[.dischargeEnabled] != 1)
            #expect(rig.snapshot.state.chargeCurrent.reason == LimitReason(.inverterSilent))
        }
        rig.isInverterTalking = true
        rig.pass(milliseconds: 5000 + rig.longestCycle.milliseconds)
        #expect(!rig.snapshot.state.warnings.contains(.inverterSilent))
        #expect(rig.amperes(.chargeCurrentLimit) == 50)
        #expect(rig.breaches == [])
    }

    /// A Deye pauses 0x305 every two hours and at midnight.
    @Test(arguments: MatrixCase.variants(packs: 1))
    func `two hours without a keep-alive change no limit where it is only reported`(
        _ row: MatrixCase
    ) throws {
        let profile = try row.load()
        guard profile.keepAliveAction != .stop, !profile.sending.isPolled else { return }
        let rig = MatrixRig(profile, packs: 1) { $0.valueLimit = .seconds(62) }
        rig.pass(seconds: 5)
        rig.isInverterTalking = false
        for _ in 0..<(7200 / 60) {
            rig.jump(seconds: 60)
            guard let charge = rig.seen[.chargeCurrentLimit] else { continue }
            #expect(charge == 50_000)
        }
        rig.forget()
        rig.pass(milliseconds: 2 * rig.longestCycle.milliseconds)
        #expect(rig.seen[.chargeCurrentLimit] == 50_000)
        #expect(rig.seen[.chargeEnabled] != 0 && rig.seen[.dischargeEnabled] != 0)
        #expect(rig.breaches == [])
    }

    @Test(arguments: MatrixCase.plain(packs: [2]))
    func `frames that come several times make nothing flap`(_ row: MatrixCase) throws {
        let profile = try row.load()
        func frames(repeats: Int) -> (count: Int, rig: MatrixRig) {
            let rig = MatrixRig(profile, packs: 2)
            rig.repeats = repeats
            rig.hearsTwice = repeats > 1
            rig.pass(seconds: 12)
            return (rig.heard.count, rig)
        }
        let once = frames(repeats: 1)
        let often = frames(repeats: 3)
        #expect(once.count == often.count && once.count > 0)
        #expect(often.rig.inverter.state == .running && often.rig.inverter.trips == 0)
        #expect(often.rig.inverter.malformed.isEmpty && often.rig.inverter.impossible.isEmpty)
        #expect(often.rig.snapshot.wrongKeepAlives == 0 && often.rig.breaches == [])
    }

    /// What each inverter can ask for: the frame that asks and the one that no longer does.
    private static let commands: [String: (ask: String, rest: String)] = [
        "luxpower-4.2": ("300#0100000000000000", "300#0000000000000000")
    ]

    @Test(arguments: ShippedSet.profileIDs)
    func `what an inverter asks for is done, named and undone`(_ id: String) throws {
        let profile = try ShippedSet.profile(id)
        let words = Self.commands[id]
        #expect(profile.commands.isEmpty == (words == nil), "no row for '\(id)' in the table")
        guard let words, let command = profile.commands.first else { return }
        let rig = MatrixRig(profile, packs: 2)
        rig.pass(seconds: 5)
        rig.instead = try Candump.parse("can0 \(words.ask)").frame
        rig.repeats = 2
        rig.pass(milliseconds: 1000 + rig.longestCycle.milliseconds)
        #expect(rig.seen[.chargeCurrentLimit] == 0 && rig.seen[.dischargeCurrentLimit] == 0)
        #expect(rig.seen[.chargeEnabled] == 0 && rig.seen[.dischargeEnabled] == 0)
        #expect(rig.snapshot.state.chargeCurrent.reason == LimitReason(.inverterRequest))
        #expect(rig.snapshot.state.warnings.contains(.inverterRequest))
        #expect(rig.snapshot.requests == command.title)
        rig.forget()
        rig.pass(seconds: 5)
        let limits = rig.heard.flatMap { profile.bankValues(in: $0.frame) }
        #expect(limits.allSatisfy { $0.value != .chargeCurrentLimit || $0.number == 0 })

        rig.instead = try Candump.parse("can0 \(words.rest)").frame
        rig.pass(milliseconds: 6000 + rig.longestCycle.milliseconds)
        #expect(rig.amperes(.chargeCurrentLimit) == 100)
        #expect(rig.seen[.chargeEnabled] == 1 && rig.snapshot.requests == "")
        #expect(rig.inverter.trips == 0 && rig.breaches == [])
    }
}
