import Bank
import Modbus
import StrictJSON

/// A place while a map is loaded: a region and a byte in it.
struct MapPlace {
    var region: Int
    var place: Place
    /// Whether the document counted bytes rather than registers.
    var isByBytes: Bool
}

/// A type as documents name it: how the number lies, and which byte of a register.
struct MapType {
    let name: String
    let type: RawType
    /// Bytes from the register's first one, with the high byte first and with the low byte first.
    var shift = 0
    var littleShift = 0
    /// How many bytes of a region the place of this type takes when it is named by a register.
    var span: Int

    static let all: [MapType] = [
        MapType(name: "u16", type: .u16, span: 2), MapType(name: "i16", type: .i16, span: 2),
        MapType(name: "u32", type: .u32, span: 4), MapType(name: "i32", type: .i32, span: 4),
        MapType(name: "u32_low_first", type: .u32LowFirst, span: 4),
        MapType(name: "i32_low_first", type: .i32LowFirst, span: 4),
        MapType(name: "u8_high", type: .u8, littleShift: 1, span: 2),
        MapType(name: "u8_low", type: .u8, shift: 1, span: 2),
        MapType(name: "i8_high", type: .i8, littleShift: 1, span: 2),
        MapType(name: "i8_low", type: .i8, shift: 1, span: 2),
        MapType(name: "u8", type: .u8, span: 1), MapType(name: "i8", type: .i8, span: 1),
    ]
    static let words: [(String, MapType)] = all.map { ($0.name, $0) }
    static let u16 = all[0]

    func type(isLittle: Bool) -> RawType {
        guard isLittle else { return type }
        return switch type {
        case .u16: .u16Little
        case .i16: .i16Little
        case .u32, .u32LowFirst: .u32Little
        case .i32, .i32LowFirst: .i32Little
        default: type
        }
    }
}

extension PackMapLoader {
    /// Reads `at` and finds the region that has it.
    ///
    /// `bytes` is how much is needed there; `owner` is the region of the value whose operand this is.
    mutating func place(
        _ section: inout JSONSection, _ type: MapType, bytes: Int, owner: Int? = nil
    ) -> MapPlace? {
        guard let item = section.item("at") else {
            section.fault("at", "is missing, expected a register or a place in a block")
            return nil
        }
        let found: (region: Int, offset: Int, anchor: PlaceAnchor, isByBytes: Bool)?
        if case .object = item.value {
            var place = JSONSection(item, path: section.name("at"), faults: section.faults)
            found = bytePlace(&place, bytes: bytes, owner: owner)
            place.finish()
        } else {
            found = registerPlace(&section, bytes: bytes, owner: owner)
        }
        guard let found else { return nil }
        let region = regions[found.region]
        if region.readsBits {
            section.fault("at", "lies in block '\(region.name)', which holds bits and no numbers")
            return nil
        }
        if let owner, owner != found.region {
            section.fault(
                "at",
                "lies in block '\(region.name)', expected block '\(regions[owner].name)' of the value it belongs to"
            )
            return nil
        }
        let shift = region.isLittle ? type.littleShift : type.shift
        return MapPlace(
            region: found.region,
            place: Place(
                offset: UInt16(found.offset + shift), anchor: found.anchor,
                type: type.type(isLittle: region.isLittle)), isByBytes: found.isByBytes)
    }

    private mutating func bytePlace(
        _ section: inout JSONSection, bytes: Int, owner: Int?
    ) -> (region: Int, offset: Int, anchor: PlaceAnchor, isByBytes: Bool)? {
        if section.item("follows") != nil {
            let anchor = section.word(
                "follows", [("cells", PlaceAnchor.cells), ("probes", .probes)])
            let offset = section.requiredInteger("byte", in: 0...0xFF)
            guard let anchor, let offset else { return nil }
            guard let run = plan.runs.first(where: { $0.isCells == (anchor == .cells) }) else {
                section.fault(
                    "follows",
                    "names \(anchor == .cells ? "cells" : "probes"), which have no 'counted_by'")
                return nil
            }
            let region = regions[Int(run.block)]
            if region.isDivisible {
                section.fault(
                    "follows",
                    "needs a block that is read as a whole, '\(region.name)' is not 'fixed'")
                return nil
            }
            return (Int(run.block), offset, anchor, true)
        }
        let name = section.requiredString("block")
        let offset = section.requiredInteger("byte", in: 0...4095 * 2)
        guard let offset, !name.isEmpty else { return nil }
        guard let index = regions.firstIndex(where: { $0.name == name }) else {
            section.fault("block", "is '\(name)', there is no such block")
            return nil
        }
        if offset + bytes > regions[index].mostBytes {
            section.fault(
                "byte",
                "is \(offset), needs \(bytes) bytes, block '\(name)' has \(regions[index].mostBytes)"
            )
            return nil
        }
        return (index, offset, .start, true)
    }

    private func registerPlace(
        _ section: inout JSONSection, bytes: Int, owner: Int?
    ) -> (region: Int, offset: Int, anchor: PlaceAnchor, isByBytes: Bool)? {
        guard let address = section.requiredInteger("at", in: 0...0xFFFF) else { return nil }
        func offset(in index: Int) -> Int? {
            let region = regions[index]
            guard case .registers = region.form, !region.readsBits else { return nil }
            let offset = (address - region.address) * 2 / Int(plan.addressStep)
            return address >= region.address && offset + bytes <= region.byteCount ? offset : nil
        }
        if let owner, let offset = offset(in: owner) { return (owner, offset, .start, false) }
        for index in regions.indices {
            if let offset = offset(in: index) { return (index, offset, .start, false) }
        }
        let text = "0x" + String(address, radix: 16, uppercase: true)
        section.fault("at", "needs register \(text), no block reads it")
        return nil
    }

    /// The byte of eight bits of a block of bits.
    mutating func bitPlace(_ section: inout JSONSection) -> MapPlace? {
        guard let address = section.requiredInteger("at", in: 0...0xFFFF) else { return nil }
        let text = "0x" + String(address, radix: 16, uppercase: true)
        let match = regions.indices.first { index in
            let region = regions[index]
            return region.readsBits && address >= region.address
                && address + 8 <= region.address + region.count
        }
        guard let match else {
            section.fault("at", "needs bit \(text), no block reads it")
            return nil
        }
        let distance = address - regions[match].address
        guard distance % 8 == 0 else {
            section.fault("at", "is bit \(text), which does not begin a byte of its block")
            return nil
        }
        return MapPlace(
            region: match, place: Place(offset: UInt16(distance / 8), type: .u8), isByBytes: false)
    }

    /// Notes bytes that must be read with one request.
    mutating func keepTogether(_ region: Int, _ places: [Place], last bytes: Int? = nil) {
        let fixed = places.filter { $0.anchor == .start }
        guard let first = fixed.map(\.offset).min() else { return }
        let end = fixed.map { Int($0.offset) + $0.type.width }.max() ?? Int(first)
        extents.append(
            ReadPlanner.Extent(
                region: region, start: Int(first), end: max(end, Int(first) + (bytes ?? 0))))
    }
}
