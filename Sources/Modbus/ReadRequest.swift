/// The address of a unit on a Modbus line, 0…247; 0 answers on some pack families.
package struct UnitID: Hashable, Comparable, Sendable {
    /// The byte on the wire.
    package let rawValue: UInt8

    /// Names a unit.
    package init(_ rawValue: UInt8) { self.rawValue = rawValue }

    /// Orders by number.
    package static func < (left: UnitID, right: UnitID) -> Bool { left.rawValue < right.rawValue }
}

/// The reading functions of Modbus.
///
/// There is no writing one: the gateway never writes to a pack.
package enum FunctionCode: UInt8, CaseIterable, Sendable {
    /// 01, single bits that can be written.
    case readCoils = 1
    /// 02, single bits that can only be read.
    case readDiscreteInputs = 2
    /// 03, 16-bit registers that can be written.
    case readHoldingRegisters = 3
    /// 04, 16-bit registers that can only be read.
    case readInputRegisters = 4

    /// Whether the function reads single bits, packed eight to a byte.
    package var readsBits: Bool { rawValue <= 2 }
}

/// One request for consecutive registers or bits of one unit.
package struct ReadRequest: Hashable, Sendable {
    /// The unit that is asked.
    package let unit: UnitID
    /// What is read.
    package let function: FunctionCode
    /// The first address, counted from 0 as on the wire.
    package let address: UInt16
    /// How many registers or bits.
    package let count: UInt16

    /// Makes a request; nil when the count is outside 1…125 registers or 1…2000 bits, or when the
    /// last address would lie beyond 0xFFFF (Modbus application protocol V1.1b3, section 6).
    package init?(unit: UnitID, function: FunctionCode, address: UInt16, count: UInt16) {
        let most: UInt16 = function.readsBits ? 2000 : 125
        guard count >= 1, count <= most, UInt32(address) + UInt32(count) <= 0x1_0000 else {
            return nil
        }
        self.unit = unit
        self.function = function
        self.address = address
        self.count = count
    }

    /// How many data bytes the answer carries.
    package var dataLength: Int {
        function.readsBits ? (Int(count) + 7) / 8 : Int(count) * 2
    }

    /// How many bytes the RTU answer has, unit id to CRC.
    package var replyLength: Int { dataLength + 5 }

    /// How many bytes every RTU read request has.
    package static var requestLength: Int { 8 }
}

/// The codes of a Modbus exception reply.
package struct ModbusException: Hashable, Sendable {
    /// The byte on the wire.
    package let code: UInt8

    /// Names an exception.
    package init(code: UInt8) { self.code = code }

    /// 02: the unit knows no such address; on a pack usually the wrong protocol setting or map.
    package static var illegalDataAddress: ModbusException { ModbusException(code: 2) }

    /// The code in the words of the standard.
    package var words: StaticString {
        switch code {
        case 1: "illegal function"
        case 2: "illegal data address"
        case 3: "illegal data value"
        case 4: "unit failure"
        case 5: "acknowledge"
        case 6: "unit busy"
        case 8: "memory parity error"
        case 10: "gateway path unavailable"
        case 11: "gateway target did not respond"
        default: "vendor specific"
        }
    }
}
