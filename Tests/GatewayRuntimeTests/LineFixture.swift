import Bank
import CANProfile
import GatewaySettings
import Logging
import Modbus
import PackMap
import Quantities
import TestKit

@testable import GatewayRuntime

/// One line of a gateway, with the shipped map of a name, and what the registers of its packs hold.
struct LineFixture {
    let setup: LineSetup
    let board: PackBoard
    let status: Latest<LineStatus>

    /// A line with packs at `units`; `line` is added to its table.
    init(map: String, units: [Int], device: String = "/dev/null", line: String = "") throws {
        let set = ProfileFolder(path: Repository.profileSet)
        let text = """
            gateway = "gw-1"
            [profiles]
            path = "\(Repository.profileSet)"
            experimental = true
            [[line]]
            device = "\(device)"
            map = "\(map)"
            units = \(units)
            \(line)
            [inverter]
            profile = "pylontech-lv-1.2"
            """
        let plan = try GatewayPlan(
            try GatewayConfiguration.parse(text, path: "gateway.toml"),
            profile: try set.profile("pylontech-lv-1.2"), foreign: ForeignFrames(),
            profileSet: "of this test"
        ) { try set.map($0) }
        setup = plan.lines[0]
        board = try PackBoard(count: units.count)
        status = Latest(LineStatus(setup))
    }

    /// Writes nothing.
    static var log: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }

    /// Runs the line on a thread of its own.
    func start() throws -> Worker {
        try Worker(
            try LineService(setup: setup, board: board, status: status, log: Self.log))
    }

    /// The registers of a pack of 53 V and 10 mV more for each unit id.
    func image(unit: UInt8, serial: String = "") -> RegisterImage {
        var reading = PackReading()
        reading.set(.voltage, to: 53_000 + Int32(unit) * 10, at: Instant(nanoseconds: 0))
        reading.set(.current, to: -1000, at: Instant(nanoseconds: 0))
        reading.set(.stateOfCharge, to: 8000, at: Instant(nanoseconds: 0))
        for cell in 0..<16 { reading.setCell(cell, millivolts: 3310 + UInt16(cell)) }
        var identity = PackIdentity()
        identity.serial = SerialNumber(text: serial)
        return setup.plan.encode(reading, identity: identity)
    }

    /// What the bridge sees of a pack.
    func slot(_ position: Int) -> PackSlot { board.copy().packs[position] }
}
