@testable import CANBus
import TestKit
import Testing

@Suite struct CandumpTests {
    @Test func `both text forms of can-utils are read`() throws {
        let compact = try Candump.parse("(1700000000.123456) can0 351#1402740E740ECC01")
        #expect(compact.microseconds == 1_700_000_000_123_456)
        let spaced = try Candump.parse("  can0  351   [8]  14 02 74 0E 74 0E CC 01")
        #expect(spaced.frame == compact.frame)
        #expect(try Candump.parse("can1 18FF50E5#").frame.identifier.isExtended)
    }

    @Test(arguments: [
        ("(12) can0 351#00", "expected a time such as (1700000000.123456), found '(12)'"),
        ("351#00", "expected an interface and a frame, found '351#00'"),
        ("can0 351#001", "expected up to 8 bytes in hex, found '001'"),
        ("can0 351#GG", "expected a byte in hex, found 'GG'"),
        ("can0 351 [3] 01 02", "expected 3 bytes, found 2"),
        (
            "can0 FFF#00",
            "expected an identifier of 3 or 8 hex digits and up to 8 bytes, found 'FFF' and 1 bytes"
        ),
    ]) func `a broken line says what was expected`(line: String, expected: String) {
        #expect(throws: Candump.LineError(description: expected)) { try Candump.parse(line) }
    }

    @Test func `a written line reads back as the same frame`() throws {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<1000 {
            let isExtended = Bool.random(using: &generator)
            let number = UInt32.random(
                in: 0...(isExtended ? 0x1FFF_FFFF : 0x7FF), using: &generator)
            let identifier = try #require(CANIdentifier(number, isExtended: isExtended))
            let length = UInt8.random(in: 0...8, using: &generator)
            let frame = try #require(CANFrame(identifier, length: length, bits: generator.next()))
            let line = Candump.line(frame, interface: "can0", microseconds: 1_234_567_890_123)
            #expect(try Candump.parse(line).frame == frame)
        }
    }
}
