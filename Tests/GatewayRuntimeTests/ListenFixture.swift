import Bank
import Logging
import Modbus
import PackMap
import Quantities
import TestKit
import Testing

@testable import GatewayRuntime

/// A line with another master, played byte by byte: what it asks and what its packs answer.
struct ListenFixture {
    let line: LineFixture
    /// The registers of the pack at each unit; a silent one has none.
    var images: [UInt8: RegisterImage] = [:]

    var setup: LineSetup { line.setup }
    var status: Latest<LineStatus> { line.status }
    private var plan: ReadPlan { line.setup.plan }

    /// Configures packs at `units` and plays one at each of `answering`.
    init(map: String, units: [Int], answering: [UInt8], device: String = "/dev/null") throws {
        line = try LineFixture(map: map, units: units, device: device, line: "mode = \"listen\"")
        for unit in answering { images[unit] = line.image(unit: unit) }
    }

    /// A listener whose clock began at zero.
    func listener() -> LineListener {
        let listener = LineListener(
            setup: setup, reads: FollowedReads(plan: plan), board: line.board, status: status,
            log: LineFixture.log,
            now: Instant(nanoseconds: 0))
        listener.begin()
        return listener
    }

    func follower() -> LineFollower {
        LineFollower(
            forms: FollowedReads(plan: plan).forms, replyOffset: plan.replyOffset)
    }

    /// What the line carries when the master asks: its request, and the pack's answer if it is there.
    func exchange(_ request: LineRequest) -> [UInt8] {
        Self.bytes(RTUFrame.encode(request)) + answer(request)
    }

    /// The answer alone, as of a master that sends its own values unasked.
    func answer(_ request: LineRequest) -> [UInt8] {
        guard case .success(let data)? = images[request.unit.rawValue]?.reply(to: request) else {
            return []
        }
        switch request {
        case .read(let read):
            return Self.bytes(
                RTUFrame.encodeReply(
                    unit: plan.replyUnit(for: read.unit), function: read.function, data: data))
        case .ranged(let ranged):
            return Self.bytes(
                RTUFrame.encodeRangedReply(
                    unit: ranged.unit, function: ranged.function, address: ranged.address,
                    end: ranged.end, payload: data))
        case .trigger(let trigger):
            return Self.bytes(
                RTUFrame.encodeTriggerReply(
                    unit: trigger.unit, address: trigger.address, payload: data,
                    tail: Int(trigger.shape.tail)))
        }
    }

    /// The map's own request for a block.
    func block(_ name: String, of unit: UInt8) throws -> LineRequest {
        let index = try #require(setup.map.blockNames.firstIndex(of: name))
        return try #require(plan.blocks[index].request(to: UnitID(unit)))
    }

    static func read(
        _ unit: UInt8, _ function: FunctionCode, _ address: UInt16, _ count: UInt16
    ) throws -> LineRequest {
        .read(
            try #require(
                ReadRequest(
                    unit: UnitID(unit), function: function, address: address, count: count)))
    }

    private static func bytes(_ frame: FrameBytes) -> [UInt8] {
        (0..<frame.count).map { frame[$0] }
    }

    func slot(_ position: Int) -> PackSlot { line.slot(position) }
}

extension LineListener {
    /// Takes bytes through a follower as a session does.
    mutating func hear(_ bytes: [UInt8], _ follower: inout LineFollower, _ second: Int64) {
        for byte in bytes {
            note(byte)
            follower.feed(byte)
            while let event = follower.next() {
                handle(event, Instant(nanoseconds: second * 1_000_000_000))
            }
        }
    }
}
