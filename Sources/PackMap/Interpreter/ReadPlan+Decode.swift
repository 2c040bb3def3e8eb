import Bank
import Modbus
import Quantities

extension ReadPlan {
    /// Takes the data bytes of one block into a reading.
    ///
    /// A block that fails its plausibility gate is dropped whole: the reading keeps what it had.
    /// The readings before and after are equal unless the verdict is `accepted`.
    package func decode(
        block index: Int, _ data: FrameBytes, at instant: Instant,
        into reading: inout PackReading, identity: inout PackIdentity
    ) -> BlockVerdict {
        guard index >= 0, index < blocks.count else { return .short }
        let block = blocks[index]
        let length = block.function.readsBits ? (Int(block.count) + 7) / 8 : Int(block.count) * 2
        guard data.count >= length else { return .short }
        if block.rejectsZero, isZero(data, length) { return .allZero }
        var fresh = reading
        var touched = Touched()
        for row in values where Int(row.block) == index {
            if let impossible = apply(row, data, at: instant, to: &fresh, &touched) {
                return .implausible(row.target, impossible)
            }
        }
        applyFlags(index, data, at: instant, to: &fresh)
        if touched.cells { fresh.cellsStamp = instant }
        if touched.probes { fresh.probesStamp = instant }
        reading = fresh
        applyTexts(index, data, to: &identity)
        return .accepted
    }

    private struct Touched {
        var cells = false
        var probes = false
    }

    private func isZero(_ data: FrameBytes, _ length: Int) -> Bool {
        for index in 0..<length where data[index] != 0 { return false }
        return true
    }

    /// Stores one value; returns it when it is impossible and condemns the block.
    private func apply(
        _ row: ValueRow, _ data: FrameBytes, at instant: Instant, to reading: inout PackReading,
        _ touched: inout Touched
    ) -> Int32? {
        let raw = Self.raw(row.type, data, Int(row.byteOffset))
        var value: Int32?
        if !isAbsent(raw, row) {
            value = Self.scaled(raw, row)
            if let found = value, found < row.minimum || found > row.maximum {
                if row.dropsBlock { return found }
                value = nil
            }
        }
        switch row.target {
        case .signal(let signal): reading.set(signal, to: value, at: instant)
        case .cell(let cell):
            let millivolts = UInt16(clamping: value ?? 0)
            reading.setCell(Int(cell), millivolts: millivolts)
            touched.cells = true
        case .probe(let probe):
            reading.setProbe(Int(probe), decidegrees: value.map { Int16(clamping: $0) })
            touched.probes = true
        }
        return nil
    }

    /// Whether a raw number is one of the codes for "not available".
    func isAbsent(_ raw: Int64, _ row: ValueRow) -> Bool {
        for index in 0..<Int(row.absentCount) where absent[Int(row.absentStart) + index] == raw {
            return true
        }
        return false
    }

    private static func scaled(_ raw: Int64, _ row: ValueRow) -> Int32 {
        let product = raw.addingSaturated(row.addend).multipliedSaturated(by: row.numerator)
        return Int32(
            saturating: row.denominator == 1
                ? product : product.dividedRounding(by: row.denominator))
    }

    /// The number at a byte of a block's data.
    static func raw(_ type: RawType, _ data: FrameBytes, _ at: Int) -> Int64 {
        switch type {
        case .u16: Int64(data.bigEndian(at: at))
        case .i16: Int64(Int16(bitPattern: data.bigEndian(at: at)))
        case .u32: Int64(wide(data, high: at, low: at + 2))
        case .i32: Int64(Int32(bitPattern: wide(data, high: at, low: at + 2)))
        case .u32LowFirst: Int64(wide(data, high: at + 2, low: at))
        case .i32LowFirst: Int64(Int32(bitPattern: wide(data, high: at + 2, low: at)))
        case .u8High: Int64(data[at])
        case .u8Low: Int64(data[at + 1])
        case .i8High: Int64(Int8(bitPattern: data[at]))
        case .i8Low: Int64(Int8(bitPattern: data[at + 1]))
        }
    }

    private static func wide(_ data: FrameBytes, high: Int, low: Int) -> UInt32 {
        UInt32(data.bigEndian(at: high)) << 16 | UInt32(data.bigEndian(at: low))
    }

    /// Replaces what this block's words told before; words of other blocks keep their part.
    private func applyFlags(
        _ block: Int, _ data: FrameBytes, at instant: Instant, to reading: inout PackReading
    ) {
        var found = false
        for (word, row) in flags.enumerated() where Int(row.block) == block {
            found = true
            let at = Int(row.byteOffset)
            let bits = row.width == 1 ? UInt16(data[at]) : data.bigEndian(at: at)
            reading.setFlagWord(word, to: bits)
        }
        guard found else { return }
        reading.flagsStamp = instant
        rebuild(&reading)
    }

    /// Works the alarm sets out anew from all raw words, so that a cleared bit clears its alarm.
    private func rebuild(_ reading: inout PackReading) {
        var warnings = AlarmSet()
        var protections = AlarmSet()
        var faults = AlarmSet()
        var states = PackStates()
        var balancing: UInt32 = 0
        for (word, row) in flags.enumerated() {
            let bits = reading.flagWord(word)
            if row.balancingFirstCell >= 0 {
                balancing |= UInt32(bits) << UInt32(row.balancingFirstCell)
            }
            let first = Int(row.firstRule)
            for rule in rules[first..<(first + Int(row.ruleCount))] where bits & rule.mask != 0 {
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

    private func applyTexts(_ block: Int, _ data: FrameBytes, to identity: inout PackIdentity) {
        for row in texts where Int(row.block) == block {
            var text = SerialNumber()
            for index in 0..<Int(row.length) {
                let byte = data[Int(row.byteOffset) + index]
                if byte == 0 { break }
                if byte >= 0x20, byte < 0x7F { text.append(byte) }
            }
            switch row.field {
            case .serial: identity.serial = text
            case .model: identity.model = text
            case .firmware: identity.firmware = text
            }
        }
    }
}
