import Modbus
import PackMap
import TestKit

/// A part of an answer, sent after a pause that counts from the end of the part before.
struct AnswerPiece: Hashable, Sendable {
    /// Nanoseconds.
    let pause: Int64
    let bytes: [UInt8]
}

/// How frames are wrapped.
enum Framing: Hashable, Sendable {
    case rtu
    case tcp(transaction: UInt16)

    func wrap(unit: UnitID, function: UInt8, payload: [UInt8]) -> [UInt8] {
        switch self {
        case .rtu:
            var frame = FrameBytes([unit.rawValue, function] + payload)
            let check = CRC16.compute(frame, 0..<frame.count)
            frame.append(UInt8(truncatingIfNeeded: check))
            frame.append(UInt8(truncatingIfNeeded: check >> 8))
            return (0..<frame.count).map { frame[$0] }
        case .tcp(let transaction):
            let frame = TCPFrame.encodeReply(
                transaction: transaction, unit: unit, function: function,
                payload: FrameBytes(payload))
            return (0..<frame.count).map { frame[$0] }
        }
    }
}

/// Turns a request, the registers and the faults that stand into what goes over the line.
struct AnswerMaker: Sendable {
    private var random: SeededGenerator
    private var count = 0

    /// Between the parts of an answer that is split.
    private static let splitPause: Int64 = 20_000_000

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// The parts of the answer; empty is silence.
    mutating func answer(
        _ request: MasterRequest, from unit: UnitID, image: RegisterImage, faults: [Fault],
        framing: Framing
    ) -> [AnswerPiece] {
        count += 1
        if faults.contains(.silent) || faults.contains(.absent) { return [] }
        var shown = unit
        var delay: Int64 = 0
        var code: UInt8?
        for fault in faults {
            switch fault {
            case .slow(let milliseconds): delay = Int64(milliseconds) * 1_000_000
            case .wrongUnit(let other): shown = UnitID(other)
            case .exception(let wanted): code = wanted
            default: break
            }
        }
        var frame = Self.frame(request, shown, image, code, faults.contains(.zero), framing)
        if faults.contains(.crc) { spoil(&frame, request, framing) }
        if faults.contains(.glued) { glue(&frame, request, unit, image, framing) }
        if faults.contains(.noise) { frame = strayBytes() + frame + strayBytes() }
        guard faults.contains(.split), frame.count > 1 else {
            return [AnswerPiece(pause: delay, bytes: frame)]
        }
        let cut = Int.random(in: 1..<frame.count, using: &random)
        return [
            AnswerPiece(pause: delay, bytes: Array(frame[..<cut])),
            AnswerPiece(pause: Self.splitPause, bytes: Array(frame[cut...])),
        ]
    }

    private static func frame(
        _ request: MasterRequest, _ unit: UnitID, _ image: RegisterImage, _ code: UInt8?,
        _ isZero: Bool, _ framing: Framing
    ) -> [UInt8] {
        switch request {
        case .refused(_, let function, let own):
            return framing.wrap(unit: unit, function: function | 0x80, payload: [code ?? own])
        case .ranged(_, let function, let address, let end):
            guard code == nil, framing == .rtu, let payload = image.payload(function, address),
                case .ranged(_, let own) = payload.form, own == end
            else {
                return framing.wrap(unit: unit, function: function | 0x80, payload: [code ?? 2])
            }
            let reply = RTUFrame.encodeRangedReply(
                unit: unit, function: function, address: address, end: end,
                payload: FrameBytes(isZero ? payload.bytes.map { _ in 0 } : payload.bytes))
            return (0..<reply.count).map { reply[$0] }
        case .trigger(_, let address):
            let function = TriggerRequest.function
            guard code == nil, framing == .rtu, let payload = image.payload(function, address),
                case .trigger(let shape) = payload.form
            else {
                return framing.wrap(unit: unit, function: function | 0x80, payload: [code ?? 1])
            }
            let bytes = isZero ? Self.zeroed(payload.bytes, shape) : payload.bytes
            let reply = RTUFrame.encodeTriggerReply(
                unit: unit, address: address, payload: FrameBytes(bytes), tail: Int(shape.tail))
            return (0..<reply.count).map { reply[$0] }
        case .read(let read):
            let function = read.function.rawValue
            if let code {
                return framing.wrap(unit: unit, function: function | 0x80, payload: [code])
            }
            switch image.reply(to: read) {
            case .failure(let refusal):
                return framing.wrap(unit: unit, function: function | 0x80, payload: [refusal.code])
            case .success(let data):
                let bytes = (0..<data.count).map { isZero ? 0 : data[$0] }
                return framing.wrap(
                    unit: unit, function: function, payload: [UInt8(data.count)] + bytes)
            }
        }
    }

    /// A triggered frame whose values are all zero, with its head and a right sum.
    private static func zeroed(_ payload: [UInt8], _ shape: TriggerShape) -> [UInt8] {
        var bytes = payload.map { _ in UInt8(0) }
        for index in 0..<min(bytes.count, Int(shape.headLength)) {
            bytes[index] = payload[index]
        }
        if let last = bytes.indices.last { bytes[last] = bytes.reduce(0, &+) }
        return bytes
    }

    /// Turns a bit over: in the CRC, in the middle of a frame that a trigger brought (nobody looks
    /// at its end), or on TCP, which has no CRC, in the protocol number.
    private func spoil(_ frame: inout [UInt8], _ request: MasterRequest, _ framing: Framing) {
        var place = framing == .rtu ? frame.count - 1 : 2
        if case .trigger = request { place = frame.count / 2 }
        frame[place] ^= 0x10
    }

    /// Adds the same answer as its neighbour would give it, before or after by turns.
    private func glue(
        _ frame: inout [UInt8], _ request: MasterRequest, _ unit: UnitID, _ image: RegisterImage,
        _ framing: Framing
    ) {
        let neighbour = UnitID(unit.rawValue &+ 1)
        let other = Self.frame(request, neighbour, image, nil, false, framing)
        frame = count.isMultiple(of: 2) ? other + frame : frame + other
    }

    /// One to three bytes as a transceiver makes them when it changes direction.
    private mutating func strayBytes() -> [UInt8] {
        (0..<Int.random(in: 1...3, using: &random)).map { _ in
            Bool.random(using: &random) ? 0xFF : 0x00
        }
    }
}
