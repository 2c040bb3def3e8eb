import PackMap

/// What the text of a map can say of a serial number, so that no two simulated packs look alike.
package enum SerialStyle: Hashable, Sendable {
    /// So many characters.
    case characters(Int)
    /// So many decimal digits.
    case digits(Int)

    /// What the serial number of a map can say; a map without one is free.
    package init(_ map: PackMap) {
        guard let row = map.plan.texts.first(where: { $0.field == .serial }) else {
            self = .characters(32)
            return
        }
        switch row.encoding {
        case .ascii, .asciiSwapped: self = .characters(Int(row.length))
        case .decimal: self = .digits(Int(row.length))  // two in each register always fit
        case .bcd: self = .digits(Int(row.length) * 2)
        case .version: self = .digits(2)  // more would not fit into its first byte
        }
    }

    /// The serial number of a pack; where there is little room, what tells the packs apart stays.
    func serial(number: Int, seed: UInt64) -> String {
        let lot = String(100_000 + seed % 900_000)
        switch self {
        case .characters(let count):
            let place = "P\(number < 10 ? "0" : "")\(number)"
            if count >= 4 { return "SIM\(lot)".prefix(count - 3) + place }
            return count > 1
                ? String(place.suffix(count)) : String(number, radix: 36, uppercase: true)
        case .digits(let count):
            // No register of decimal digits can begin with a zero.
            let digits = lot.map { $0 == "0" ? "9" : $0 }
            return String(digits.prefix(max(0, count - 2))) + "\(number)"
        }
    }
}
