import Modbus

/// The registers, bits and foreign frames of one pack, as a unit on a line serves them.
package struct RegisterImage: Sendable {
    /// The data of a ranged or triggered answer is found by function and first address.
    package struct PayloadKey: Hashable, Sendable {
        /// The function code; 0x10 of a trigger.
        package let function: UInt8
        /// The first or triggering address.
        package let address: UInt16
    }

    /// Data that are served as a whole.
    package struct Payload: Sendable {
        /// The form of the answer.
        package let form: BlockForm
        /// The data bytes; of a triggered frame with its sum.
        package let bytes: [UInt8]
    }

    /// Words by function code and address; single bits are 0 or 1.
    package private(set) var words: [FunctionCode: [UInt16: UInt16]] = [:]
    /// Ranged and triggered data.
    package private(set) var payloads: [PayloadKey: Payload] = [:]
    /// How far apart the addresses of two neighbouring registers are.
    package var addressStep: UInt16 = 1

    /// No registers.
    package init() {}

    /// Stores one word or bit.
    package mutating func set(_ function: FunctionCode, _ address: UInt16, to word: UInt16) {
        words[function, default: [:]][address] = word
    }

    /// Stores the data of a block; registers that stand in several blocks keep what each says.
    mutating func store(_ bytes: [UInt8], of block: PlanBlock) {
        switch block.form {
        case .registers(let function):
            var space = words[function, default: [:]]
            for index in 0..<Int(block.count) {
                let at = UInt16(truncatingIfNeeded: index)
                if function.readsBits {
                    let bit = UInt16(bytes[index / 8] >> UInt8(index % 8) & 1)
                    space[block.address &+ at, default: 0] |= bit
                } else {
                    let word = UInt16(bytes[index * 2]) << 8 | UInt16(bytes[index * 2 + 1])
                    space[block.address &+ at &* addressStep, default: 0] |= word
                }
            }
            words[function] = space
        case .ranged(let function, _):
            payloads[PayloadKey(function: function, address: block.address)] = Payload(
                form: block.form, bytes: bytes)
        case .trigger:
            let key = PayloadKey(function: TriggerRequest.function, address: block.address)
            payloads[key] = Payload(form: block.form, bytes: bytes)
        }
    }

    /// The data bytes that answer a request of any form, or why it is refused.
    package func reply(to request: LineRequest) -> Result<FrameBytes, RegisterRefusal> {
        switch request {
        case .read(let read): return reply(to: read)
        case .ranged(let ranged):
            guard
                let payload = payload(ranged.function, ranged.address),
                case .ranged(_, let end) = payload.form, end == ranged.end
            else { return .failure(RegisterRefusal(code: 2)) }
            return .success(FrameBytes(payload.bytes))
        case .trigger(let trigger):
            guard let payload = payload(TriggerRequest.function, trigger.address) else {
                return .failure(RegisterRefusal(code: 2))
            }
            return .success(FrameBytes(payload.bytes))
        }
    }

    /// The data that a function and an address bring about as a whole, or nil.
    package func payload(_ function: UInt8, _ address: UInt16) -> Payload? {
        payloads[PayloadKey(function: function, address: address)]
    }

    /// The data bytes that answer a request for registers or bits, or why it is refused.
    package func reply(to request: ReadRequest) -> Result<FrameBytes, RegisterRefusal> {
        guard let space = words[request.function] else { return .failure(RegisterRefusal(code: 1)) }
        var data = FrameBytes()
        var byte: UInt8 = 0
        let step = request.function.readsBits ? 1 : addressStep
        for index in 0..<request.count {
            guard let word = space[request.address &+ index &* step] else {
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
