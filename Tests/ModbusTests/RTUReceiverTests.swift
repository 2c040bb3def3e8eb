import Modbus
import TestKit
import Testing

@Suite struct RTUReceiverTests {
    /// Sixteen bytes of a PACE pack; the request and its answer.
    private static func live() throws -> (ReadRequest, [UInt8]) {
        let exchange = try #require(Transcript.load("pace-p16s100a_live-block").exchanges.first)
        let request = try #require(RTUFrame.decodeRequest(FrameBytes(exchange.request)))
        return (request, exchange.answer)
    }

    private static func bare(
        unit: UInt8 = 1, _ function: FunctionCode = .readHoldingRegisters, at address: UInt16 = 0,
        count: UInt16
    ) throws -> ReadRequest {
        try #require(
            ReadRequest(unit: UnitID(unit), function: function, address: address, count: count))
    }

    @Test(arguments: [
        "eg4-ll-v2_live-block", "jk-pb_cell-voltages", "pace-p16s100a_live-block",
        "pace-p16s100a_noise-around-reply", "renogy-rbt100_cells", "seplos-v3_pack-blocks",
    ])
    func `recorded answers are found`(fixture: String) throws {
        for exchange in try Transcript.load(fixture).exchanges {
            let request = try #require(RTUFrame.decodeRequest(FrameBytes(exchange.request)))
            var receiver = RTUReceiver(request: request)
            #expect(receiver.feed(all: exchange.answer) == .reply)
            let start = try #require(exchange.answer.firstIndex(of: request.unit.rawValue)) + 3
            #expect(
                receiver.data.array == Array(exchange.answer[start..<(start + request.dataLength)]))
        }
    }

    @Test func `a short read is not an error`() throws {
        let (request, answer) = try Self.live()
        for count in answer.indices {
            var receiver = RTUReceiver(request: request)
            #expect(receiver.feed(all: answer.prefix(count)) == .incomplete)
            #expect(receiver.data.count == 0)
        }
    }

    @Test func `stray bytes before an answer are counted`() throws {
        let exchange = try #require(
            Transcript.load("pace-p16s100a_noise-around-reply").exchanges.first)
        let (request, answer) = try Self.live()
        var receiver = RTUReceiver(request: request)
        #expect(receiver.feed(all: exchange.answer) == .reply)
        #expect(receiver.strayBytes == 1)
        #expect(receiver.data.array == Array(answer[3..<19]))
    }

    @Test func `noise that looks like the head of the answer does not hide it`() throws {
        let (request, answer) = try Self.live()
        for head in 1...8 {
            var receiver = RTUReceiver(request: request)
            #expect(receiver.feed(all: answer.prefix(head) + answer) == .reply)
            #expect(receiver.data.array == Array(answer[3..<19]))
            #expect(receiver.strayBytes == head)
        }
    }

    @Test func `more noise than a frame can hold does not hide the answer`() throws {
        let (request, answer) = try Self.live()
        var receiver = RTUReceiver(request: request)
        #expect(receiver.feed(all: [UInt8](repeating: 0xFF, count: 1000)) == .incomplete)
        #expect(receiver.feed(all: answer) == .reply)
        #expect(receiver.data.array == Array(answer[3..<19]))
        #expect(receiver.strayBytes == 1000)
    }

    @Test func `an echo of the request is skipped`() throws {
        let (request, answer) = try Self.live()
        var receiver = RTUReceiver(request: request)
        #expect(receiver.feed(all: RTUFrame.encode(request).array) == .incomplete)
        #expect(receiver.sawEcho)
        #expect(receiver.feed(all: answer) == .reply)
        #expect(receiver.strayBytes == 0)
        #expect(receiver.data.array == Array(answer[3..<19]))
    }

    @Test func `an echo whose head could be an answer is skipped`() throws {
        // The high byte of the address equals the length of the answer's data: 0x10 = 16 bytes.
        let request = try Self.bare(.readInputRegisters, at: 0x1000, count: 8)
        let answer = request.answer((0..<16).map { 0xA0 + $0 })
        var receiver = RTUReceiver(request: request)
        #expect(receiver.feed(all: RTUFrame.encode(request).array + answer) == .reply)
        #expect(receiver.data.array == (0..<16).map { 0xA0 + $0 })
        var quiet = RTUReceiver(request: request)
        #expect(quiet.feed(all: answer) == .reply)
        #expect(!quiet.sawEcho)
    }

    @Test func `an echo is not taken for silence of the unit`() throws {
        let (request, _) = try Self.live()
        var receiver = RTUReceiver(request: request)
        _ = receiver.feed(all: RTUFrame.encode(request).array)
        #expect(receiver.verdictAtTimeout == .incomplete)
    }

    @Test func `of two frames glued together the asked one is taken`() throws {
        let (request, answer) = try Self.live()
        let foreign = try Self.bare(unit: 2, count: 8).answer([UInt8](repeating: 9, count: 16))
        var receiver = RTUReceiver(request: request)
        #expect(receiver.feed(all: foreign + answer) == .reply)
        #expect(receiver.data.array == Array(answer[3..<19]))
        var first = RTUReceiver(request: request)
        #expect(first.feed(all: answer + foreign) == .reply)
        #expect(first.data.array == Array(answer[3..<19]))
    }

    @Test func `an answer from another unit is found where the map says so`() throws {
        for exchange in try Transcript.load("daly-p81_reply-from-other-unit").exchanges {
            let request = try #require(RTUFrame.decodeRequest(FrameBytes(exchange.request)))
            var receiver = RTUReceiver(request: request, replyUnit: UnitID(0x51))
            #expect(receiver.feed(all: exchange.request + exchange.answer) == .reply)
            #expect(receiver.data.count == request.dataLength)
        }
    }

    @Test func `an answer from a unit that was not asked is named`() throws {
        let exchange = try #require(
            Transcript.load("daly-p81_reply-from-other-unit").exchanges.first)
        let request = try #require(RTUFrame.decodeRequest(FrameBytes(exchange.request)))
        var receiver = RTUReceiver(request: request)
        #expect(receiver.feed(all: exchange.answer) == .incomplete)
        #expect(receiver.verdictAtTimeout == .wrongUnit(UnitID(0x51)))
    }

    @Test func `an exception is told with its code`() throws {
        let exchanges = try Transcript.load("pace-r100_illegal-address").exchanges
        let request = try #require(RTUFrame.decodeRequest(FrameBytes(exchanges[0].request)))
        var receiver = RTUReceiver(request: request)
        #expect(receiver.feed(all: exchanges[0].answer) == .exception(.illegalDataAddress))
        var noisy = RTUReceiver(request: request)
        #expect(
            noisy.feed(all: [0xFF, 0x01] + exchanges[0].answer) == .exception(.illegalDataAddress))
    }

    @Test func `an exception to coils is told with its code`() throws {
        let exchange = try Transcript.load("seplos-v3_illegal-reads").exchanges[2]
        let request = try #require(RTUFrame.decodeRequest(FrameBytes(exchange.request)))
        var receiver = RTUReceiver(request: request)
        #expect(receiver.feed(all: exchange.answer) == .exception(.illegalDataAddress))
    }

    @Test func `an answer with a wrong check is not believed`() throws {
        let exchanges = try Transcript.load("seplos-v3_check-damaged-by-log").exchanges
        let request = try #require(RTUFrame.decodeRequest(FrameBytes(exchanges[0].request)))
        var damaged = RTUReceiver(request: request)
        #expect(damaged.feed(all: exchanges[0].answer) == .incomplete)
        #expect(damaged.verdictAtTimeout == .checkFailed)
        var restored = RTUReceiver(request: request)
        #expect(restored.feed(all: exchanges[1].answer) == .reply)
    }

    @Test func `one wrong bit anywhere is never a good answer`() throws {
        let (request, answer) = try Self.live()
        for bit in 0..<(answer.count * 8) {
            var spoilt = answer
            spoilt[bit / 8] ^= 1 << (bit % 8)
            var receiver = RTUReceiver(request: request)
            #expect(receiver.feed(all: spoilt) == .incomplete)
            #expect(receiver.verdictAtTimeout == .checkFailed)
        }
    }

    @Test func `silence stays silence`() throws {
        let (request, answer) = try Self.live()
        let receiver = RTUReceiver(request: request)
        #expect(receiver.verdictAtTimeout == .incomplete)
        #expect(receiver.missingBytes == answer.count)
    }
}
