import Bank
import Modbus
import StrictJSON

extension PackMapLoader {
    mutating func readTexts() {
        guard var section = root.section("texts") else { return }
        for (name, field) in [
            ("serial", TextField.serial), ("model", .model), ("firmware", .firmware),
        ] {
            guard var entry = section.section(name) else { continue }
            readText(&entry, field)
            entry.finish()
        }
        section.finish()
    }

    private mutating func readText(_ entry: inout JSONSection, _ field: TextField) {
        let encoding = entry.word(
            "encoding",
            [
                ("ascii", TextEncoding.ascii), ("ascii_swapped", .asciiSwapped),
                ("decimal", .decimal), ("bcd", .bcd), ("version", .version),
            ], default: .ascii)
        let registers = entry.integer("registers", in: 1...60)
        let bytes = entry.integer("bytes", in: 1...120)
        if (entry.item("registers") != nil) == (entry.item("bytes") != nil) {
            entry.fault("registers", "or 'bytes' is expected, exactly one of them")
        }
        let length = registers.map { $0 * 2 } ?? bytes ?? 2
        if length % 2 != 0, encoding == .asciiSwapped || encoding == .decimal {
            entry.fault("bytes", "is \(length), this encoding needs whole registers")
        }
        let byte = MapType(name: "u8", type: .u8, span: 1)
        guard let encoding, let place = place(&entry, byte, bytes: length) else { return }
        keepTogether(place.region, [place.place], last: length)
        plan.texts.append(
            TextRow(
                block: UInt8(place.region), place: place.place, length: UInt8(length),
                field: field, encoding: encoding))
    }

    /// The ranges of forbidden writes; a trigger inside one is a fault.
    mutating func readForbiddenWrites() -> [String] {
        let texts = root.strings("forbidden_writes")
        var ranges: [ClosedRange<Int>] = []
        for text in texts {
            let head = text.prefix { $0 != ":" }
            let ends = head.split(separator: "-", omittingEmptySubsequences: false).map {
                JSONSection.integer(.string(String($0)))
            }
            guard head.count < text.count, (1...2).contains(ends.count), let first = ends.first,
                let last = ends.last, let first, let last, first >= 0, first <= last, last <= 0xFFFF
            else {
                root.fault(
                    "forbidden_writes",
                    "contains '\(text)', expected a range and a reason such as '0x10-0x1F: clock'")
                continue
            }
            ranges.append(first...last)
        }
        for region in regions {
            guard case .trigger = region.form,
                let range = ranges.first(where: { $0.contains(region.address) })
            else { continue }
            let text = String(region.address, radix: 16, uppercase: true)
            root.fault(
                "forbidden_writes",
                "has \(range.lowerBound)-\(range.upperBound), block '\(region.name)' triggers at 0x\(text)"
            )
        }
        return texts
    }
}
