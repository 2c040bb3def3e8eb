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

    /// Whether the value is a number; a floating point field can hold what is none.
    package var isNumber: Bool { !value.contains("n") }
}

extension DBCSignal {
    /// The field's bits in a frame's bits, without a sign.
    package func bits(in bits: UInt64) -> UInt64 {
        var raw: UInt64 = 0
        for (index, bit) in bitNumbers.enumerated() where bit >= 0 && bit < 64 {
            raw |= (bits >> UInt64(bit) & 1) << UInt64(index)
        }
        return raw
    }

    /// The field's bits for a raw number.
    package func bits(of raw: Int64) -> UInt64 {
        let bits = UInt64(bitPattern: raw)
        return bitLength >= 64 ? bits : bits & ((1 << UInt64(bitLength)) - 1)
    }

    /// The raw number in a frame's bits, sign applied.
    package func raw(in bits: UInt64) -> Int64 {
        var raw = self.bits(in: bits)
        if isSigned, bitLength < 64, raw >> UInt64(bitLength - 1) & 1 != 0 {
            raw |= ~((1 << UInt64(bitLength)) - 1)
        }
        return Int64(bitPattern: raw)
    }

    /// The physical value of a raw number: raw × factor + offset in decimal notation.
    ///
    /// A floating point number is written as short as it reads back; `nan` and `inf` are words.
    package func physical(_ raw: Int64) -> String {
        if isFloat { return floating(raw) }
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

    private func floating(_ raw: Int64) -> String {
        let isPlain = factor == DBCNumber.one && offset.isZero
        let bits = UInt64(bitPattern: raw)
        if valueType == .single {
            let number = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
            if isPlain { return "\(number)" }
            return "\(Double(number) * factor.approximation + offset.approximation)"
        }
        let number = Double(bitPattern: bits)
        return isPlain ? "\(number)" : "\(number * factor.approximation + offset.approximation)"
    }

    private static func decimal(_ value: Int64, decimals: Int) -> String {
        guard decimals > 0 else { return String(value) }
        var digits = String(value.magnitude)
        while digits.count <= decimals { digits = "0" + digits }
        let cut = digits.index(digits.endIndex, offsetBy: -decimals)
        return (value < 0 ? "-" : "") + digits[..<cut] + "." + digits[cut...]
    }
}

extension DBCNumber {
    /// Exactly one.
    static let one = DBCNumber(coefficient: 1, exponent: 0)

    /// The nearest floating point number.
    var approximation: Double {
        var number = Double(coefficient)
        for _ in 0..<min(exponent.magnitude, 400) {
            if exponent > 0 { number *= 10 } else { number /= 10 }
        }
        return number
    }
}

extension DBCMessage {
    /// Whether the signal is in this frame: long enough, and every multiplexer says so.
    package func isPresent(_ signal: DBCSignal, in frame: CANFrame) -> Bool {
        guard signal.bitNumbers.allSatisfy({ $0 < Int(frame.length) * 8 }) else { return false }
        return conditions(of: signal).allSatisfy { condition in
            guard let selector = self.signal(named: condition.selector) else { return false }
            return condition.holds(selector.bits(in: frame.bits))
        }
    }

    /// Every signal of a frame.
    package func decode(_ frame: CANFrame) -> [DecodedSignal] {
        signals.filter { isPresent($0, in: frame) }.map { signal in
            let raw = signal.raw(in: frame.bits)
            return DecodedSignal(
                name: signal.name, raw: raw, value: signal.physical(raw), unit: signal.unit,
                text: signal.isFloat ? nil : signal.values[raw])
        }
    }
}

extension CANProfile {
    /// The message a frame belongs to; frames of later packs belong to that of the first.
    package func message(for frame: CANFrame) -> DBCMessage? {
        layout.messages.first { $0.identifier == frame.identifier }
            ?? packMessages[frame.identifier]
    }

    /// Every signal of a frame; nil when the profile knows no such frame.
    package func decode(_ frame: CANFrame) -> [DecodedSignal]? {
        message(for: frame)?.decode(frame)
    }

    /// The values a sent frame carries, in our units: what an inverter would read from it.
    ///
    /// What stands for "not known", and a number beyond 64 bits in our units, is left out.
    package func bankValues(in frame: CANFrame) -> [(value: BankValue, number: Int64)] {
        guard let message = message(for: frame) else { return [] }
        return (readings[message.identifier] ?? []).compactMap { reading in
            guard message.isPresent(reading.signal, in: frame),
                reading.isOnPage(of: message, frame),
                let number = reading.number(reading.signal.raw(in: frame.bits))
            else { return nil }
            return (reading.value, number)
        }
    }
}

extension SentSignal {
    /// Whether the multiplexers have the numbers of the page the signal was sent on.
    func isOnPage(of message: DBCMessage, _ frame: CANFrame) -> Bool {
        page.allSatisfy { name, raw in
            message.signal(named: name)?.bits(in: frame.bits) == raw
        }
    }

    /// A raw number in the unit of the value; nil when it stands for "not known".
    func number(_ raw: Int64) -> Int64? {
        if let unknown, signal.bits(of: unknown) == signal.bits(of: raw) { return nil }
        if !table.isEmpty { return table[raw].map(Int64.init) }
        guard let scaled = Self.units(raw, factor, value),
            let offset = Self.units(1, signal.offset, value)
        else { return nil }
        let (sum, overflow) = scaled.addingReportingOverflow(offset)
        return overflow || sum == .min ? nil : isNegated ? -sum : sum
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
