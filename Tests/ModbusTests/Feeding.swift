import Modbus
import TestKit

extension FrameBytes {
    /// The bytes as an array, for comparing.
    var array: [UInt8] { (0..<count).map { self[$0] } }
}

extension RTUReceiver {
    /// Feeds bytes as a line does: until the verdict is there.
    mutating func feed(all bytes: some Sequence<UInt8>) -> ReplyState {
        for byte in bytes {
            let state = feed(byte)
            if state != .incomplete { return state }
        }
        return .incomplete
    }
}

extension TCPReceiver {
    /// Feeds bytes as a connection does: until the verdict is there.
    mutating func feed(all bytes: some Sequence<UInt8>) -> TCPReplyState {
        for byte in bytes {
            let state = feed(byte)
            if state != .incomplete { return state }
        }
        return .incomplete
    }
}

extension ReadRequest {
    /// Any request the standard allows.
    static func random(using generator: inout SeededGenerator) -> ReadRequest {
        while true {
            let function =
                FunctionCode.allCases.randomElement(using: &generator) ?? .readHoldingRegisters
            let request = ReadRequest(
                unit: UnitID(.random(in: 0...255, using: &generator)), function: function,
                address: .random(in: 0...0xFFFF, using: &generator),
                count: .random(in: 1...(function.readsBits ? 2000 : 125), using: &generator))
            if let request { return request }
        }
    }

    /// An answer of the right shape with these data bytes.
    func answer(_ data: [UInt8], from unit: UnitID? = nil) -> [UInt8] {
        RTUFrame.encodeReply(unit: unit ?? self.unit, function: function, data: FrameBytes(data))
            .array
    }

    /// An answer with random content.
    func randomAnswer(using generator: inout SeededGenerator) -> [UInt8] {
        answer(generator.bytes(dataLength))
    }
}
