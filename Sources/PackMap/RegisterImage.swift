import Bank
import Modbus
import Quantities

/// The registers and bits of one pack, as a unit on a line serves them.
package struct RegisterImage: Sendable {
    /// Words by function code and address; single bits are 0 or 1.
    package private(set) var words: [FunctionCode: [UInt16: UInt16]] = [:]

    /// No registers.
    package init() {}

    /// Stores one word or bit.
    package mutating func set(_ function: FunctionCode, _ address: UInt16, to word: UInt16) {
        words[function, default: [:]][address] = word
    }

    /// The data bytes that answer a request, or why it is refused.
    package func reply(to request: ReadRequest) -> Result<FrameBytes, RegisterRefusal> {
        guard let space = words[request.function] else { return .failure(RegisterRefusal(code: 1)) }
        var data = FrameBytes()
        var byte: UInt8 = 0
        for index in 0..<request.count {
            guard let word = space[request.address &+ index] else {
                return .failure(RegisterRefusal(code: 2))
            }
            if request.function.readsBits {
                if word != 0 { byte |= 1 << UInt8(index % 8) }
                if index % 8 == 7 || index == request.count - 1 {
                    data.append(byte)
                    byte = 0
                }
            } else {
                data.append(bigEndian: word)
            }
        }
        return .success(data)
    }
}

/// A refusal with a Modbus exception code.
package struct RegisterRefusal: Error, Hashable, Sendable {
    /// 1 illegal function, 2 illegal data address.
    package let code: UInt8

    /// Names a refusal.
    package init(code: UInt8) { self.code = code }
}

extension ReadPlan {
    /// The registers a pack with these values would show: the inverse of `decode`.
    ///
    /// Values are rounded to what the registers can hold; unknown ones become the map's code for
    /// "not available", or zero where it has none.
    package func encode(_ reading: PackReading, identity: PackIdentity) -> RegisterImage {
        var image = RegisterImage()
        for block in blocks {
            for index in 0..<block.count {
                image.set(block.function, block.address &+ index, to: 0)
            }
        }
        for row in values { encode(row, reading, into: &image) }
        for row in flags { encode(row, reading, into: &image) }
        for row in texts { encode(row, identity, into: &image) }
        return image
    }

    private func encode(_ row: ValueRow, _ reading: PackReading, into image: inout RegisterImage) {
        let value: Int32? =
            switch row.target {
            case .signal(let signal): reading[signal]
            case .cell(let cell): reading.cell(Int(cell))?.millivolts
            case .probe(let probe): reading.probe(Int(probe))?.decidegrees
            }
        let raw: Int64
        if let value {
            let product = Int64(value) * row.denominator
            let quotient =
                row.numerator < 0
                ? -product.dividedRounding(by: -row.numerator)
                : product.dividedRounding(by: row.numerator)
            raw = quotient - row.addend
        } else {
            raw = row.absentCount > 0 ? absent[Int(row.absentStart)] : 0
        }
        store(raw, row, into: &image)
    }

    private func store(_ raw: Int64, _ row: ValueRow, into image: inout RegisterImage) {
        let block = blocks[Int(row.block)]
        let address = block.address &+ row.byteOffset / 2
        let high = UInt16(truncatingIfNeeded: raw >> 16)
        let low = UInt16(truncatingIfNeeded: raw)
        let old = image.words[block.function]?[address] ?? 0
        switch row.type {
        case .u16: image.set(block.function, address, to: UInt16(clamping: raw))
        case .i16:
            image.set(block.function, address, to: UInt16(bitPattern: Int16(clamping: raw)))
        case .u32, .i32:
            image.set(block.function, address, to: high)
            image.set(block.function, address &+ 1, to: low)
        case .u32LowFirst, .i32LowFirst:
            image.set(block.function, address, to: low)
            image.set(block.function, address &+ 1, to: high)
        case .u8High, .i8High:
            image.set(block.function, address, to: (low & 0xFF) << 8 | old & 0xFF)
        case .u8Low, .i8Low: image.set(block.function, address, to: old & 0xFF00 | low & 0xFF)
        }
    }

    private func encode(_ row: FlagRow, _ reading: PackReading, into image: inout RegisterImage) {
        var bits: UInt16 = 0
        let first = Int(row.firstRule)
        for rule in rules[first..<(first + Int(row.ruleCount))] where isSet(rule, reading) {
            bits |= rule.mask & (~rule.mask &+ 1)  // the lowest bit of a group is enough
        }
        if row.balancingFirstCell >= 0 {
            bits |= UInt16(truncatingIfNeeded: reading.balancing >> UInt32(row.balancingFirstCell))
        }
        let block = blocks[Int(row.block)]
        if block.function.readsBits {
            for bit in 0..<UInt16(8) {
                image.set(
                    block.function, block.address &+ row.byteOffset * 8 &+ bit, to: bits >> bit & 1)
            }
        } else {
            image.set(block.function, block.address &+ row.byteOffset / 2, to: bits)
        }
    }

    /// Whether a reading holds what a flag bit stands for.
    func isSet(_ rule: FlagRule, _ reading: PackReading) -> Bool {
        switch rule.meaning {
        case .warning(let kind): reading.warnings.contains(kind)
        case .protection(let kind): reading.protections.contains(kind)
        case .fault(let kind): reading.faults.contains(kind)
        case .state(let state): !reading.states.isDisjoint(with: PackStates(rawValue: state))
        }
    }

    private func encode(_ row: TextRow, _ identity: PackIdentity, into image: inout RegisterImage) {
        let text =
            switch row.field {
            case .serial: identity.serial
            case .model: identity.model
            case .firmware: identity.firmware
            }
        let block = blocks[Int(row.block)]
        for index in 0..<(row.length / 2) {
            let word = UInt16(text[Int(index) * 2]) << 8 | UInt16(text[Int(index) * 2 + 1])
            image.set(
                block.function, block.address &+ row.byteOffset / 2 &+ UInt16(index), to: word)
        }
    }
}
