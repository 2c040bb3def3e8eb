import Bank
import Modbus
import Quantities

extension ReadPlan {
    /// Replaces what this block's words told before; words of other blocks keep their part.
    func applyFlags(
        _ block: Int, _ data: FrameBytes, _ layout: BlockLayout, at instant: Instant,
        to reading: inout PackReading
    ) {
        var found = false
        for (word, row) in flags.enumerated() where Int(row.block) == block {
            found = true
            let raw = Self.raw(row.place.type, data, layout.offset(of: row.place))
            reading.setFlagWord(word, to: UInt16(truncatingIfNeeded: raw))
        }
        guard found else { return }
        reading.flagsStamp = instant
        rebuild(&reading)
    }

    /// Works the alarm sets out anew from all raw words, so that a cleared bit clears its alarm.
    ///
    /// A word that was not read yet says nothing, not even by its unset bits.
    private func rebuild(_ reading: inout PackReading) {
        var warnings = AlarmSet()
        var protections = AlarmSet()
        var faults = AlarmSet()
        var states = PackStates()
        var balancing: UInt32 = 0
        for (word, row) in flags.enumerated() {
            guard reading.hasFlagWord(word) else { continue }
            let bits = reading.flagWord(word)
            if row.balancingFirstCell >= 0 {
                balancing |= UInt32(bits) << UInt32(row.balancingFirstCell)
            }
            let first = Int(row.firstRule)
            for rule in rules[first..<(first + Int(row.ruleCount))] where rule.matches(bits) {
                switch rule.meaning {
                case .warning(let kind): warnings.insert(kind)
                case .protection(let kind): protections.insert(kind)
                case .fault(let kind): faults.insert(kind)
                case .state(let state): states.formUnion(PackStates(rawValue: state))
                }
            }
        }
        reading.warnings = warnings
        reading.protections = protections
        reading.faults = faults
        reading.states = states
        reading.knownStates = knownStates
        reading.balancing = balancing
    }

    /// Takes the texts of one block; an unreadable character is left out.
    func applyTexts(
        _ block: Int, _ data: FrameBytes, _ layout: BlockLayout, to identity: inout PackIdentity
    ) {
        for row in texts where Int(row.block) == block {
            var text = SerialNumber()
            let start = layout.offset(of: row.place)
            switch row.encoding {
            case .ascii, .asciiSwapped:
                let swap = row.encoding == .asciiSwapped ? 1 : 0
                for index in 0..<Int(row.length) {
                    let byte = data[start + (index ^ swap)]
                    if byte == 0 { break }
                    if byte >= 0x20, byte < 0x7F { text.append(byte) }
                }
            case .decimal: Self.appendDecimals(data, start, Int(row.length), to: &text)
            case .bcd: Self.appendDigits(data, start, Int(row.length), to: &text)
            case .version: Self.appendVersion(data, start, Int(row.length), to: &text)
            }
            switch row.field {
            case .serial: identity.serial = text
            case .model: identity.model = text
            case .firmware: identity.firmware = text
            }
        }
    }

    private static func isZero(_ data: FrameBytes, _ start: Int, _ length: Int) -> Bool {
        for index in 0..<length where data[start + index] != 0 { return false }
        return true
    }

    /// Registers as decimal numbers; registers that are all zero are no text.
    private static func appendDecimals(
        _ data: FrameBytes, _ start: Int, _ length: Int, to text: inout SerialNumber
    ) {
        if isZero(data, start, length) { return }
        for index in 0..<(length / 2) {
            let number = data.bigEndian(at: start + index * 2)
            append(number, to: &text)
        }
    }

    /// Bytes as decimal numbers with dots between them; bytes that are all zero are no text.
    private static func appendVersion(
        _ data: FrameBytes, _ start: Int, _ length: Int, to text: inout SerialNumber
    ) {
        if isZero(data, start, length) { return }
        for index in 0..<length {
            if index > 0 { text.append(0x2E) }
            append(UInt16(data[start + index]), to: &text)
        }
    }

    private static func append(_ number: UInt16, to text: inout SerialNumber) {
        var power: UInt16 = 10_000
        while power > 1, number < power { power /= 10 }
        while power > 0 {
            text.append(0x30 + UInt8(truncatingIfNeeded: number / power % 10))
            power /= 10
        }
    }

    /// Two digits in each byte; halves that are no digit are left out.
    private static func appendDigits(
        _ data: FrameBytes, _ start: Int, _ length: Int, to text: inout SerialNumber
    ) {
        if isZero(data, start, length) { return }
        for index in 0..<length {
            let byte = data[start + index]
            if byte >> 4 < 10 { text.append(0x30 + byte >> 4) }
            if byte & 15 < 10 { text.append(0x30 + byte & 15) }
        }
    }
}
