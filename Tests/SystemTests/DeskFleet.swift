import FleetStore
import Testing

/// A fleet of three houses in different states, with an owner, an installer, an operator and an administrator.
///
/// gw-1 measures, but pack 2 is silent and a cell of pack 3 is too full; gw-2 is silent for an hour; gw-3 never measured.
final class DeskFleet: Sendable {
    static let packs: Int32 = 4

    let fleet: ServedFleet
    /// What could be rolled out.
    let sets: SignedSets

    init() throws {
        sets = try SignedSets()
        var commands = [["tenants", "add", "north"]]
        for (gateway, label, group) in [
            ("gw-1", "Lindenhof", "alps"), ("gw-2", "Seeblick", "lake"), ("gw-3", "", "alps"),
        ] {
            commands.append([
                "devices", "add", gateway, "--label", label, "--zone", "Europe/Berlin", "--group",
                group, "--tag", "new", "--tag", group + "-side",
            ])
            commands.append(["tenants", "assign", "north", gateway])
        }
        for (name, role) in [
            ("anna", "owner"), ("ines", "installer"), ("otto", "operator"), ("ada", "admin"),
        ] {
            commands.append(["users", "add", name, "--tenant", "north", "--role", role])
        }
        for (name, gateway) in [("anna", "gw-1"), ("ines", "gw-1"), ("ines", "gw-2")] {
            commands.append(["users", "grant", name, gateway])
        }
        fleet = try ServedFleet(
            "desk", commands, users: ["anna", "ines", "otto", "ada"],
            serving: { [sets] _ in ["--repository", sets.repository] })
        let now = ServedFleet.now
        let silent = EventSample(
            change: "raised", level: "warning", code: "pack_silent", pack: 2,
            text: "pack 2 does not answer")
        let full = EventSample(
            change: "raised", level: "protection", code: "cell_overvoltage", pack: 3,
            text: "cell 5 of pack 3 at 3.662 V")
        try fleet.keep([
            fleet.record(of: "gw-1", at: now - 120_000, .event(silent)),
            fleet.record(of: "gw-1", at: now - 60_000, .event(full)),
            measurement(of: "gw-1", at: now - 1000),
            fleet.record(of: "gw-2", at: now - 3_700_000, .event(silent)),
            measurement(of: "gw-2", at: now - 3_600_000),
        ])
    }

    /// A bank of four of which pack 2 is silent and cell 5 of pack 3 stands out.
    func measurement(of gateway: String, at moment: Int64) -> FleetRecord {
        var bank = BankSample()
        (bank.mode, bank.packsConfigured, bank.packsOnline) = ("running", Self.packs, 3)
        (bank.millivolts, bank.milliamperes, bank.watts) = (53_120, 42_000, 2231)
        (bank.stateOfCharge, bank.stateOfHealth) = (6130, 9870)
        (bank.remaining, bank.full) = (245_200, 400_000)
        (bank.temperatureMean, bank.temperatureMinimum, bank.temperatureMaximum) = (242, 229, 268)
        (bank.cellMaximum, bank.cellMinimum) = (3372, 3306)
        (bank.chargeCurrent, bank.chargeRule, bank.chargePack) = (60_000, "pack_limit", 3)
        (bank.dischargeCurrent, bank.dischargeRule, bank.dischargePack) = (
            200_000, "map_ceiling", 1
        )
        let samples = (1...Self.packs).map { number -> PackSample in
            var pack = PackSample(pack: number)
            pack.serial = "AC16-24-\(4700 + number)"
            pack.status = number == 2 ? "silent" : "online"
            pack.ageMilliseconds = number == 2 ? 360_000 : 400
            (pack.millivolts, pack.milliamperes) = (53_100 + number, 10_500)
            (pack.stateOfCharge, pack.stateOfHealth) = (6100 + number * 20, 9900)
            (pack.remaining, pack.full, pack.cycles) = (61_000, 100_000, 210 + number)
            pack.cells = (0..<16).map { cell -> Int16? in
                let wave = (cell * 7 + Int(number) * 3) % 9
                let high = number == 3 && cell == 4 ? 50 : 0
                return Int16(3314 + wave + high - (cell == 11 ? 8 : 0))
            }
            pack.probes = [241, 245, 239, Int16(252 + number * 3)]
            (pack.mosfetTemperature, pack.ambientTemperature) = (275, 221)
            return pack
        }
        return fleet.record(of: gateway, at: moment, .telemetry(bank, samples))
    }
}
