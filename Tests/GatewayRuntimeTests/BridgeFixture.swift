import Bank
import CANBus
import CANProfile
import CANTransport
import Quantities
import Testing

@testable import GatewayRuntime

/// A bridge on a wire in memory with a clock of its own; the test is the inverter.
final class BridgeFixture {
    let core: BridgeCore
    let inverter: MemoryBus
    var packs: PackTable
    var now = Instant(nanoseconds: 1_000_000_000)
    /// What the inverter heard, with the milliseconds since the beginning.
    private(set) var heard: [(at: Int64, frame: String)] = []

    init(
        _ profile: CANProfile, count: Int = 1, keepAlive: KeepAliveAction? = nil,
        sendOnChange: Bool = false, foreign: ForeignFrames = ForeignFrames()
    ) {
        let wire = MemoryWire(depth: 1024)
        inverter = MemoryBus(on: wire)
        var configuration = BankConfiguration()
        for position in 0..<16 {
            configuration.packs[position].chargeCurrent = .milliamperes(50_000)
            configuration.packs[position].dischargeCurrent = .milliamperes(100_000)
        }
        configuration.riseMilliamperesPerSecond = 1_000_000
        core = BridgeCore(
            bus: MemoryBus(on: wire), profile: profile, keepAlive: keepAlive,
            sendOnChange: sendOnChange, controller: BankController(configuration: configuration),
            packCount: count, log: nil, foreign: foreign, gateway: "hut")
        packs = PackTable(count: count)
        inverter.attend(at: 0)
        core.receive(now)
    }

    /// Every pack answers with this voltage.
    func answer(_ millivolts: Int32 = 52_000) {
        for position in 0..<packs.count {
            var reading = PackReading()
            reading.set(.voltage, to: millivolts, at: now)
            reading.set(.current, to: 0, at: now)
            reading.set(.stateOfCharge, to: 5000, at: now)
            for cell in 0..<16 { reading.setCell(cell, millivolts: 3300) }
            reading.setProbe(0, decidegrees: 250)
            (reading.cellsStamp, reading.probesStamp, reading.flagsStamp) = (now, now, now)
            packs[position].reading = reading
            packs[position].answeredAt = now
            packs[position].isComplete = true
        }
    }

    /// The bridge takes the packs as they are now.
    func tell() {
        core.receive(now)
        _ = core.step(packs, now: now)
        listen()
    }

    /// Lets time pass in steps of 10 ms; the packs answer every 500 ms unless they are silent.
    func pass(_ milliseconds: Int64, answering millivolts: Int32? = 52_000) {
        for _ in 0..<(milliseconds / 10) {
            now = now + .milliseconds(10)
            var news: PackTable?
            if let millivolts, now.nanoseconds / 1_000_000 % 500 == 0 {
                answer(millivolts)
                news = packs
            }
            core.receive(now)
            _ = core.step(news, now: now)
            listen()
        }
    }

    func send(_ text: String) throws {
        _ = inverter.send(try Candump.parse("can0 \(text)").frame, at: now.nanoseconds)
    }

    private func listen() {
        let time = now.nanoseconds / 1_000_000 - 1000
        _ = inverter.receive(at: now.nanoseconds) { heard.append((time, $0.compactHex)) }
    }

    /// What was heard since the last call.
    func take() -> [String] {
        defer { heard.removeAll() }
        return heard.map(\.frame)
    }

    var snapshot: BridgeSnapshot {
        var snapshot = BridgeSnapshot(count: packs.count)
        core.write(into: &snapshot)
        return snapshot
    }
}

/// Profiles of three frames with the words that a test needs.
enum BridgeProfiles {
    static let layout = """
        BO_ 1 A: 2 X
         SG_ V : 0|16@1+ (0.001,0) [0|0] "V" X
        BO_ 2 B: 2 X
         SG_ V : 0|16@1+ (0.001,0) [0|0] "V" X
        BO_ 3 L: 4 X
         SG_ C : 0|16@1+ (0.1,0) [0|0] "A" X
         SG_ D : 16|16@1+ (0.1,0) [0|0] "A" X
        BO_ 100 P: 2 X
         SG_ V : 0|16@1+ (0.001,0) [0|0] "V" X
        BO_ 773 Alive: 8 I
         SG_ Data : 0|64@1+ (1,0) [0|0] "" X
        BO_ 768 Command: 1 I
         SG_ Stop : 0|1@1+ (1,0) [0|0] "" X

        """

    static let frames = """
        { "message": "A", "cycle_ms": 1000, "signals": { "V": {"value": "voltage"} } },
        { "message": "B", "cycle_ms": 1000, "signals": { "V": {"value": "voltage"} } },
        { "message": "L", "cycle_ms": 1000, "signals": {
          "C": {"value": "charge_current_limit"}, "D": {"value": "discharge_current_limit"} } }
        """

    static let perPack = """
        { "message": "P", "per_pack": true, "signals": { "V": {"value": "pack_voltage"} } }
        """

    static func load(
        _ more: String = "", frames: String = frames, id: String = "x", rate: Int = 500_000
    ) throws -> CANProfile {
        let stop =
            more.contains("\"stop\": {")
            ? "" : "\"stop\": { \"limits\": \"zero_currents\", \"silence_after_s\": 60 },"
        let text = """
            { "schema": "amphora/inverter-profile/v1", "id": "\(id)", "title": "X", \(stop)
              \(more)\(more.isEmpty ? "" : ",")
              "confidence": "vendor", "sources": ["none"], "bus": { "bit_rate": \(rate) },
              "frames": [ \(frames) ] }
            """
        return try CANProfile.load(
            profile: Array(text.utf8), layout: Array(layout.utf8), name: id)
    }
}
