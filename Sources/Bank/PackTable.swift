import Quantities

/// A serial number as the pack reports it: up to 32 bytes of text, without heap.
package struct SerialNumber: Hashable, Sendable {
    private var bytes: InlineArray<32, UInt8>
    /// How many bytes are used; zero when the serial number is not known.
    package private(set) var count: UInt8

    /// An unknown serial number.
    package init() {
        bytes = .init(repeating: 0)
        count = 0
    }

    /// Takes a text; what does not fit is dropped.
    package init(text: String) {
        self.init()
        for byte in text.utf8 { append(byte) }
    }

    /// Whether the pack has told its serial number.
    package var isKnown: Bool { count > 0 }

    /// The byte at `index`; zero beyond the end.
    package subscript(index: Int) -> UInt8 {
        index >= 0 && index < Int(count) ? bytes[index] : 0
    }

    /// Appends one byte; what does not fit is dropped.
    package mutating func append(_ byte: UInt8) {
        guard count < 32 else { return }
        bytes[Int(count)] = byte
        count += 1
    }

    /// Equal when all bytes are.
    package static func == (left: SerialNumber, right: SerialNumber) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<Int(left.count) where left.bytes[index] != right.bytes[index] {
            return false
        }
        return true
    }

    /// Feeds the used bytes.
    package func hash(into hasher: inout Hasher) {
        for index in 0..<Int(count) { hasher.combine(bytes[index]) }
    }
}

/// What the gateway knows of one configured pack.
package struct PackSlot: Sendable {
    /// The pack's values.
    package var reading = PackReading()
    /// When the pack last gave a complete, plausible set of fast values; `never` before the first.
    package var answeredAt: Instant = .never
    /// Whether every block the inverter's values need has been read once.
    package var isComplete = false
    /// Whether the last set of values failed the plausibility gate.
    package var isImplausible = false
    /// The pack's own name for itself, where the map has one.
    package var serialNumber = SerialNumber()
    /// Alarms the gateway itself found about this pack (duplicate, replaced, foreign master).
    package var findings: AlarmSet = []

    /// A pack that never answered.
    package init() {}
}

/// All configured packs in the order of the configuration; position 0 is pack number 1.
package struct PackTable: Sendable {
    /// The most packs one gateway looks after.
    package static var maximumPacks: Int { 16 }

    private var slots: InlineArray<16, PackSlot>
    /// How many packs are configured, 1...16.
    package let count: Int

    /// A table for `count` packs, held to 1...16.
    package init(count: Int) {
        slots = .init(repeating: PackSlot())
        self.count = Swift.max(1, Swift.min(count, Self.maximumPacks))
    }

    /// The slot at `position`, 0..<count.
    package subscript(position: Int) -> PackSlot {
        _read { yield slots[position] }
        _modify { yield &slots[position] }
    }
}
