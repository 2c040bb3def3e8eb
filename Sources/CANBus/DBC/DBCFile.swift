/// An exact fraction of a DBC file's decimal numbers.
package struct DBCNumber: Hashable, Sendable {
    /// All digits with the sign.
    package let coefficient: Int64
    /// The power of ten.
    package let exponent: Int

    /// Joins both.
    package init(coefficient: Int64, exponent: Int) {
        self.coefficient = coefficient
        self.exponent = exponent
    }

    /// Whether it is a plain zero.
    package var isZero: Bool { coefficient == 0 }

    /// As numerator and denominator, reduced by powers of ten; nil when it does not fit.
    package var fraction: (numerator: Int64, denominator: Int64)? {
        var numerator = coefficient
        var denominator: Int64 = 1
        guard abs(exponent) <= 15 else { return nil }
        for _ in 0..<abs(exponent) {
            if exponent > 0 {
                let (product, overflow) = numerator.multipliedReportingOverflow(by: 10)
                if overflow { return nil }
                numerator = product
            } else if numerator % 10 == 0 {
                numerator /= 10
            } else {
                denominator *= 10
            }
        }
        return (numerator, denominator)
    }
}

/// When a multiplexed signal is in the frame.
package struct DBCSelection: Hashable, Sendable {
    /// The name of the multiplexer that decides.
    package var selector: String
    /// The raw numbers of the multiplexer with which the signal is there.
    package var ranges: [ClosedRange<UInt64>]

    /// Joins both.
    package init(selector: String, ranges: [ClosedRange<UInt64>]) {
        self.selector = selector
        self.ranges = ranges
    }

    /// Whether the signal is there while the multiplexer has this raw number.
    package func holds(_ raw: UInt64) -> Bool { ranges.contains { $0.contains(raw) } }
}

/// How raw bits stand for a number.
package enum DBCValueType: Int64, Hashable, Sendable {
    /// A whole number, signed or not.
    case integer
    /// IEEE 754 with 32 bits.
    case single
    /// IEEE 754 with 64 bits.
    case double
}

/// One signal of a message.
package struct DBCSignal: Hashable, Sendable {
    /// Its name.
    package var name: String
    /// The line of its definition from 1.
    package let line: Int
    /// The start bit as the file has it: lowest bit (Intel) or highest bit (Motorola).
    package let startBit: Int
    /// 1…64 bits.
    package let bitLength: Int
    /// Lowest byte first.
    package let isLittleEndian: Bool
    /// Two's complement.
    package let isSigned: Bool
    /// Physical value = raw × factor + offset.
    package let factor: DBCNumber
    package let offset: DBCNumber
    /// The declared range; both zero means none.
    package let minimum: DBCNumber
    package let maximum: DBCNumber
    /// The unit as the file writes it: `V`, `A`.
    package let unit: String
    /// Whether it chooses other signals of the frame (M, m3M).
    package var isMultiplexer = false
    /// When it is in the frame; nil is always.
    package var selection: DBCSelection?
    /// How raw bits stand for a number (SIG_VALTYPE_).
    package var valueType = DBCValueType.integer
    /// Whether raw bits are an IEEE number.
    package var isFloat: Bool { valueType != .integer }
    /// Texts for values (VAL_).
    package var values: [Int64: String] = [:]
    /// The comment (CM_ SG_).
    package var comment = ""

    /// The bit numbers (byte × 8 + bit) the signal uses, lowest value bit first.
    package var bitNumbers: [Int] {
        if isLittleEndian { return (0..<bitLength).map { startBit + $0 } }
        var numbers: [Int] = []
        var bit = startBit
        for _ in 0..<bitLength {
            numbers.append(bit)
            bit = bit % 8 == 0 ? bit + 15 : bit - 1
        }
        return numbers.reversed()
    }
}

/// One message (frame layout).
package struct DBCMessage: Hashable, Sendable {
    /// The identifier on the bus.
    package let identifier: CANIdentifier
    /// Its name.
    package var name: String
    /// The line of its definition from 1.
    package let line: Int
    /// Data bytes, 0…8.
    package let length: UInt8
    /// Who sends it.
    package let sender: String
    /// Its signals in the order of the file.
    package var signals: [DBCSignal] = []
    /// The comment (CM_ BO_).
    package var comment = ""
    /// `GenMsgCycleTime`, ms.
    package var cycleMilliseconds: Int?

    /// A message without a name and signals, identifier 0.
    package static var empty: DBCMessage {
        DBCMessage(identifier: .zero, name: "", line: 0, length: 0, sender: "")
    }

    /// The signal of a name.
    package func signal(named name: String) -> DBCSignal? { signals.first { $0.name == name } }

    /// The multiplexers a signal hangs on with the numbers they must have, the nearest first.
    ///
    /// Ends at a multiplexer that is not there and at one that was already met.
    package func conditions(of signal: DBCSignal) -> [DBCSelection] {
        var conditions: [DBCSelection] = []
        var next = signal.selection
        while let selection = next,
            !conditions.contains(where: { $0.selector == selection.selector })
        {
            conditions.append(selection)
            next = self.signal(named: selection.selector)?.selection
        }
        return conditions
    }

    /// Whether two signals can never stand in one frame, because a multiplexer must differ.
    package func excludes(_ left: DBCSignal, _ right: DBCSignal) -> Bool {
        let others = conditions(of: right)
        return conditions(of: left).contains { mine in
            others.contains { other in
                other.selector == mine.selector
                    && !mine.ranges.contains { range in
                        other.ranges.contains { $0.overlaps(range) }
                    }
            }
        }
    }
}

/// A parsed DBC file.
package struct DBCFile: Sendable {
    /// The messages in the order of the file.
    package var messages: [DBCMessage] = []
    /// Sections that were skipped, with their lines.
    package var notes: [String] = []

    /// The message of a name.
    package func message(named name: String) -> DBCMessage? { messages.first { $0.name == name } }
}

/// One fault of a DBC file.
package struct DBCFault: Hashable, Sendable, CustomStringConvertible {
    /// The line from 1.
    package let line: Int
    /// The byte in that line from 1, or 0.
    package let column: Int
    /// What was expected and found.
    package let message: String

    /// `line 7, column 12: expected ':' after the signal's name, found '1'`.
    package var description: String {
        column > 0 ? "line \(line), column \(column): \(message)" : "line \(line): \(message)"
    }
}

/// Why a DBC file was refused.
package struct DBCError: Error, Hashable, Sendable, CustomStringConvertible {
    /// All faults, in the order of the file.
    package let faults: [DBCFault]

    /// One line for each fault.
    package var description: String { faults.map(\.description).joined(separator: "\n") }
}
