import CANBus
import CANTransport
import TestKit
import Testing

@Suite struct SLCANParserTests {
    private let frame = CANBusContract.frames[0]

    private func events(_ text: String) -> [SLCANEvent] { SLCANParser.events(in: text.utf8) }

    @Test func `every line of the manual is understood`() throws {
        let id = try #require(CANIdentifier(0x100))
        let extended = try #require(CANIdentifier(0x1ABC, isExtended: true))
        #expect(events("t3518" + "1402D007D007C001\r") == [.frame(frame, milliseconds: nil)])
        #expect(events("\r\u{07}z\rZ\r") == [.acknowledged, .refused, .transmitted, .transmitted])
        #expect(events("r1003\rR00001ABC0\r") == [.remoteRequest(id), .remoteRequest(extended)])
        #expect(events("F2A\r") == [.status(0x2A)])
        #expect(events("V1013\r") == [.version(hardware: 0x10, software: 0x13)])
    }

    @Test func `a time stamp behind the data is read`() throws {
        #expect(
            events("t35181402D007D007C0010FA0\r") == [.frame(frame, milliseconds: 4000)])
        let keepAlive = try #require(CANIdentifier(0x305))
        let empty = try #require(CANFrame(keepAlive, []))
        #expect(events("t3050\r") == [.frame(empty, milliseconds: nil)])
        #expect(events("t3050EA5F\r") == [.frame(empty, milliseconds: 59_999)])
    }

    @Test func `lower-case hex and line feeds of clones are taken`() {
        let line = "t35181402d007d007c001\r\n"
        #expect(events(line + line).count == 2)
        #expect(events(line) == [.frame(frame, milliseconds: nil)])
    }

    @Test(arguments: [
        "t35191402D007D007C001", "t8001FF", "t3512AB", "t3512ABCDE", "t351", "t", "T2000000000",
        "t35G100", "t3511G0", "x", "zz", "F1", "F1G", "V101", "r351", "t 3511AA",
        "t3518111111111111111122223333444455556666",
    ])
    func `a damaged line is no frame, and the next line is read`(damaged: String) {
        let both = events(damaged + "\rt35181402D007D007C001\r")
        #expect(both == [.unintelligible, .frame(frame, milliseconds: nil)])
    }

    @Test func `a frame cut off by BELL is dropped`() {
        #expect(events("t3518140\u{07}z\r") == [.refused, .transmitted])
    }

    @Test func `what is encoded is decoded to the same`() throws {
        var random = SeededGenerator(announcedAs: "SLCAN round trip")
        for _ in 0..<2000 {
            let frame = try #require(Self.frame(&random))
            let line = SLCANLine(frame)
            #expect(line.count <= 27)
            #expect(
                SLCANParser.events(in: line.bytes) == [.frame(frame, milliseconds: nil)],
                "seed \(random.seed), \(frame)")
        }
    }

    @Test func `any bytes are survived, and a frame after two line ends is read`() {
        var random = SeededGenerator(announcedAs: "SLCAN noise")
        let alphabet = Array("tTrRzZFVN0123456789ABCDEFabc\r\r\r\u{07}\n \u{00}".utf8)
        for round in 0..<500 {
            let noise =
                round % 2 == 0
                ? random.bytes(200)
                : (0..<200).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            let all = SLCANParser.events(in: noise + [0x0D, 0x0D] + SLCANLine(frame).bytes)
            #expect(all.last == .frame(frame, milliseconds: nil), "seed \(random.seed)")
        }
    }

    @Test func `where the bytes are cut does not matter`() throws {
        var random = SeededGenerator(announcedAs: "SLCAN pieces")
        let frames = (0..<50).compactMap { _ in Self.frame(&random) }
        let bytes = frames.flatMap { SLCANLine($0).bytes }
        for _ in 0..<50 {
            var parser = SLCANParser()
            var found: [SLCANEvent] = []
            for piece in random.pieces(of: bytes, longest: 40) {
                for byte in piece {
                    if let event = parser.take(byte) { found.append(event) }
                }
            }
            #expect(found == frames.map { .frame($0, milliseconds: nil) }, "seed \(random.seed)")
        }
    }

    @Test func `our lines and the adapter of the tests agree`() {
        var adapter = LawicelAdapter()
        _ = adapter.hear(Array("S6\rO\r".utf8))
        for frame in CANBusContract.frames {
            let (answer, frames) = adapter.hear(SLCANLine(frame).bytes)
            #expect(frames == [frame])
            #expect(answer == (frame.identifier.isExtended ? "Z\r" : "z\r"))
            #expect(events(adapter.tell(frame)) == [.frame(frame, milliseconds: nil)])
        }
    }

    private static func frame(_ random: inout SeededGenerator) -> CANFrame? {
        let isExtended = Bool.random(using: &random)
        let number = UInt32.random(in: 0...(isExtended ? 0x1FFF_FFFF : 0x7FF), using: &random)
        guard let identifier = CANIdentifier(number, isExtended: isExtended) else { return nil }
        return CANFrame(identifier, random.bytes(Int.random(in: 0...8, using: &random)))
    }
}
