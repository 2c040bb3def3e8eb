import Bank
import CANBus

extension FramePlan {
    /// Adds what few frames have; nil when the frame must not be sent.
    func rareBits(
        _ frame: FrameTemplate, _ values: BankValues, _ begun: UInt64, _ offset: Int,
        _ count: UInt64
    ) -> UInt64? {
        var bits = begun
        for row in frame.numbers.indices {
            let value = values.raw(numbers[row].source, offset)
            if value == .min { return nil }
            bits |= numbers[row].place.bits(numbers[row].raw(value))
        }
        for row in frame.fallbacks.indices {
            guard let raw = number(fallbacks[row], values, offset) else { return nil }
            bits |= fallbacks[row].number.place.bits(raw)
        }
        for row in frame.tables.indices {
            guard let raw = look(up: tables[row], values, offset) else { return nil }
            bits |= tables[row].place.bits(raw)
        }
        for row in frame.texts.indices {
            guard let field = text(texts[row], frame.pack, values) else { return nil }
            bits |= field
        }
        for row in frame.counters.indices {
            bits |= counters[row].place.bits(Int64(truncatingIfNeeded: count))
        }
        for row in frame.checksums.indices {
            let sum = Self.checksum(checksums[row], bits, length: frame.length)
            bits |= UInt64(sum) << (UInt64(checksums[row].byte) * 8)
        }
        return bits
    }

    private func number(_ row: FallbackRow, _ values: BankValues, _ offset: Int) -> Int64? {
        if let raw = row.whenStopped, values[.stopped] == 1 { return raw }
        let value = values.raw(row.number.source, offset)
        return value == .min ? row.unknown : row.number.raw(value)
    }

    private func look(up row: TableRow, _ values: BankValues, _ offset: Int) -> Int64? {
        if let raw = row.whenStopped, values[.stopped] == 1 { return raw }
        let value = values.raw(row.source, offset)
        guard value != .min else { return row.unknown }
        for index in Int(row.first)..<(Int(row.first) + Int(row.count))
        where entries[index].value == value {
            return entries[index].raw
        }
        return row.unknown
    }

    /// Nil while the text is not known.
    private func text(_ row: TextRow, _ pack: UInt8, _ values: BankValues) -> UInt64? {
        let text: SerialNumber
        switch row.source {
        case .serial: text = values.serial
        case .packSerial: text = values.packSerial(Int(pack) - 1)
        case .gateway: text = values.gateway
        case .cellMaximumName:
            text = Self.name(values[.cellMaximumPack], values[.cellMaximumCell], "C")
        case .cellMinimumName:
            text = Self.name(values[.cellMinimumPack], values[.cellMinimumCell], "C")
        case .temperatureMaximumName:
            text = Self.name(values[.temperatureMaximumPack], values[.temperatureMaximumProbe], "T")
        case .temperatureMinimumName:
            text = Self.name(values[.temperatureMinimumPack], values[.temperatureMinimumProbe], "T")
        }
        guard text.isKnown else { return nil }
        var bits: UInt64 = 0
        for index in 0..<Int(row.count) {
            let at = Int(row.from) + index
            let byte = at < Int(text.count) ? text[at] : row.pad
            bits |= UInt64(byte) << UInt64((Int(row.byte) + index) * 8)
        }
        return bits
    }

    /// `P07C12`; `P07` when the pack did not tell which cell; unknown without a pack.
    private static func name(
        _ pack: Int32?, _ place: Int32?, _ letter: Unicode.Scalar
    ) -> SerialNumber {
        var text = SerialNumber()
        guard let pack, pack > 0, pack < 100 else { return text }
        text.append(UInt8(ascii: "P"))
        text.append(UInt8(ascii: "0") + UInt8(pack / 10))
        text.append(UInt8(ascii: "0") + UInt8(pack % 10))
        guard let place, place > 0, place < 100 else { return text }
        text.append(UInt8(ascii: letter))
        if place >= 10 { text.append(UInt8(ascii: "0") + UInt8(place / 10)) }
        text.append(UInt8(ascii: "0") + UInt8(place % 10))
        return text
    }

    private static func checksum(_ row: ChecksumRow, _ bits: UInt64, length: UInt8) -> UInt8 {
        var sum: UInt8 = 0
        for index in 0..<Int(length) where index != Int(row.byte) {
            let byte = UInt8(truncatingIfNeeded: bits >> (UInt64(index) * 8))
            switch row.kind {
            case .sum8: sum &+= byte
            case .xor8: sum ^= byte
            case .crc8:
                sum ^= byte
                for _ in 0..<8 { sum = sum & 0x80 != 0 ? sum << 1 ^ 0x07 : sum << 1 }
            }
        }
        return sum
    }
}
