import Bank
import Modbus

extension ReadPlan {
    /// Writes a text of the identity; characters that an encoding cannot say are left out.
    func encode(
        _ row: TextRow, _ identity: PackIdentity, _ layout: BlockLayout, _ data: inout BlockBytes
    ) {
        let text =
            switch row.field {
            case .serial: identity.serial
            case .model: identity.model
            case .firmware: identity.firmware
            }
        let at = layout.offset(of: row.place)
        let length = Int(row.length)
        let characters = (0..<Int(text.count)).map { text[$0] }
        let digits = characters.filter { (0x30...0x39).contains($0) }.map { $0 - 0x30 }
        switch row.encoding {
        case .ascii, .asciiSwapped:
            let swap = row.encoding == .asciiSwapped ? 1 : 0
            for index in 0..<length {
                let byte = index < characters.count ? characters[index] : 0
                data.store(Int64(byte), .u8, at: at + (index ^ swap))
            }
        case .decimal:
            for (index, number) in Self.numbers(digits, in: length / 2).enumerated() {
                data.store(number, .u16, at: at + index * 2)
            }
        case .bcd:
            guard !digits.isEmpty else { return }
            for index in 0..<length {
                let high = index * 2 < digits.count ? digits[index * 2] : 15
                let low = index * 2 + 1 < digits.count ? digits[index * 2 + 1] : 15
                data.store(Int64(high << 4 | low), .u8, at: at + index)
            }
        case .version:
            let groups = Self.groups(characters)
            for index in 0..<min(length, groups.count) {
                data.store(groups[index], .u8, at: at + index)
            }
        }
    }

    /// The decimal numbers in a text, whatever stands between them.
    private static func groups(_ characters: [UInt8]) -> [Int64] {
        characters.split { !(0x30...0x39).contains($0) }.map { digits in
            digits.reduce(0) { min($0 * 10 + Int64($1 - 0x30), 255) }
        }
    }

    /// Cuts digits into so many registers that read one after the other give them again.
    ///
    /// A register never begins with a zero unless it is one, so a cut falls before a digit that is
    /// not zero where it can; what does not fit is lost.
    private static func numbers(_ digits: [UInt8], in count: Int) -> [Int64] {
        var numbers: [Int64] = []
        var rest = digits[...]
        while numbers.count < count, !rest.isEmpty {
            let left = count - numbers.count
            var take = min(rest.first == 0 ? 1 : 4, max(1, (rest.count + left - 1) / left))
            while take > 1, take < rest.count, rest[rest.startIndex + take] == 0 { take -= 1 }
            numbers.append(rest.prefix(take).reduce(0) { $0 * 10 + Int64($1) })
            rest = rest.dropFirst(take)
        }
        return numbers
    }
}
