import CANBus

/// One signal read out of a frame.
package struct DecodedSignal: Hashable, Sendable {
    /// The signal's name in the DBC file.
    package let name: String
    /// The raw number, sign applied.
    package let raw: Int64
    /// The physical value, exact, in decimal notation.
    package let value: String
    /// The unit as the DBC file writes it.
    package let unit: String
    /// The text the DBC file has for this raw number.
    package let text: String?
}

extension DBCSignal {
    /// The raw number in a frame's bits, sign applied.
    package func raw(in bits: UInt64) -> Int64 {
        var raw: UInt64 = 0
        for (index, bit) in bitNumbers.enumerated() where bit >= 0 && bit < 64 {
            raw |= (bits >> UInt64(bit) & 1) << UInt64(index)
        }
        if isSigned, bitLength < 64, raw >> UInt64(bitLength - 1) & 1 != 0 {
            raw |= ~((1 << UInt64(bitLength)) - 1)
        }
        return Int64(bitPattern: raw)
    }

    /// The physical value of a raw number: raw × factor + offset in decimal notation.
    package func physical(_ raw: Int64) -> String {
        let exponent = min(factor.exponent, offset.exponent, 0)
        guard exponent > -16, factor.exponent < 12, offset.exponent < 12 else { return "\(raw)" }
        func lift(_ number: DBCNumber) -> Int64 {
            var value = number.coefficient
            for _ in 0..<(number.exponent - exponent) {
                value = value.multipliedReportingOverflow(by: 10).partialValue
            }
            return value
        }
        let scaled = raw.multipliedReportingOverflow(by: lift(factor)).partialValue &+ lift(offset)
        return Self.decimal(scaled, decimals: -exponent)
    }

    private static func decimal(_ value: Int64, decimals: Int) -> String {
        guard decimals > 0 else { return String(value) }
        var digits = String(value.magnitude)
        while digits.count <= decimals { digits = "0" + digits }
        let cut = digits.index(digits.endIndex, offsetBy: -decimals)
        return (value < 0 ? "-" : "") + digits[..<cut] + "." + digits[cut...]
    }
}

extension CANProfile {
    /// The message a frame belongs to.
    package func message(for frame: CANFrame) -> DBCMessage? {
        layout.messages.first { $0.identifier == frame.identifier }
    }

    /// Every signal of a frame; nil when the profile knows no such frame.
    package func decode(_ frame: CANFrame) -> [DecodedSignal]? {
        guard let message = message(for: frame) else { return nil }
        let usedBits = Int(frame.length) * 8
        let signals = message.signals.filter { signal in
            signal.bitNumbers.allSatisfy { $0 < usedBits } && isPresent(signal, message, frame)
        }
        return signals.map { signal in
            let raw = signal.raw(in: frame.bits)
            return DecodedSignal(
                name: signal.name, raw: raw, value: signal.physical(raw), unit: signal.unit,
                text: signal.values[raw])
        }
    }

    private func isPresent(_ signal: DBCSignal, _ message: DBCMessage, _ frame: CANFrame) -> Bool {
        guard case .selected(let wanted) = signal.multiplexing else { return true }
        guard let selector = message.signals.first(where: { $0.multiplexing == .selector }) else {
            return false
        }
        return UInt64(bitPattern: selector.raw(in: frame.bits)) == wanted
    }

    /// The bank values a sent frame carries, in our units: what an inverter would read from it.
    ///
    /// A number beyond 64 bits in our units is left out; no real field comes near.
    package func bankValues(in frame: CANFrame) -> [(value: BankValue, number: Int64)] {
        (readings[frame.identifier] ?? []).compactMap { signal, value in
            guard signal.bitNumbers.allSatisfy({ $0 < Int(frame.length) * 8 }),
                let scaled = Self.units(signal.raw(in: frame.bits), signal.factor, value),
                let offset = Self.units(1, signal.offset, value)
            else { return nil }
            let (sum, overflow) = scaled.addingReportingOverflow(offset)
            return overflow ? nil : (value, sum)
        }
    }

    /// `count` times a number of the DBC file in the units of `value`.
    private static func units(_ count: Int64, _ number: DBCNumber, _ value: BankValue) -> Int64? {
        guard let fraction = number.fraction else { return nil }
        var unit: Int64 = 1
        for _ in 0..<value.decimals { unit *= 10 }
        let (scaled, isTooLarge) = count.multipliedReportingOverflow(by: fraction.numerator)
        let (units, overflow) = scaled.multipliedReportingOverflow(by: unit)
        return isTooLarge || overflow ? nil : units / fraction.denominator
    }
}
