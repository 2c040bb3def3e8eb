import FleetStore
import Foundation
import TestKit
import Testing

/// A clock of its own for programs, as far from that of the machine as it was at first.
final class ShiftedClock: Sendable {
    /// What it showed at first, Unix time in milliseconds.
    let start: Int64
    /// What makes a program go by it while this object lives.
    let environment: [String: String]
    private let shift: Int64
    private let keeper: ChildProcess

    /// A clock that shows `start`, Unix time in milliseconds, now, by `faketime`.
    init(start: Int64) throws {
        let seconds = (start - ServedFleet.now) / 1000
        (self.start, shift) = (start, seconds * 1000)
        // Swift finds its arguments no more when the library has to add to the environment, as it does alone. So a
        // program that only waits is started by the tool, and the others are given what it was given.
        keeper = try ChildProcess(
            Peers.tool("faketime"),
            ["-f", "\(seconds)", "/bin/sh", "-c", "env; echo told; exec cat"],
            environment: ["FAKETIME_DONT_FAKE_MONOTONIC": "1"])
        _ = try keeper.waitForLine(containing: "told", within: 10_000)
        var found: [String: String] = [:]
        for line in keeper.output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[0].hasPrefix("FAKETIME") || parts[0] == "LD_PRELOAD"
            else { continue }
            found[parts[0]] = parts[1]
        }
        environment = found
    }

    /// What it shows, Unix time in milliseconds.
    var now: Int64 { ServedFleet.now + shift }
}

/// The house and its neighbours that `house.json` was recorded from.
///
/// On the afternoon of 18 June 2026 gw-1 charges while the cells of its pack 3 have drifted apart; gw-2 is silent for
/// an hour, gw-3 never measured, gw-4 is well. Anna lives in the first, ines installed them, and otto runs all.
struct GoldenHouse {
    let house: AppHouse
    let clock: ShiftedClock

    init() throws {
        clock = try ShiftedClock(start: 1_781_793_600_000)
        let now = clock.start
        let day = now - 25 * 3_600_000..<now - 120_000
        house = try AppHouse(history: [day], pushes: true, clock: clock)
        try furnish()
        let drifted = EventSample(
            change: "raised", level: "warning", code: "cell_imbalance", pack: 3,
            text: "cells of pack 3 are 26 mV apart")
        let silent = EventSample(
            change: "raised", level: "warning", code: "pack_silent", pack: 2,
            text: "pack 2 does not answer")
        let fleet = house.fleet
        try fleet.keep([
            fleet.record(of: "gw-1", at: now - 26 * 60_000, .event(drifted)),
            fleet.record(of: "gw-2", at: now - 3_700_000, .event(silent)),
            measurement(of: "gw-2", at: now - 3_600_000, isSilent: true),
            measurement(of: "gw-4", at: clock.now - 2000),
            measurement(of: "gw-1", at: clock.now - 1000, drifted: 3),
        ])
    }

    private func measurement(
        of gateway: String, at moment: Int64, isSilent: Bool = false, drifted: Int32? = nil
    ) -> FleetRecord {
        var record = house.measurement(at: moment, isSilent: isSilent)
        record.key.gateway = gateway
        if case .telemetry(let bank, var packs) = record.body {
            for place in packs.indices where packs[place].pack == drifted {
                packs[place].warnings = "cell_imbalance"
            }
            record.body = .telemetry(bank, packs)
        }
        return record
    }

    private func furnish() throws {
        let fleet = house.fleet
        for (gateway, label) in [("gw-2", "Seeblick"), ("gw-3", ""), ("gw-4", "Am Hang")] {
            let words = ["devices", "add", gateway, "--label", label, "--zone", "Europe/Berlin"]
            _ = try fleet.command(words)
            _ = try fleet.command(["tenants", "assign", "north", gateway])
        }
        for (name, role) in [("ines", "installer"), ("otto", "operator")] {
            _ = try fleet.command(["users", "add", name, "--tenant", "north", "--role", role])
            let password = fleet.folder.file("password")
            _ = try fleet.command(["users", "passwd", name, "--password-file", password])
        }
        for gateway in ["gw-1", "gw-2"] {
            _ = try fleet.command(["users", "grant", "ines", gateway])
        }
    }
}
