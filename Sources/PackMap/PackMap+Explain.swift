import Bank
import Modbus
import Quantities

/// One line of an explained exchange.
package struct ExplainedField: Sendable {
    /// `voltage`, `cell 3`, `serial`, or the map's name of a flag word.
    package let name: String
    /// The value in natural units, `–` when unknown, or the flags in words, `none` without any.
    package let value: String
    /// What a flag word says, one entry for each: `warning.cell_overvoltage`, `balancing.cell_3`;
    /// nil for anything that is no flag word.
    package var flags: [String]?
    /// `V`, `A`, `%`, `Ah`, `°C` or nothing.
    package let unit: String
    /// The register or bit it begins at (of a foreign frame: the byte), and its raw content in hex.
    package let address: UInt16
    package let raw: String
    /// `not available`, `impossible, dropped`, or nothing.
    package let note: String
}

/// An exchange in the words of a map.
package struct ExplainedExchange: Sendable {
    /// What was asked.
    package let request: LineRequest
    /// Set when the unit refused.
    package let exception: ModbusException?
    /// What the plausibility gate said of the data; nil when the unit refused.
    package let verdict: BlockVerdict?
    /// Every value the reply holds.
    package let fields: [ExplainedField]
    /// Bytes around the reply that belong to no frame.
    package let strayBytes: Int
}

extension PackMap {
    /// Explains a captured request and its reply, raw words beside values.
    ///
    /// `base` is the line's base address, for maps whose addresses are relative.
    package func explain(
        request requestBytes: [UInt8], reply: [UInt8], base: UInt16 = 0
    ) throws(PackMapError) -> ExplainedExchange {
        let whole = plan.relocated(to: base)
        let (request, block) = try self.request(requestBytes, in: whole)
        let replyUnit = whole.replyUnit(for: request.unit)
        var receiver = RTUReceiver(request: request, replyUnit: replyUnit)
        var state = ReplyState.incomplete
        var taken = 0
        for byte in reply where state == .incomplete {
            state = receiver.feed(byte)
            taken += 1
        }
        if state == .incomplete { state = receiver.verdictAtTimeout }
        switch state {
        case .reply:
            let data = receiver.data
            let around = request.replyLength - request.dataLength
            let stray = max(0, reply.count - data.count - around)
            return explain(request, whole, block, data, strayBytes: stray)
        case .exception(let exception):
            return ExplainedExchange(
                request: request, exception: exception, verdict: nil, fields: [],
                strayBytes: max(0, reply.count - 5))
        case .wrongUnit(let unit):
            throw failure(
                "reply from unit \(unit.rawValue) while waiting for unit \(replyUnit.rawValue)")
        case .checkFailed:
            throw failure("the \(request.checkWord) of the reply is wrong")
        case .incomplete:
            throw failure(
                "the reply has \(reply.count) bytes, expected \(request.replyLength) for \(request.contentWords)"
            )
        }
    }

    /// The request in captured bytes, and the block that sends it; nil for an ordinary read, which
    /// may be cut otherwise than the plan's blocks.
    private func request(
        _ bytes: [UInt8], in plan: ReadPlan
    ) throws(PackMapError) -> (request: LineRequest, block: Int?) {
        let frame = FrameBytes(bytes)
        if bytes.count == ReadRequest.requestLength, let read = RTUFrame.decodeRequest(frame) {
            return (.read(read), nil)
        }
        let unit = UnitID(frame[0])
        for (index, block) in plan.blocks.enumerated() {
            guard let request = block.request(to: unit) else { continue }
            switch request {
            case .read: continue
            case .ranged(let own):
                if let asked = RTUFrame.decodeRanged(frame), asked.function == own.function,
                    asked.address == own.address, asked.end == own.end
                {
                    return (request, index)
                }
            case .trigger(let own):
                if let asked = RTUFrame.decodeTrigger(frame), asked.address == own.address {
                    return (request, index)
                }
            }
        }
        if RTUFrame.decodeRanged(frame) != nil || RTUFrame.decodeTrigger(frame) != nil {
            throw failure("the map has no block that sends this request")
        }
        throw failure(
            "the request is no read request of 8 bytes with a valid CRC (found \(bytes.count) bytes)"
        )
    }

    private func failure(_ sentence: String) -> PackMapError {
        PackMapError(name: id, faults: [sentence])
    }

    private func explain(
        _ request: LineRequest, _ whole: ReadPlan, _ block: Int?, _ data: FrameBytes,
        strayBytes: Int
    ) -> ExplainedExchange {
        let cut = block.map(whole.restricted(to:)) ?? whole.restricted(to: request)
        let plan = cut.plan
        var reading = PackReading()
        var identity = PackIdentity()
        let verdict = plan.decode(
            block: 0, data, at: Instant(nanoseconds: 0), into: &reading, identity: &identity)
        let context = Explanation(
            plan: plan, reading: reading, data: data, verdict: verdict,
            layout: plan.layout(of: 0, data))
        var fields: [ExplainedField] = []
        for row in plan.values { if let field = context.field(row) { fields.append(field) } }
        fields += plan.computed.map { context.field($0) }
        for (row, word) in zip(plan.flags, cut.flagWords) {
            fields.append(context.field(row, name: flagNames[word]))
        }
        fields += plan.texts.map { context.field($0, identity) }
        return ExplainedExchange(
            request: request, exception: nil, verdict: verdict, fields: fields,
            strayBytes: strayBytes)
    }
}

extension LineRequest {
    fileprivate var checkWord: String {
        if case .trigger = self { return "sum or the acknowledgement" }
        return "CRC"
    }

    /// `8 registers`, `156 data bytes`.
    package var contentWords: String {
        guard case .read(let read) = self else { return "\(dataLength) data bytes" }
        return "\(read.count) \(read.function.readsBits ? "bits" : "registers")"
    }
}

extension FlagMeaning {
    /// `warning.cell_overvoltage`, `state.charging`.
    package var words: String {
        switch self {
        case .warning(let kind): "warning.\(kind.code)"
        case .protection(let kind): "protection.\(kind.code)"
        case .fault(let kind): "fault.\(kind.code)"
        case .state(let state):
            MapWords.states.filter { $0.state.rawValue & state != 0 }.map { "state.\($0.name)" }
                .joined(separator: ", ")
        }
    }
}

extension SerialNumber {
    /// The bytes as text, trailing spaces cut.
    package var text: String {
        var bytes = (0..<Int(count)).map { self[$0] }
        while bytes.last == 0x20 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The first 32 bytes of a text.
    package init(_ text: String) {
        self.init()
        for byte in text.utf8 { append(byte) }
    }
}
