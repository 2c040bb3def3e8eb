import Modbus

/// The data bytes of one block while they are put together.
struct BlockBytes {
    var bytes: [UInt8]

    /// The number that stands at a byte; zero beyond the end.
    func number(_ type: RawType, at offset: Int) -> Int64 {
        var data = FrameBytes()
        for index in 0..<type.width {
            let at = offset + index
            data.append(at >= 0 && at < bytes.count ? bytes[at] : 0)
        }
        return ReadPlan.raw(type, data, 0)
    }

    /// Stores a number, held at the ends of what its type can say.
    mutating func store(_ number: Int64, _ type: RawType, at offset: Int) {
        let held: UInt32 =
            switch type {
            case .u8: UInt32(UInt8(clamping: number))
            case .i8: UInt32(UInt8(bitPattern: Int8(clamping: number)))
            case .u16, .u16Little: UInt32(UInt16(clamping: number))
            case .i16, .i16Little: UInt32(UInt16(bitPattern: Int16(clamping: number)))
            case .u32, .u32LowFirst, .u32Little: UInt32(clamping: number)
            case .i32, .i32LowFirst, .i32Little: UInt32(bitPattern: Int32(clamping: number))
            }
        let parts = (0..<4).map { UInt8(truncatingIfNeeded: held >> UInt32(8 * $0)) }
        let order: [Int] =
            switch type {
            case .u8, .i8: [0]
            case .u16, .i16: [1, 0]
            case .u16Little, .i16Little: [0, 1]
            case .u32, .i32: [3, 2, 1, 0]
            case .u32LowFirst, .i32LowFirst: [1, 0, 3, 2]
            case .u32Little, .i32Little: [0, 1, 2, 3]
            }
        for (index, part) in order.enumerated() {
            let at = offset + index
            if at >= 0, at < bytes.count { bytes[at] = parts[part] }
        }
    }
}
