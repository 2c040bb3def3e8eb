/// The bytes of one frame, without heap.
///
/// The longest Modbus frame has 260 bytes (TCP with its header), the longest foreign frame that a
/// trigger brings about 310; the rest is room for stray bytes before it.
package struct FrameBytes: Sendable {
    /// The most bytes a frame can have.
    package static var capacity: Int { 352 }

    private var bytes: InlineArray<352, UInt8>
    /// How many bytes are used.
    package private(set) var count = 0

    /// No bytes.
    package init() { bytes = .init(repeating: 0) }

    /// The first bytes of a sequence, as many as fit.
    package init(_ source: some Sequence<UInt8>) {
        self.init()
        for byte in source { append(byte) }
    }

    /// The byte at `index`; zero beyond the end.
    package subscript(index: Int) -> UInt8 {
        index >= 0 && index < count ? bytes[index] : 0
    }

    /// The 16-bit number at `index`, high byte first.
    package func bigEndian(at index: Int) -> UInt16 {
        UInt16(self[index]) << 8 | UInt16(self[index + 1])
    }

    /// Appends a byte; false when full.
    @discardableResult
    package mutating func append(_ byte: UInt8) -> Bool {
        guard count < Self.capacity else { return false }
        bytes[count] = byte
        count += 1
        return true
    }

    /// Appends a 16-bit number, high byte first.
    package mutating func append(bigEndian value: UInt16) {
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    /// Drops all bytes.
    package mutating func removeAll() { count = 0 }

    /// Drops the first bytes.
    package mutating func removeFirst(_ dropped: Int) {
        guard dropped > 0 else { return }
        let kept = max(0, count - dropped)
        for index in 0..<kept { bytes[index] = bytes[index + dropped] }
        count = kept
    }
}
