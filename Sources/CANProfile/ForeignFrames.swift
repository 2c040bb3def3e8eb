import CANBus
import StrictJSON

/// Traffic that tells of a wrong setting: frames of other battery families.
///
/// An inverter set to the wrong battery mode asks for a battery nobody plays. The list says by which
/// frames it is recognised and what to do.
package struct ForeignFrames: Hashable, Sendable {
    /// One frame and what it means.
    package struct Entry: Hashable, Sendable {
        /// What it belongs to: `BYD HVS/HVM high-voltage`.
        package let name: String
        /// What to do, without a full stop.
        package let advice: String
        let identifier: CANIdentifier
        let length: UInt8
        let bits: UInt64
        let mask: UInt64

        /// One sentence for the person in front of the inverter.
        package func sentence() -> String {
            "frame \(identifier) belongs to \(name): \(advice)"
        }
    }

    /// All entries in the order of the file.
    package private(set) var entries: [Entry] = []
    private var places: [CANIdentifier: [Int]] = [:]

    /// Nothing is foreign.
    package init() {}

    /// Reads `foreign.json`; throws one error with all faults.
    package static func load(
        _ bytes: [UInt8], name: String
    ) throws(CANProfileError) -> ForeignFrames {
        let faults = FaultList()
        var result = ForeignFrames()
        do {
            let item = try JSONParser.parse(bytes)
            var root = JSONSection(item, path: "", faults: faults)
            _ = root.word("schema", [("amphora/foreign-traffic/v1", true)])
            for section in root.sections("entries") {
                if let entry = read(section) { result.add(entry) }
            }
            root.finish()
        } catch {
            throw CANProfileError(name: name, faults: [error.description])
        }
        guard faults.faults.isEmpty else {
            throw CANProfileError(name: name, faults: faults.faults.map(\.description))
        }
        return result
    }

    private mutating func add(_ entry: Entry) {
        places[entry.identifier, default: []].append(entries.count)
        entries.append(entry)
    }

    /// The first entry a frame fits, by its place; nil when it is not foreign.
    package func match(_ frame: CANFrame) -> Int? {
        guard let candidates = places[frame.identifier] else { return nil }
        return candidates.first { index in
            let entry = entries[index]
            return frame.length >= entry.length && frame.bits & entry.mask == entry.bits
        }
    }

    private static func read(_ section: JSONSection) -> Entry? {
        var section = section
        let isExtended = section.bool("extended", default: false)
        let number = section.requiredInteger("id", in: 0...(isExtended ? 0x1FFF_FFFF : 0x7FF))
        let name = section.requiredString("name")
        let advice = section.requiredString("advice")
        let text = section.string("data")
        section.finish()
        guard let pattern = pattern(text ?? ""), text != "" else {
            section.fault("data", "is '\(text ?? "")', expected up to 8 bytes such as \"01 ?? 03\"")
            return nil
        }
        guard let number, let identifier = CANIdentifier(UInt32(number), isExtended: isExtended)
        else { return nil }
        return Entry(
            name: name, advice: advice, identifier: identifier, length: pattern.length,
            bits: pattern.bits, mask: pattern.mask)
    }

    /// The beginning of the data; `??` is any byte.
    private static func pattern(_ text: String) -> (length: UInt8, bits: UInt64, mask: UInt64)? {
        let words = text.split(separator: " ")
        guard words.count <= 8 else { return nil }
        var (bits, mask): (UInt64, UInt64) = (0, 0)
        for (index, word) in words.enumerated() where word != "??" {
            guard let bytes = CANProfileLoader.bytes(String(word)), bytes.count == 1 else {
                return nil
            }
            bits |= UInt64(bytes[0]) << UInt64(index * 8)
            mask |= 0xFF << UInt64(index * 8)
        }
        return (UInt8(words.count), bits, mask)
    }
}
