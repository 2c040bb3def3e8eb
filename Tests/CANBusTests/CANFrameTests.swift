import CANBus
import TestKit
import Testing

@Suite struct CANFrameTests {
    @Test func `an identifier fits its 11 or 29 bits or is none`() {
        #expect(CANIdentifier(0x7FF) != nil)
        #expect(CANIdentifier(0x800) == nil)
        #expect(CANIdentifier(0x1FFF_FFFF, isExtended: true) != nil)
        #expect(CANIdentifier(0x2000_0000, isExtended: true) == nil)
        #expect(CANIdentifier(0x351) != CANIdentifier(0x351, isExtended: true))
    }

    @Test func `a frame has eight bytes at most`() throws {
        let identifier = try #require(CANIdentifier(0x351))
        #expect(CANFrame(identifier, [UInt8](repeating: 1, count: 8)) != nil)
        #expect(CANFrame(identifier, [UInt8](repeating: 1, count: 9)) == nil)
        #expect(CANFrame(identifier, length: 9, bits: 0) == nil)
    }

    @Test func `bytes beyond the length are zero and do not distinguish frames`() throws {
        let identifier = try #require(CANIdentifier(0x351))
        let frame = try #require(CANFrame(identifier, length: 2, bits: 0xFFFF_FFFF_FFFF_0201))
        #expect(frame == CANFrame(identifier, [0x01, 0x02]))
        #expect((0..<8).map { frame[$0] } == [1, 2, 0, 0, 0, 0, 0, 0])
        #expect(frame[-1] == 0)
        #expect(frame[8] == 0)
        #expect(CANFrame(identifier, length: 0, bits: .max) == CANFrame(identifier, []))
    }

    @Test func `a frame is shown as can-utils shows it`() throws {
        let short = try #require(CANIdentifier(0x35))
        let long = try #require(CANIdentifier(0x351, isExtended: true))
        #expect(CANFrame(short, [0x0A, 0xFF])?.description == "035#0AFF")
        #expect(CANFrame(long, [])?.description == "00000351#")
    }
}
