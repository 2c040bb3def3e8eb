import FleetStore
import Foundation
import History
import TestKit
import Testing

/// A fleet with a house that measures, and its owner anna, for a browser to look at.
final class AppHouse: Sendable {
    static let packs: Int32 = 4

    let fleet: ServedFleet

    /// Starts the fleet.
    ///
    /// `newest` is how long ago the house measured last, ms, and `history` are times of which there are measurements
    /// too, Unix time in milliseconds. With `isTaken` false nobody has the house yet. With `pushes` it tells browsers
    /// of alarms, by a push service on this machine that shows the certificate `localhost.pem` of its folder. The clock
    /// of the fleet is that of `clock`, else the machine's.
    init(
        newest: Int64 = 2000, history: [Range<Int64>] = [], isTaken: Bool = true,
        pushes: Bool = false, clock: ShiftedClock? = nil
    ) throws {
        let taking = [["tenants", "assign", "north", "gw-1"], ["users", "grant", "anna", "gw-1"]]
        fleet = try ServedFleet(
            "app",
            [
                ["tenants", "add", "north"],
                ["devices", "add", "gw-1", "--label", "Lindenhof", "--zone", "Europe/Berlin"],
                ["users", "add", "anna", "--tenant", "north", "--role", "owner"],
            ] + (isTaken ? taking : []), users: ["anna"],
            environment: clock?.environment ?? [:],
            serving: pushes ? Self.pushOptions : { _ in [] })
        for span in history {
            try fleet.keep(
                stride(from: span.lowerBound, to: span.upperBound, by: 240_000).map {
                    measurement(at: $0)
                })
        }
        let now = clock?.now ?? ServedFleet.now
        try fleet.keep([measurement(at: now - newest - 60_000), measurement(at: now - newest)])
        let histories = try FleetStores.openHistory(fleet.store)
        while try histories.rollUp(now: now, most: 64) > 0 {}
    }

    private static func pushOptions(_ folder: TemporaryDirectory) throws -> [String] {
        let certificate = folder.file("localhost.pem")
        let run = try ChildProcess(
            Peers.tool("openssl"),
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", folder.file("localhost.key"), "-out", certificate, "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            ])
        #expect(try run.waitForExit(within: 20_000) == .exited(0), "\(run.errors)")
        return [
            "--push-key", folder.file("push.key"), "--push-to-loopback", "--notify-ca", certificate,
            "--app-address", "http://127.0.0.1",
        ]
    }

    /// What a bank of four measures on a sunny day; `watts` overrides its power.
    func measurement(at moment: Int64, watts: Int32? = nil, isSilent: Bool = false) -> FleetRecord {
        // by UTC, which is near enough to where the sun stands
        let hour = Double(moment % 86_400_000) / 3_600_000
        let sun = max(0, 1 - abs(hour - 12) / 6)
        // no two days one after the other are alike
        let peak = 4400 + 400 * Double(moment / 86_400_000 % 3)
        let power = watts ?? Int32(peak * sun - 1100 - 500 * abs(sin(hour * 3)))
        let sinceFullest = min(abs(hour - 16), 24 - abs(hour - 16))
        let charge = Int32(100 * min(96, max(18, 30 + 60 * exp(-pow(sinceFullest / 5, 2)))))
        var bank = BankSample()
        (bank.mode, bank.packsConfigured) = ("running", Self.packs)
        bank.packsOnline = isSilent ? Self.packs - 1 : Self.packs
        (bank.millivolts, bank.watts) = (53_120, power)
        bank.milliamperes = Int32(Int64(power) * 1_000_000 / 53_120)
        (bank.stateOfCharge, bank.stateOfHealth) = (charge, 9870)
        (bank.remaining, bank.full) = (Int64(charge) * 40, 400_000)
        (bank.temperatureMean, bank.temperatureMinimum, bank.temperatureMaximum) = (242, 229, 268)
        (bank.cellMaximum, bank.cellMinimum) = (3342, 3306)
        (bank.chargeCurrent, bank.chargeRule, bank.chargePack) = (60_000, "pack_limit", 3)
        (bank.dischargeCurrent, bank.dischargeRule, bank.dischargePack) = (
            200_000, "map_ceiling", 1
        )
        let samples = (1...Self.packs).map { number -> PackSample in
            var pack = PackSample(pack: number)
            pack.serial = "AC16-24-\(4700 + number)"
            let isGone = isSilent && number == 2
            pack.status = isGone ? "silent" : "online"
            pack.ageMilliseconds = isGone ? 360_000 : 400
            (pack.millivolts, pack.milliamperes) = (
                53_100 + number, (bank.milliamperes ?? 0) / Self.packs
            )
            (pack.stateOfCharge, pack.stateOfHealth) = (charge + number * 20, 9900 - number * 25)
            (pack.remaining, pack.full, pack.cycles) = (Int32(charge) * 10, 100_000, 210 + number)
            pack.cells = (0..<16).map { cell in
                let wave = Int16((cell * 7 + Int(number) * 3) % 9)
                return 3314 + wave + (number == 3 && cell == 4 ? 22 : 0) - (cell == 11 ? 8 : 0)
            }
            pack.probes = [241, 245, 239, Int16(252 + number * 3)]
            (pack.mosfetTemperature, pack.ambientTemperature) = (275, 221)
            return pack
        }
        return fleet.record(of: "gw-1", at: moment, .telemetry(bank, samples))
    }

    /// Runs a flow in a browser; each `step` is done when the flow asks for it by its name.
    func walk(
        _ flow: String, pictures: String? = nil, words: [String] = [],
        browser: String = "chromium-headless-shell",
        _ steps: [(name: String, step: () throws -> Void)] = []
    ) throws {
        try fleet.walk(
            "flows.py", flow, [fleet.folder.path, pictures ?? ""] + words, browser: browser, steps)
    }
}
