import Bank

/// What a flag bit stands for.
package enum FlagMeaning: Hashable, Sendable {
    case warning(AlarmKind)
    case protection(AlarmKind)
    case fault(AlarmKind)
    /// A state, by its bits in ``PackStates``.
    case state(UInt32)
}

/// Some bits of a word, and the numbers in them that mean something.
package struct FlagRule: Sendable {
    package var mask: UInt16
    package var shift: UInt8 = 0
    package var lowest: UInt16 = 1
    package var highest: UInt16 = .max
    package var meaning: FlagMeaning

    /// Whether a word says what the rule stands for.
    package func matches(_ word: UInt16) -> Bool {
        let number = (word & mask) >> UInt16(shift)
        return number >= lowest && number <= highest
    }
}

/// One word or byte of flags.
package struct FlagRow: Sendable {
    package var block: UInt8
    package var place: Place
    package var firstRule: UInt16
    package var ruleCount: UInt8
    /// Cell number − 1 of bit 0 when the word tells balancing, else −1.
    package var balancingFirstCell: Int8
}

/// Which text of a pack's identity a run of registers holds.
package enum TextField: UInt8, CaseIterable, Sendable { case serial, model, firmware }

/// How a text is written.
package enum TextEncoding: UInt8, Sendable {
    case ascii
    /// The two characters of each register exchanged.
    case asciiSwapped
    /// Each register as a decimal number, one after the other.
    case decimal
    /// Two decimal digits in each byte.
    case bcd
    /// Each byte as a decimal number, dots between them.
    case version
}

/// One text of a block.
package struct TextRow: Sendable {
    package var block: UInt8
    /// The first byte; the type is always one byte.
    package var place: Place
    /// In bytes.
    package var length: UInt8
    package var field: TextField
    package var encoding = TextEncoding.ascii
}
