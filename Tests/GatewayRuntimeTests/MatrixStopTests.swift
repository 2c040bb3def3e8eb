import Bank
import CANBus
import CANProfile
import Quantities
import Testing

@testable import GatewayRuntime

/// What each inverter must see when the bank stops (rule 8), pinned by hand: a new profile or quirk needs
/// its row before its first house.
struct StopSight: Sendable {
    enum Voltage: Sendable { case real, actual, tenths }

    /// The charge voltage beside the currents.
    let voltage: Voltage
    /// Both current limits, mA.
    let currents: Int64
    /// Whether the inverter reads enable flags, which must be off.
    let hasEnables: Bool
    /// How long stop is said before the bus falls silent, seconds.
    let silentAfter: Int64

    private static func zero(
        _ voltage: Voltage, enables: Bool, silentAfter: Int64 = 60
    ) -> StopSight {
        StopSight(
            voltage: voltage, currents: 0, hasEnables: enables, silentAfter: silentAfter)
    }

    static let table: [String: StopSight] = [
        "afore-2.3": zero(.real, enables: true),
        "byd-lv": zero(.actual, enables: false),
        "deye-dy-3.3": zero(.actual, enables: true),
        "discover-lynk2": zero(.actual, enables: false),
        "goodwe-45x": zero(.real, enables: false),
        "growatt-lv-1.04": zero(.real, enables: true),
        "lg-resu-lv": zero(.real, enables: true),
        "luxpower-4.2": zero(.real, enables: true),
        "megarevo-1.0": zero(.real, enables: true),
        "pylontech-lv-1.2": zero(.real, enables: true),
        "pylontech-lv-1.2+stop-as-tenths": StopSight(
            voltage: .tenths, currents: 100, hasEnables: true, silentAfter: 60),
        "pylontech-lv-1.2+deye": zero(.actual, enables: true),
        "pylontech-lv-1.3": zero(.real, enables: false),
        "pylontech-lv-1.3+deye": zero(.actual, enables: false),
        "pylontech-plus": zero(.real, enables: true),
        "pytes-native": zero(.real, enables: true),
        "samsung-elpm48": zero(.real, enables: false),
        "schneider-se-2": zero(.real, enables: true),
        "seplos-can-1.0": zero(.real, enables: true),
        // A Sunny Island empties the battery or shuts down without a battery manager, so it hears on.
        "sma-sunny-island": zero(.actual, enables: false, silentAfter: 86_400),
        "sofar-lv": StopSight(
            voltage: .tenths, currents: 100, hasEnables: false, silentAfter: 60),
        "sol-ark-lv-1.3": zero(.actual, enables: true),
        "solis": zero(.real, enables: true),
        "studer": zero(.real, enables: true),
        "victron-lv": zero(.actual, enables: false),
    ]

    /// The row of a profile, with a quirk that has one of its own or else without.
    static func of(_ row: MatrixCase) -> StopSight? { table[row.name] ?? table[row.profile] }
}

/// Too few packs, no pack at all, silence and the way back.
@Suite struct MatrixStopTests {
    @Test(arguments: MatrixCase.variants(packs: 2))
    func `rule 8: with too few packs the inverter sees its own kind of stop, then silence`(
        _ row: MatrixCase
    ) throws {
        let sight = try #require(StopSight.of(row), "no row for '\(row.name)' in the table")
        let rig = MatrixRig(try row.load(), packs: 2) { $0.minimumPacks = 2 }
        rig.pass(seconds: 4)
        rig.house.silent = [1]
        rig.pass(milliseconds: 11_000 + rig.longestCycle.milliseconds)
        check(rig, sight, highest: rig.house.table[0].reading[.voltage])
        #expect(rig.snapshot.state.chargeCurrent.reason == LimitReason(.tooFewPacks))
        #expect(rig.snapshot.state.dischargeCurrent.reason == LimitReason(.tooFewPacks))

        // Stop has stood for one cycle and a second so far; it ends no earlier than the profile says.
        let said = rig.longestCycle.milliseconds / 1000 + 2
        rig.jump(seconds: sight.silentAfter - said - 3)
        rig.forget()
        rig.pass(milliseconds: 2500)
        #expect(!rig.heard.isEmpty)
        rig.pass(seconds: said + 4)
        rig.forget()
        rig.pass(seconds: 15)
        #expect(rig.heard.isEmpty)

        rig.house.silent = []
        rig.pass(milliseconds: 6000 + 2 * rig.longestCycle.milliseconds)
        #expect(rig.inverter.state == .running)
        #expect(rig.amperes(.chargeCurrentLimit) == 100)
        #expect(rig.breaches == [])
    }

    @Test(arguments: MatrixCase.plain(packs: [1]))
    func `rule 8: with every pack lost the real voltage limits stand beside the stop`(
        _ row: MatrixCase
    ) throws {
        let sight = try #require(StopSight.of(row), "no row for '\(row.name)' in the table")
        let rig = MatrixRig(try row.load(), packs: row.packs)
        rig.pass(seconds: 4)
        rig.house.isConnected = false
        rig.pass(milliseconds: 11_000 + rig.longestCycle.milliseconds)
        // Nobody measures the battery any more, so that its last limit stays.
        check(rig, sight, highest: nil, isLost: true)
        #expect(rig.snapshot.state.chargeCurrent.reason == LimitReason(.allPacksSilent))
        #expect(rig.breaches == [])
    }

    /// Afore's enable flags stand beside the state of charge, which nobody knows once all packs are lost:
    /// that frame stays away and the zero currents of the other say the stop.
    private static let withheldEnables: Set<String> = ["afore-2.3"]

    private func check(
        _ rig: MatrixRig, _ sight: StopSight, highest: Int32?, isLost: Bool = false
    ) {
        #expect(rig.snapshot.state.mode == .stopped)
        #expect(rig.seen[.chargeCurrentLimit] == sight.currents)
        #expect(rig.seen[.dischargeCurrentLimit] == sight.currents)
        #expect((rig.seen[.chargeEnabled] != nil) == sight.hasEnables)
        #expect((rig.seen[.dischargeEnabled] != nil) == sight.hasEnables)
        let mayBeOld = isLost && Self.withheldEnables.contains(rig.profile.id)
        #expect(mayBeOld == (rig.seen[.chargeEnabled] == 1))
        #expect(mayBeOld == (rig.seen[.dischargeEnabled] == 1))
        #expect(rig.seen[.forceCharge] != 1 && rig.seen[.fullChargeRequest] != 1)
        let seen = rig.seen[.chargeVoltageLimit]
        switch sight.voltage {
        case .tenths: #expect(seen == 100)
        case .real: #expect(seen == 56_000)
        case .actual:
            let actual = highest.map { (Int64($0) + 99) / 100 * 100 }
            #expect(seen == actual ?? 56_000)
        }
        #expect(rig.inverter.emptyings == 0)
    }

    @Test func `every row of the stop table belongs to a profile and a quirk that are shipped`() {
        let known = Set(MatrixCase.variants(packs: 1).map(\.name))
        #expect(Set(StopSight.table.keys).subtracting(known) == [])
    }
}
