import Testing

@testable import CANProfile

/// The quick rows of the encoder give what the plain arithmetic gives (rule 2).
@Suite struct FrameRowTests {
    private static let values: [Int32] = {
        var values: [Int32] = [.min + 1, .min + 2, .max - 1, .max, -1, 0, 1]
        var state: UInt64 = 88_172_645_463_325_252
        for _ in 0..<2_000 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            let value = Int32(truncatingIfNeeded: state) >> Int32(state >> 59)
            values.append(max(value, .min + 1))
        }
        return values + (-250...250)
    }()
    private static let ranges: [ClosedRange<Int64>] = [
        0...0xFFFF, -0x8000...0x7FFF, 0...100, 5...5, .min ... .max, 0 ... .max, .min ... -1,
        -(1 << 62)...1 << 62, .max - 1 ... .max, .min ... .min + 1,
    ]

    private func row(
        _ denominator: Int32, _ addend: Int64, _ range: ClosedRange<Int64>, _ rounding: Rounding,
        numerator: Int32 = 1, place: FieldPlace
    ) -> NumberRow {
        NumberRow(
            source: 0, place: place, numerator: numerator, denominator: denominator,
            addend: addend, range: range, rounding: rounding)
    }

    @Test(
        arguments: [1, 2, 3, 7, 10, 64, 100, 1_000, 65_537, 1 << 30, Int32.max],
        [Rounding.nearest, .down, .up])
    func `a divided number is scaled, rounded and clamped to the step`(
        denominator: Int32, rounding: Rounding
    ) throws {
        let place = FieldPlace(isLittleEndian: true, shift: 0, mask: .max)
        for range in Self.ranges {
            for addend: Int64 in [0, 1, -40, 1 << 60, -(1 << 60)] {
                let plain = row(denominator, addend, range, rounding, place: place)
                let quick = try #require(StepRow(plain))
                let odd = Self.values.first {
                    quick.bits($0) != UInt64(bitPattern: plain.raw($0))
                }
                #expect(odd == nil, "÷ \(denominator) + \(addend) in \(range)")
            }
        }
    }

    @Test func `a divided number fills its own bits only`() throws {
        let place = FieldPlace(isLittleEndian: true, shift: 12, mask: 0xFF)
        let plain = row(10, 0, -0x80...0x7F, .nearest, place: place)
        let quick = try #require(StepRow(plain))
        #expect(quick.bits(-10) == 0xFF << 12)
        #expect(quick.bits(-10_000) == 0x80 << 12)
        #expect(quick.bits(10_000) == 0x7F << 12)
        #expect(Self.values.allSatisfy { quick.bits($0) == place.bits(plain.raw($0)) })
    }

    @Test func `a number that is multiplied, negated or Motorola is no divided one`() {
        let intel = FieldPlace(isLittleEndian: true, shift: 0, mask: 0xFF)
        let motorola = FieldPlace(isLittleEndian: false, shift: 0, mask: 0xFF)
        #expect(StepRow(row(1, 0, 0...255, .nearest, numerator: 2, place: intel)) == nil)
        #expect(StepRow(row(1, 0, 0...255, .nearest, numerator: -1, place: intel)) == nil)
        #expect(StepRow(row(1, 0, 0...255, .nearest, place: motorola)) == nil)
    }

    @Test func `each alarm flips the bits of all rows that name it`() {
        let flips = AlarmRow.flips([
            AlarmRow(flip: 0b0001, warnings: 0b11, protections: 0, faults: 0),
            AlarmRow(flip: 0b0110, warnings: 0b10, protections: 1 << 63, faults: 0),
            AlarmRow(flip: 0b1000, warnings: 0, protections: 0, faults: 1),
        ])
        var expected = [UInt64](repeating: 0, count: 192)
        (expected[0], expected[1]) = (0b0001, 0b0111)
        (expected[64 + 63], expected[128]) = (0b0110, 0b1000)
        #expect(flips == expected)
    }
}
