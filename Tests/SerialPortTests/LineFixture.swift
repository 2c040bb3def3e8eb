import Modbus
import SerialPort
import TestKit
import Testing

/// A line on a pseudo-terminal with a scripted unit at its other end.
struct LineFixture {
    let pty: Pty
    let unit: ScriptedUnit
    let line: ModbusLine
    let stop = StopSignal()
    let timing: LineTiming

    init(
        baud: Int = 115_200, gapMilliseconds: Int = 0, turnRoundMilliseconds: Int = 30,
        requestLength: Int = ReadRequest.requestLength,
        script: @escaping @Sendable (ScriptedUnit.Turn) -> Void
    ) throws {
        pty = try Pty()
        unit = ScriptedUnit(on: pty, requestLength: requestLength, script: script)
        let stream = try SerialPort.open(SerialSettings(path: pty.path, baud: baud))
        line = ModbusLine(stream: stream, framing: .rtu, stopDescriptor: stop.descriptor)
        timing = LineTiming(
            baud: baud, gapMilliseconds: gapMilliseconds,
            turnRoundMilliseconds: turnRoundMilliseconds)
    }

    /// Asks in any form and waits for the answer.
    func ask(_ request: LineRequest) -> ExchangeOutcome {
        line.exchange(request, replyUnit: request.unit, timing: timing)
    }

    /// Asks and waits for the answer.
    func ask(_ request: ReadRequest, replyUnit: UnitID? = nil) -> ExchangeOutcome {
        line.exchange(request, replyUnit: replyUnit ?? request.unit, timing: timing)
    }
}

extension ReadRequest {
    /// Holding registers of unit 1.
    static func holding(
        _ address: UInt16, _ count: UInt16, unit: UInt8 = 1
    ) throws -> ReadRequest {
        try #require(
            ReadRequest(
                unit: UnitID(unit), function: .readHoldingRegisters, address: address,
                count: count))
    }
}

extension ExchangeOutcome {
    /// The registers of a reply; nil when it is none.
    var registers: [UInt16]? {
        guard case .reply(let data) = self else { return nil }
        return stride(from: 0, to: data.count, by: 2).map { data.bigEndian(at: $0) }
    }

    /// A word for the kind of outcome, for comparing.
    var kind: String {
        switch self {
        case .reply: "reply"
        case .exception(let exception): "exception \(exception.code)"
        case .timeout: "timeout"
        case .checkFailed: "check failed"
        case .wrongUnit(let unit): "unit \(unit.rawValue)"
        case .stopped: "stopped"
        case .lost(let error): "lost: \(error.kind)"
        }
    }
}

extension ScriptedUnit.Turn {
    /// The right answer: every register holds its address plus `offset`.
    func answer(offset: UInt16 = 1000, unit: UInt8? = nil) -> [UInt8] {
        guard let asked = RTUFrame.decodeRequest(FrameBytes(request)) else { return [] }
        var data = FrameBytes()
        for index in 0..<asked.count { data.append(bigEndian: asked.address + index + offset) }
        let frame = RTUFrame.encodeReply(
            unit: unit.map(UnitID.init) ?? asked.unit, function: asked.function, data: data)
        return (0..<frame.count).map { frame[$0] }
    }

    /// A refusal.
    func refusal(_ code: UInt8) -> [UInt8] {
        let frame = RTUFrame.encodeException(
            unit: UnitID(request[0]), function: request[1], exception: ModbusException(code: code))
        return (0..<frame.count).map { frame[$0] }
    }
}
