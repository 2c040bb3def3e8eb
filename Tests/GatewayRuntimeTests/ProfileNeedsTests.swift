import Bank
import CANBus
import CANProfile
import PackMap
import Quantities
import Testing

@testable import GatewayRuntime

/// Whether every shipped map tells what every shipped profile must send, so that no pairing leaves an
/// inverter without a frame it needs.
@Suite struct ProfileNeedsTests {
    /// Frames that stay away with packs of a map, by profile, and why that is right.
    private static let exceptions: [String: [(frame: String, profiles: Set<String>)]] = [
        // No cell voltages at all. A made-up one could start a balancing charge or hide an empty cell.
        "ecs-lipro": [
            ("Cells", ["afore-2.3"]), ("Extremes", ["growatt-lv-1.04"]),
            ("Capacity", ["growatt-lv-1.04"]), ("State", ["luxpower-4.2"]),
        ],
        // No temperature without model 803. A made-up one would let the inverter charge a frozen battery;
        // the map sunspec-802-803 tells it, and the SMA, Megarevo and Samsung sets do without.
        "sunspec-802": [
            (
                "Measurements",
                [
                    "afore-2.3", "byd-lv", "deye-dy-3.3", "discover-lynk2", "goodwe-45x",
                    "growatt-lv-1.04", "lg-resu-lv", "luxpower-4.2", "pylontech-lv-1.2",
                    "pylontech-lv-1.3", "pylontech-plus", "pytes-native", "seplos-can-1.0",
                    "sofar-lv", "sol-ark-lv-1.3", "solis", "studer", "victron-lv",
                ]
            ),
            ("State", ["schneider-se-2"]),
        ],
    ]

    @Test(arguments: ShippedSet.mapIDs)
    func `every required frame can be sent with packs of this map`(_ id: String) throws {
        let map = try ShippedSet.map(id)
        let values = try Self.values(map)
        var missing: [String: Set<String>] = [:]
        for row in MatrixCase.variants(packs: 1) {
            let profile = try row.load()
            let required = Set(profile.inverter.requires)
            for index in profile.plan.frames.indices
            where required.contains(profile.plan.frames[index].identifier)
                && profile.plan.isWanted(index, packs: 1)
                && profile.plan.encode(index, values) == nil
            {
                missing[profile.messageNames[index], default: []].insert(row.profile)
            }
        }
        let pinned = (Self.exceptions[id] ?? []).map { ($0.frame, $0.profiles) }
        #expect(missing == Dictionary(uniqueKeysWithValues: pinned))
    }

    /// What a healthy pack tells through a map, as the bank passes it on.
    private static func values(_ map: PackMap) throws -> BankValues {
        var bank = MatrixBank(packs: 1, map: map)
        let now = Instant(nanoseconds: 1_000_000_000)
        bank.poll(now)
        var configuration = BankConfiguration()
        configuration.packs[0] = map.limits
        var controller = BankController(configuration: configuration)
        let state = controller.evaluate(bank.table, now: now)
        #expect(state.mode == .running)
        return BankValues(state, bank.table)
    }
}
