import Bank
import Foundation
import GatewaySettings
import Logging
import Modbus
import PackMap
import Quantities
import SerialPort
import Simulation
import TestKit

@testable import GatewayRuntime

/// Packs of one map played on a pseudo-terminal, and the gateway's own line service that reads them.
///
/// Everything is the real thing but the time: cycles are short, pauses between requests and
/// time-outs are cut, a sleeping pack is woken at once.
final class MapRig {
    /// Every map of the shipped set, so that a new one is tried by itself.
    static let maps = ProfileFolder(path: Repository.profileSet).names.maps

    let map: PackMap
    let board: PackBoard
    /// The unit id of the first pack, and how many there are.
    let firstUnit: Int
    let packs: Int
    private let folder: TemporaryDirectory
    private let status: Latest<LineStatus>
    private let simulation: RunningSimulation
    private let worker: Worker

    init(_ name: String) throws {
        map = try ProfileFolder(path: Repository.profileSet).map(name)
        (firstUnit, packs) = Self.units(of: map)
        folder = try TemporaryDirectory("map")
        let base: UInt16 = map.plan.isRelative ? 40_070 : 0
        var played = Simulation.BankSettings(link: .pty(folder.file("line")), map: map)
        (played.firstUnit, played.packs, played.baseAddress) = (firstUnit, packs, base)
        played.control = folder.file("control")
        played.seed = 20
        let started = played
        simulation = try RunningSimulation { (reactor) throws(SimulationError) in
            try BankSimulation(started, reactor: reactor)
        }
        board = try PackBoard(count: packs)
        let setup = Self.setup(map, folder.file("line"), firstUnit, packs, base)
        let units = setup.units.enumerated().map {
            LineStatus.Unit(unit: $1.rawValue, position: $0)
        }
        status = Latest(LineStatus(name: "a", endpoint: "", map: name, units: units))
        worker = try Worker(
            LineService(
                setup: setup, board: board, status: status,
                log: Logger(label: "map") { _ in SwiftLogNoOpLogHandler() }))
    }

    deinit { worker.stopAndJoin() }

    /// Two unit ids next to each other that packs may have, or the only one.
    private static func units(of map: PackMap) -> (first: Int, count: Int) {
        let allowed = (1...247).filter { map.unitRules.refusal(of: $0) == nil }
        let pair = allowed.first { allowed.contains($0 + 1) }
        return pair.map { ($0, 2) } ?? (allowed.first ?? 1, 1)
    }

    private static func setup(
        _ map: PackMap, _ path: String, _ first: Int, _ count: Int, _ base: UInt16
    ) -> LineSetup {
        var plan = map.plan.relocated(to: base)
        plan.wakePauses = plan.wakePauses.map { _ in .milliseconds(100) }
        return LineSetup(
            name: "a", endpoint: .serial(SerialSettings(path: path, baud: 115_200)), framing: .rtu,
            map: map, plan: plan, units: (first..<first + count).map { UnitID(UInt8($0)) },
            firstPosition: 0, timing: LineTiming(baud: 115_200, timeoutMilliseconds: 300),
            cycle: .milliseconds(100), listen: .milliseconds(1), isFollowing: false)
    }

    /// Whether the serial number stands among the values that are read in every cycle.
    var tellsSerialInEveryCycle: Bool {
        map.plan.texts.contains {
            $0.field == .serial && map.plan.blocks[Int($0.block)].poll == .every(1)
        }
    }

    /// What the board has of a pack by its number.
    func slot(_ pack: Int) -> PackSlot { board.copy().packs[pack - 1] }

    /// How the line sees a pack by its number.
    func unit(_ pack: Int) -> LineStatus.Unit { status.get().units[pack - 1] }

    /// Obeys one command of the simulator.
    func tell(_ command: String) throws {
        let answer = try ControlClient.tell(command, path: folder.file("control"))
        if answer != "ok" { throw RigError(description: "'\(command)': \(answer)") }
    }

    /// The true state of a pack by its number.
    func truth(_ pack: Int) throws -> PackTruth {
        let text = try ControlClient.tell("status", path: folder.file("control"))
        let document = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        guard let packs = document?["packs"] as? [[String: Any]], packs.count >= pack else {
            throw RigError(description: "no packs in '\(text)'")
        }
        return PackTruth(packs[pack - 1])
    }

    /// Waits until a condition holds; false when it does not within 20 s and 200 looks.
    ///
    /// Suites that block hold the threads of the others for seconds at a time: time alone would call
    /// a line dead at which nobody had looked.
    func reaches(_ condition: () throws -> Bool) async throws -> Bool {
        let deadline = Clock.now() + 20_000_000_000
        var looks = 0
        while true {
            if try condition() { return true }
            looks += 1
            if Clock.now() > deadline, looks > 200 { return false }
            try await Task.sleep(for: .milliseconds(30))
        }
    }
}

/// Why a rig does not work.
struct RigError: Error, CustomStringConvertible {
    let description: String
}
