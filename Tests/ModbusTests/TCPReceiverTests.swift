import Modbus
import TestKit
import Testing

@Suite struct TCPReceiverTests {
    private static let transaction: UInt16 = 0x1501

    private static func request() throws -> ReadRequest {
        try #require(
            ReadRequest(
                unit: UnitID(0xFF), function: .readHoldingRegisters, address: 4, count: 2))
    }

    /// The answer with two registers, as the implementation guide lays it out.
    private static let answer: [UInt8] = [
        0x15, 0x01, 0x00, 0x00, 0x00, 0x07, 0xFF, 0x03, 0x04, 0x12, 0x34, 0x00, 0x05,
    ]

    private func state(_ bytes: [UInt8]) throws -> TCPReplyState {
        var receiver = TCPReceiver(request: try Self.request(), transaction: Self.transaction)
        return receiver.feed(all: bytes)
    }

    @Test func `a request carries its transaction and six more bytes`() throws {
        let frame = TCPFrame.encode(try Self.request(), transaction: Self.transaction)
        #expect(
            frame.array == [
                0x15, 0x01, 0x00, 0x00, 0x00, 0x06, 0xFF, 0x03, 0x00, 0x04, 0x00, 0x02,
            ])
    }

    @Test func `an answer is complete with its last byte and not before`() throws {
        for count in 0..<Self.answer.count {
            #expect(try state(Array(Self.answer.prefix(count))) == .incomplete)
        }
        var receiver = TCPReceiver(request: try Self.request(), transaction: Self.transaction)
        #expect(receiver.feed(all: Self.answer) == .reply)
        #expect(receiver.data.array == [0x12, 0x34, 0x00, 0x05])
    }

    @Test func `an exception is told with its code`() throws {
        let bytes: [UInt8] = [0x15, 0x01, 0, 0, 0, 3, 0xFF, 0x83, 0x02]
        #expect(try state(bytes) == .exception(.illegalDataAddress))
    }

    @Test func `an answer from a unit that was not asked is named`() throws {
        var bytes = Self.answer
        bytes[6] = 7
        #expect(try state(bytes) == .wrongUnit(UnitID(7)))
    }

    @Test func `an answer from another unit is found where the map says so`() throws {
        var bytes = Self.answer
        bytes[6] = 7
        var receiver = TCPReceiver(
            request: try Self.request(), transaction: Self.transaction, replyUnit: UnitID(7))
        #expect(receiver.feed(all: bytes) == .reply)
    }

    @Test func `the late answer to an older request is dropped`() throws {
        var late = Self.answer
        late[1] = 0x00
        var receiver = TCPReceiver(request: try Self.request(), transaction: Self.transaction)
        #expect(receiver.feed(all: late) == .incomplete)
        #expect(receiver.lateFrames == 1)
        #expect(receiver.feed(all: Self.answer) == .reply)
    }

    @Test func `bare RTU bytes are recognised as no Modbus TCP`() throws {
        let exchange = try #require(Transcript.load("pace-p16s100a_live-block").exchanges.first)
        #expect(try state(exchange.answer) == .notModbusTCP)
    }

    @Test func `impossible lengths are no Modbus TCP`() throws {
        for length: UInt8 in [0, 1, 2, 255] {
            var bytes = Self.answer
            bytes[5] = length
            #expect(try state(bytes) == .notModbusTCP)
        }
    }

    @Test func `an answer shorter than what was asked is not believed`() throws {
        let bytes: [UInt8] = [0x15, 0x01, 0, 0, 0, 5, 0xFF, 0x03, 0x02, 0x12, 0x34]
        #expect(try state(bytes) == .notModbusTCP)
    }
}
