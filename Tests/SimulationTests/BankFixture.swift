import CANProfile
import Modbus
import PackMap
import TestKit

@testable import Simulation

/// A bank on a pseudo-terminal in a folder of its own.
struct BankFixture {
    let folder: TemporaryDirectory
    let simulation: RunningSimulation

    var link: String { folder.file("line") }
    var control: String { folder.file("control") }

    static func map(_ name: String = "pace-v1.3") throws -> PackMap {
        try PackMap.load(
            try FileBytes.read("\(Repository.profileSet)/packs/\(name).json"), name: name
        ) { base in
            try? FileBytes.read("\(Repository.profileSet)/packs/\(base).json")
        }
    }

    /// The Pylontech profile with an inverter that needs the limits only, and every five seconds.
    static func profile() throws -> CANProfile {
        let folder = "\(Repository.profileSet)/inverters/pylontech-lv-1.2"
        let text = String(
            decoding: try FileBytes.read("\(folder)/profile.json"), as: UTF8.self
        )
        .replacing(
            "\"requires\": [\"Limits\", \"State\", \"Measurements\"]",
            with: "\"requires\": [\"Limits\"]"
        )
        .replacing(
            "\"timeout_s\": 10,\n    \"timeout_reaction\"",
            with: "\"timeout_s\": 5,\n    \"timeout_reaction\"")
        return try CANProfile.load(
            profile: Array(text.utf8), layout: try FileBytes.read("\(folder)/frames.dbc"),
            name: "pylontech-lv-1.2")
    }

    init(packs: Int = 3, map: String = "pace-v1.3", baud: Int? = nil) throws {
        try self.init(packs: packs, map: try Self.map(map), baud: baud)
    }

    init(
        packs: Int, map: PackMap, baud: Int? = nil, firstUnit: Int = 1, baseAddress: UInt16 = 0
    ) throws {
        folder = try TemporaryDirectory("bank")
        var settings = BankSettings(link: .pty(folder.file("line")), map: map)
        settings.firstUnit = firstUnit
        settings.baseAddress = baseAddress
        settings.packs = packs
        settings.baud = baud
        settings.control = folder.file("control")
        let started = settings
        simulation = try RunningSimulation { (reactor) throws(SimulationError) in
            try BankSimulation(started, reactor: reactor)
        }
    }

    func tell(_ command: String) throws -> String {
        try ControlClient.tell(command, path: control)
    }

    /// A request for registers of one unit, as bytes.
    static func request(_ unit: UInt8, _ address: UInt16 = 0, _ count: UInt16 = 13) -> [UInt8] {
        guard
            let request = ReadRequest(
                unit: UnitID(unit), function: .readHoldingRegisters, address: address, count: count)
        else { return [] }
        return bytes(RTUFrame.encode(request))
    }

    static func bytes(_ frame: FrameBytes) -> [UInt8] { (0..<frame.count).map { frame[$0] } }

    /// Whether bytes are one frame with a valid CRC.
    static func isWhole(_ bytes: some Collection<UInt8>) -> Bool {
        RTUFrame.hasValidCheck(FrameBytes(bytes), 0..<bytes.count)
    }
}
