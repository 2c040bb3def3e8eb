import Bank
import CANBus
import StrictJSON

extension CANProfileLoader {
    /// The kinds of entry a signal can have; each has exactly one.
    static var kinds: [String] {
        ["value", "constant", "text", "text_of", "alarms", "counter", "checksum"]
    }

    /// Reads which page of a multiplexed message this is; false when that cannot be told.
    mutating func readPage(_ page: JSONSection?, _ section: JSONSection) -> Bool {
        let message = frame.message
        let isMultiplexed = message.signals.contains(where: \.isMultiplexer)
        guard var page else {
            guard isMultiplexed else { return true }
            section.fault(
                "message", "is '\(message.name)', which is multiplexed; 'page' must say which page")
            return false
        }
        guard isMultiplexed else {
            section.fault("page", "is given, but '\(message.name)' is not multiplexed")
            return false
        }
        let before = faults.faults.count
        for name in page.names() {
            guard let signal = message.signal(named: name), signal.isMultiplexer else {
                let known = message.signals.filter(\.isMultiplexer).map(\.name)
                page.fault(
                    name,
                    "is no multiplexer of '\(message.name)', which has \(known.joined(separator: ", "))"
                )
                continue
            }
            let range = Self.rawRange(signal)
            let allowed = 0...Int(clamping: range.upperBound)
            guard let raw = page.integer(name, in: allowed) else { continue }
            frame.page[name] = UInt64(raw)
            frame.bits |= Self.place(signal).bits(Int64(raw))
        }
        for signal in message.signals where signal.isMultiplexer && isOnPage(signal) {
            if frame.page[signal.name] == nil {
                faults.add(line: page.line, "'\(page.path)' says nothing of '\(signal.name)'")
            }
        }
        for name in frame.page.keys.sorted() {
            if let signal = message.signal(named: name), !isOnPage(signal) {
                page.fault(name, "is not in the frame with these numbers")
            }
        }
        return faults.faults.count == before
    }

    /// Whether every multiplexer the signal hangs on has one of its numbers on this page.
    private func isOnPage(_ signal: DBCSignal) -> Bool {
        frame.message.conditions(of: signal).allSatisfy { condition in
            frame.page[condition.selector].map(condition.holds) ?? false
        }
    }

    mutating func readSignals(_ section: JSONSection) {
        var section = section
        let message = frame.message
        let present = message.signals.filter { frame.page[$0.name] == nil && isOnPage($0) }
        let given = section.names()
        for name in given {
            guard let entry = section.section(name) else { continue }
            guard let signal = present.first(where: { $0.name == name }) else {
                let known = present.map(\.name).joined(separator: ", ")
                let place = frame.page.isEmpty ? "" : "this page of "
                section.fault(name, "is no signal of \(place)'\(message.name)', which has \(known)")
                continue
            }
            readSignal(entry, signal)
        }
        for signal in present where !given.contains(signal.name) {
            section.faults.add(
                line: section.line,
                "'\(section.path)' says nothing of '\(signal.name)'; a bit that stays zero is written {\"constant\": 0}"
            )
        }
    }

    private mutating func readSignal(_ entry: JSONSection, _ signal: DBCSignal) {
        var entry = entry
        let given = Self.kinds.filter(entry.has)
        guard given.count == 1, let kind = given.first else {
            let kinds = Self.kinds.map { "'\($0)'" }.joined(separator: ", ")
            entry.faults.add(
                line: entry.line, "'\(entry.path)' needs exactly one of \(kinds)")
            return
        }
        if signal.isFloat {
            entry.fault(kind, "feeds '\(signal.name)', a floating point number, which is only read")
            return
        }
        switch kind {
        case "value": readValue(&entry, signal)
        case "constant": bakeConstant(&entry, signal)
        case "text": bakeText(&entry, signal)
        case "text_of": addText(&entry, signal)
        case "alarms": addAlarms(&entry, signal)
        case "counter": addCounter(&entry, signal)
        default: addChecksum(&entry, signal)
        }
        entry.finish()
    }

    private mutating func bakeConstant(_ entry: inout JSONSection, _ signal: DBCSignal) {
        guard let constant = raw(&entry, "constant", signal) else { return }
        frame.bits |= Self.place(signal).bits(constant)
    }

    /// A raw number; a signed field takes the unsigned spelling of its bits as well: 0xFFFF for −1.
    func raw(_ entry: inout JSONSection, _ key: String, _ signal: DBCSignal) -> Int64? {
        guard let number = entry.integer(key, in: Int.min...Int.max) else { return nil }
        let range = Self.spelledRange(signal)
        guard range.contains(Int64(number)) else {
            entry.fault(key, "is \(number), allowed \(range.lowerBound)…\(range.upperBound)")
            return nil
        }
        return Int64(number)
    }

    private mutating func bakeText(_ entry: inout JSONSection, _ signal: DBCSignal) {
        guard let text = entry.string("text") else { return }
        let bytes = Array(text.utf8)
        guard let place = Self.wholeBytes(signal), place.count == bytes.count,
            bytes.allSatisfy({ $0 == 0 || (0x20..<0x7F).contains($0) })
        else {
            entry.fault(
                "text",
                "has \(bytes.count) bytes, expected \(signal.bitLength / 8) ASCII characters, padded with spaces or \\u0000"
            )
            return
        }
        for (index, byte) in bytes.enumerated() {
            frame.bits |= UInt64(byte) << UInt64((place.first + index) * 8)
        }
    }

    private mutating func addText(_ entry: inout JSONSection, _ signal: DBCSignal) {
        let sources = TextSource.allCases.map { ($0.name, $0) }
        let source = entry.word("text_of", sources)
        let from = entry.integer("from", in: 0...31) ?? 0
        let pad = entry.word("pad", [("zero", UInt8(0)), ("space", UInt8(0x20))], default: 0) ?? 0
        guard let source else { return }
        guard let place = Self.wholeBytes(signal) else {
            entry.fault("text_of", "feeds '\(signal.name)', expected whole bytes")
            return
        }
        if source == .packSerial, !frame.isPerPack {
            entry.fault("text_of", "is 'pack_serial', which stands only in 'per_pack' frames")
        }
        frame.texts.append(
            TextRow(
                source: source, from: UInt8(from), byte: UInt8(place.first),
                count: UInt8(place.count), pad: pad))
    }

    private mutating func addAlarms(_ entry: inout JSONSection, _ signal: DBCSignal) {
        let raised = entry.item("raised") == nil ? 1 : raw(&entry, "raised", signal) ?? 1
        let clear = entry.item("clear") == nil ? 0 : raw(&entry, "clear", signal) ?? 0
        let alarms = entry.strings("alarms")
        guard signal.bitLength <= 8 else {
            entry.fault(
                "alarms", "feeds '\(signal.name)' of \(signal.bitLength) bits, allowed 1…8")
            return
        }
        if raised == clear {
            entry.fault("raised", "is \(raised), the same as 'clear'; nobody could tell them apart")
        }
        let place = Self.place(signal)
        frame.bits |= place.bits(clear)
        var row = AlarmRow(
            flip: place.bits(clear) ^ place.bits(raised), warnings: 0, protections: 0, faults: 0)
        for text in alarms {
            let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2,
                let kind = AlarmKind.allCases.first(where: { $0.code == parts[1] })
            else {
                entry.fault(
                    "alarms",
                    "contains '\(text)', expected warning, protection or fault, a dot and an alarm")
                continue
            }
            let bit = AlarmSet(kind).rawValue
            switch parts[0] {
            case "warning": row.warnings |= bit
            case "protection": row.protections |= bit
            case "fault": row.faults |= bit
            default:
                entry.fault(
                    "alarms",
                    "contains '\(text)', expected warning, protection or fault, a dot and an alarm")
            }
        }
        frame.alarms.append(row)
    }

    private mutating func addCounter(_ entry: inout JSONSection, _ signal: DBCSignal) {
        if !entry.bool("counter", default: false) {
            entry.fault("counter", "is false; leave it out or write true")
        }
        frame.counters.append(CounterRow(place: Self.place(signal)))
    }

    private mutating func addChecksum(_ entry: inout JSONSection, _ signal: DBCSignal) {
        let kinds: [(String, ChecksumKind)] = [("sum8", .sum8), ("xor8", .xor8), ("crc8", .crc8)]
        guard let kind = entry.word("checksum", kinds) else { return }
        guard let place = Self.wholeBytes(signal), place.count == 1 else {
            entry.fault("checksum", "feeds '\(signal.name)', expected one whole byte")
            return
        }
        if !frame.checksums.isEmpty {
            entry.fault("checksum", "is a second one in the frame")
        }
        frame.checksums.append(ChecksumRow(kind: kind, byte: UInt8(place.first)))
    }
}

extension CANProfileLoader {
    /// Where the field is in the frame word.
    ///
    /// Intel: the start bit. Motorola: the place of the lowest bit in the byte-swapped word.
    static func place(_ signal: DBCSignal) -> FieldPlace {
        let mask: UInt64 = signal.bitLength == 64 ? .max : (1 << UInt64(signal.bitLength)) - 1
        var shift = UInt8(signal.startBit)
        if !signal.isLittleEndian, let lowest = signal.bitNumbers.first {
            shift = UInt8(56 - lowest / 8 * 8 + lowest % 8)
        }
        return FieldPlace(isLittleEndian: signal.isLittleEndian, shift: shift, mask: mask)
    }

    /// The bytes of a field that begins and ends with a byte, in the order of the wire.
    static func wholeBytes(_ signal: DBCSignal) -> (first: Int, count: Int)? {
        guard signal.bitLength % 8 == 0 else { return nil }
        let firstBit = signal.isLittleEndian ? 0 : 7
        guard signal.startBit % 8 == firstBit else { return nil }
        return (signal.startBit / 8, signal.bitLength / 8)
    }

    /// What a field can hold.
    static func rawRange(_ signal: DBCSignal) -> ClosedRange<Int64> {
        let bits = signal.bitLength
        if signal.isSigned {
            return bits >= 64 ? .min ... .max : -(1 << (bits - 1))...(1 << (bits - 1)) - 1
        }
        return 0...(bits >= 63 ? .max : (1 << bits) - 1)
    }

    /// How a raw number may be written: a signed field also as the bits it has.
    private static func spelledRange(_ signal: DBCSignal) -> ClosedRange<Int64> {
        let bits = signal.bitLength
        return rawRange(signal).lowerBound...(bits >= 63 ? .max : (1 << bits) - 1)
    }
}
