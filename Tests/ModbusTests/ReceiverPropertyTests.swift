import Modbus
import TestKit
import Testing

/// What must hold for all bytes and all ways of cutting them.
@Suite struct ReceiverPropertyTests {
    @Test func `every answer is found with its data`() {
        var generator = SeededGenerator(announcedAs: "RTU answers")
        for _ in 0..<200 {
            let request = ReadRequest.random(using: &generator)
            let data = generator.bytes(request.dataLength)
            var receiver = RTUReceiver(request: request)
            #expect(receiver.feed(all: request.answer(data)) == .reply)
            #expect(receiver.data.array == data)
        }
    }

    @Test func `an answer is found behind any noise that is no frame`() {
        var generator = SeededGenerator(announcedAs: "RTU noise")
        for _ in 0..<200 {
            let request = ReadRequest.random(using: &generator)
            let data = generator.bytes(request.dataLength)
            let noise = generator.bytes(.random(in: 0...40, using: &generator))
            var receiver = RTUReceiver(request: request)
            #expect(receiver.feed(all: noise + request.answer(data)) == .reply)
            #expect(receiver.data.array == data)
            #expect(receiver.strayBytes == noise.count)
        }
    }

    @Test func `random bytes are never an answer and never a crash`() {
        var generator = SeededGenerator(announcedAs: "RTU random bytes")
        for _ in 0..<200 {
            let request = ReadRequest.random(using: &generator)
            // Half of them begin like an answer, to reach the deeper parts.
            let head = [request.unit.rawValue, request.function.rawValue]
            let bytes =
                (Bool.random(using: &generator) ? head : [])
                + generator.bytes(.random(in: 0...600, using: &generator))
            var receiver = RTUReceiver(request: request)
            let state = receiver.feed(all: bytes)
            if case .reply = state { Issue.record("random bytes became an answer") }
            _ = receiver.verdictAtTimeout
        }
    }

    @Test func `a Modbus TCP answer is found in any pieces behind late ones`() {
        var generator = SeededGenerator(announcedAs: "TCP answers")
        for _ in 0..<200 {
            let request = ReadRequest.random(using: &generator)
            let data = generator.bytes(request.dataLength)
            let transaction = UInt16.random(in: 1...0xFFFF, using: &generator)
            func frame(_ transaction: UInt16) -> [UInt8] {
                let payload = FrameBytes([UInt8(request.dataLength)] + data)
                return TCPFrame.encodeReply(
                    transaction: transaction, unit: request.unit,
                    function: request.function.rawValue, payload: payload
                ).array
            }
            var receiver = TCPReceiver(request: request, transaction: transaction)
            #expect(receiver.feed(all: frame(transaction &- 1) + frame(transaction)) == .reply)
            #expect(receiver.data.array == data)
            #expect(receiver.lateFrames == 1)
        }
    }

    @Test func `random bytes never crash the reader of Modbus TCP`() {
        var generator = SeededGenerator(announcedAs: "TCP random bytes")
        for _ in 0..<1_000 {
            let request = ReadRequest.random(using: &generator)
            var bytes = generator.bytes(.random(in: 0...300, using: &generator))
            // Half of them have a sound header, to reach the deeper parts.
            if bytes.count > 6, Bool.random(using: &generator) {
                bytes.replaceSubrange(0..<5, with: [0, 1, 0, 0, 0])
            }
            var receiver = TCPReceiver(request: request, transaction: 1)
            for byte in bytes { _ = receiver.feed(byte) }
        }
    }

    @Test func `random bytes never crash the classifier`() {
        var generator = SeededGenerator(announcedAs: "traffic random bytes")
        for _ in 0..<200 {
            var classifier = TrafficClassifier()
            for byte in generator.bytes(200) { classifier.feed(byte) }
            #expect(classifier.verdict != .silence)
        }
    }
}
