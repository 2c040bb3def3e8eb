import Modbus
import TestKit
import Testing

@Suite struct RTUFrameTests {
    @Test func `the check is the one of the standard`() {
        // The check value of CRC-16/MODBUS in the usual catalogues: "123456789" gives 0x4B37.
        let bytes = FrameBytes(Array("123456789".utf8))
        #expect(CRC16.compute(bytes, 0..<9) == 0x4B37)
        #expect(CRC16.compute(bytes, 0..<0) == 0xFFFF)
    }

    @Test(arguments: [
        "daly-p81_reply-from-other-unit", "eg4-ll-v2_live-block", "jk-pb_cell-voltages",
        "pace-p16s100a_live-block", "pace-r100_illegal-address", "renogy-rbt100_cells",
        "seplos-v3_pack-blocks",
    ])
    func `recorded requests are what we would send`(fixture: String) throws {
        for exchange in try Transcript.load(fixture).exchanges {
            let request = try #require(RTUFrame.decodeRequest(FrameBytes(exchange.request)))
            #expect(RTUFrame.encode(request).array == exchange.request)
        }
    }

    @Test func `a recorded request is read field by field`() throws {
        let exchange = try #require(Transcript.load("seplos-v3_pack-blocks").exchanges.first)
        let request = try #require(RTUFrame.decodeRequest(FrameBytes(exchange.request)))
        #expect(request.unit == UnitID(1))
        #expect(request.function == .readInputRegisters)
        #expect(request.address == 0x1000)
        #expect(request.count == 17)
        #expect(request.replyLength == exchange.answer.count)
    }

    @Test func `a request with a wrong check is none`() throws {
        let exchange = try #require(Transcript.load("huawei-esm_wrong-check").exchanges.first)
        #expect(RTUFrame.decodeRequest(FrameBytes(exchange.request)) == nil)
        #expect(!RTUFrame.hasValidCheck(FrameBytes(exchange.answer), 0..<exchange.answer.count))
    }

    @Test func `a request for more coils than the standard allows is none`() throws {
        let exchange = try Transcript.load("seplos-v3_illegal-reads").exchanges[1]
        let bytes = FrameBytes(exchange.request)
        #expect(RTUFrame.hasValidCheck(bytes, 0..<8))
        #expect(RTUFrame.decodeRequest(bytes) == nil)
    }

    @Test(
        arguments: [
            (FunctionCode.readHoldingRegisters, 1, 125), (.readInputRegisters, 1, 125),
            (.readCoils, 1, 2000), (.readDiscreteInputs, 1, 2000),
        ])
    func `counts outside the standard make no request`(
        function: FunctionCode, least: UInt16, most: UInt16
    ) {
        func request(_ count: UInt16, at address: UInt16 = 0) -> ReadRequest? {
            ReadRequest(unit: UnitID(1), function: function, address: address, count: count)
        }
        #expect(request(least - 1) == nil)
        #expect(request(least) != nil)
        #expect(request(most) != nil)
        #expect(request(most + 1) == nil)
        #expect(request(.max) == nil)
        #expect(request(1, at: 0xFFFF) != nil)
        #expect(request(2, at: 0xFFFF) == nil)
    }

    @Test func `bits are counted in started bytes`() {
        func length(_ function: FunctionCode, _ count: UInt16) -> Int? {
            ReadRequest(unit: UnitID(1), function: function, address: 0, count: count)?.dataLength
        }
        #expect(length(.readCoils, 8) == 1)
        #expect(length(.readCoils, 9) == 2)
        #expect(length(.readDiscreteInputs, 2000) == 250)
        #expect(length(.readInputRegisters, 125) == 250)
    }

    @Test func `what is encoded is decoded to the same request`() {
        var generator = SeededGenerator(announcedAs: "RTU requests")
        for _ in 0..<500 {
            let request = ReadRequest.random(using: &generator)
            #expect(RTUFrame.decodeRequest(RTUFrame.encode(request)) == request)
        }
    }

    @Test func `one wrong bit anywhere spoils a request`() {
        var generator = SeededGenerator(announcedAs: "spoilt requests")
        for _ in 0..<10 {
            let bytes = RTUFrame.encode(.random(using: &generator)).array
            for bit in 0..<64 {
                var spoilt = bytes
                spoilt[bit / 8] ^= 1 << (bit % 8)
                #expect(RTUFrame.decodeRequest(FrameBytes(spoilt)) == nil)
            }
        }
    }

    @Test func `exceptions have the words of the standard`() {
        #expect(ModbusException.illegalDataAddress.words.description == "illegal data address")
        #expect(ModbusException(code: 1).words.description == "illegal function")
        #expect(ModbusException(code: 0x81).words.description == "vendor specific")
    }
}

@Suite struct FrameBytesTests {
    @Test func `a full frame takes no more bytes`() {
        var bytes = FrameBytes([UInt8](repeating: 7, count: 400))
        #expect(bytes.count == FrameBytes.capacity)
        let took = bytes.append(1)
        #expect(!took)
        #expect(bytes.count == FrameBytes.capacity)
    }

    @Test func `reading beyond the end gives zero`() {
        let bytes = FrameBytes([1, 2])
        #expect(bytes[2] == 0)
        #expect(bytes[-1] == 0)
        #expect(bytes[1000] == 0)
        #expect(bytes.bigEndian(at: 0) == 0x0102)
        #expect(bytes.bigEndian(at: 1) == 0x0200)
    }

    @Test func `dropping moves the rest to the front`() {
        var bytes = FrameBytes([1, 2, 3])
        bytes.removeFirst(0)
        #expect(bytes.array == [1, 2, 3])
        bytes.removeFirst(2)
        #expect(bytes.array == [3])
        bytes.removeFirst(5)
        #expect(bytes.array.isEmpty)
        bytes.append(bigEndian: 0x1234)
        bytes.removeAll()
        #expect(bytes.count == 0)
    }
}
