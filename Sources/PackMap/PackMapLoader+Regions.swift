import Bank
import Modbus
import StrictJSON

/// A readable region as a document names it.
struct MapRegion {
    var name: String
    var form: BlockForm
    /// The first address on the wire, and how many registers, bits or bytes there are.
    var address: Int
    var count: Int
    var poll: PollRule
    var isRequired: Bool
    var mayFail: Bool
    /// Read exactly as given, with one request.
    var isFixed: Bool
    /// The low byte first in every value.
    var isLittle: Bool

    var readsBits: Bool {
        if case .registers(let function) = form { return function.readsBits }
        return false
    }

    /// Whether parts of it can be read on their own.
    var isDivisible: Bool {
        if case .registers = form { return !isFixed }
        return false
    }

    var byteCount: Int {
        guard case .registers(let function) = form else { return count }
        return function.readsBits ? (count + 7) / 8 : count * 2
    }

    /// The bytes that can be named; an answer of the pack's own length may be longer than usual.
    var mostBytes: Int {
        if case .ranged = form { return RangedRequest.mostBytes }
        return byteCount
    }
}

extension PackMapLoader {
    /// Far more than any pack needs; the plan counts blocks and rules in small integers.
    private static let mostRegions = 32

    mutating func readRegions() {
        let sections = root.sections("blocks")
        if sections.count > Self.mostRegions {
            root.fault("blocks", "has \(sections.count) blocks, allowed 1…\(Self.mostRegions)")
        }
        for var section in sections.prefix(Self.mostRegions) {
            let name = section.requiredString("name")
            if regions.contains(where: { $0.name == name }) {
                section.fault("name", "is '\(name)' twice")
            }
            let address = section.requiredInteger("address", in: 0...0xFFFF) ?? 0
            let (form, count) = readForm(&section, address: address)
            let poll = readPoll(&section)
            regions.append(
                MapRegion(
                    name: name, form: form, address: address, count: count, poll: poll,
                    isRequired: section.bool("required", default: false),
                    mayFail: section.bool("may_fail", default: false),
                    isFixed: section.bool("fixed", default: false),
                    isLittle: section.word(
                        "byte_order", [("big", false), ("little", true)], default: false) ?? false))
            section.finish()
        }
        if regions.isEmpty { root.fault("blocks", "is missing, expected at least one block") }
        if let first = regions.first, first.poll != .every(1) || !first.isRequired {
            root.fault("blocks", "begins with a block that is not required in every cycle")
        }
    }

    private func readPoll(_ section: inout JSONSection) -> PollRule {
        let isOnce = section.bool("once", default: false)
        let every = section.integer("every", in: 1...100)
        if isOnce, every != nil { section.fault("every", "stands beside 'once', expected one") }
        return isOnce ? .once : .every(UInt8(every ?? 1))
    }

    private func readForm(
        _ section: inout JSONSection, address: Int
    ) -> (form: BlockForm, count: Int) {
        switch section.word(
            "form", [("registers", 0), ("ranged", 1), ("trigger", 2)], default: 0)
        {
        case 1: return readRanged(&section, address: address)
        case 2: return readTrigger(&section)
        default: return readRegisters(&section, address: address)
        }
    }

    private func readRegisters(
        _ section: inout JSONSection, address: Int
    ) -> (form: BlockForm, count: Int) {
        let number = section.requiredInteger("function", in: 1...4) ?? 3
        let function = FunctionCode(rawValue: UInt8(number)) ?? .readHoldingRegisters
        let isFixed = section.item("fixed")?.value.isTrue ?? false
        // A region may be longer than one request; a fixed one is one request.
        let most = function.readsBits ? 2000 : isFixed ? line.mostRegisters : 4096
        let count = section.requiredInteger("count", in: 1...most) ?? 1
        let step = function.readsBits ? 1 : Int(plan.addressStep)
        if address + (count - 1) * step >= 0x10000 {
            section.fault("count", "reaches beyond address 0xFFFF")
        }
        return (.registers(function), count)
    }

    private func readRanged(
        _ section: inout JSONSection, address: Int
    ) -> (form: BlockForm, count: Int) {
        let functions =
            Int(
                RangedRequest.functions.lowerBound)...Int(
                RangedRequest.functions.upperBound)
        let function = section.requiredInteger("function", in: functions) ?? 0x78
        let end = section.requiredInteger("end", in: 0...0xFFFF) ?? address
        if end < address { section.fault("end", "is \(end), below 'address'") }
        let bytes = section.requiredInteger("bytes", in: 1...RangedRequest.mostBytes) ?? 1
        return (.ranged(function: UInt8(function), end: UInt16(max(end, address))), bytes)
    }

    private func readTrigger(_ section: inout JSONSection) -> (form: BlockForm, count: Int) {
        let text = section.requiredString("head")
        let head = PackVectors.bytes(hex: text) ?? []
        if head.isEmpty || head.count > 8 {
            section.fault("head", "is no row of 1…8 hex pairs such as '55 AA EB 90 02'")
        }
        _ = section.word("check", [("sum8", true)], default: true)
        let bytes = section.requiredInteger("bytes", in: 16...320) ?? 300
        let tail = section.integer("tail", in: 8...64) ?? 10
        if bytes + tail > TriggerShape.mostBytes {
            section.fault(
                "tail",
                "makes \(bytes + tail) bytes with the payload, allowed \(TriggerShape.mostBytes)")
        }
        guard let shape = TriggerShape(head: head, bytes: bytes, tail: tail) else {
            return (.registers(.readHoldingRegisters), 1)
        }
        return (.trigger(shape), bytes)
    }
}

extension JSONValue {
    fileprivate var isTrue: Bool {
        if case .bool(true) = self { return true }
        return false
    }
}
