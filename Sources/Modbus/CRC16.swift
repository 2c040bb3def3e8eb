/// The check of RTU frames: polynomial 0xA001 (reflected), start 0xFFFF, low byte sent first.
///
/// Serial line guide V1.02, section 6.2.2.
package enum CRC16 {
    /// The check of a part of a frame.
    package static func compute(_ frame: FrameBytes, _ range: Range<Int>) -> UInt16 {
        var crc: UInt16 = 0xFFFF
        for index in range { crc = step(crc, frame[index]) }
        return crc
    }

    /// The check after one more byte.
    @inline(__always)
    static func step(_ crc: UInt16, _ byte: UInt8) -> UInt16 {
        var crc = crc ^ UInt16(byte)
        for _ in 0..<8 { crc = crc & 1 != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1 }
        return crc
    }
}
