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
    /// The register or bit it begins at, and its raw content in hex.
    package let address: UInt16
    package let raw: String
    /// `not available`, `impossible, dropped`, or nothing.
    package let note: String
}

/// An exchange in the words of a map.
package struct ExplainedExchange: Sendable {
    /// What was asked.
    package let request: ReadRequest
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
    package func explain(
        request requestBytes: [UInt8], reply: [UInt8]
    ) throws(PackMapError) -> ExplainedExchange {
        guard let request = RTUFrame.decodeRequest(FrameBytes(requestBytes)),
            requestBytes.count == ReadRequest.requestLength
        else {
            throw failure(
                "the request is no read request of 8 bytes with a valid CRC (found \(requestBytes.count) bytes)"
            )
        }
        var receiver = RTUReceiver(request: request, replyUnit: plan.replyUnit(for: request.unit))
        var state = ReplyState.incomplete
        for byte in reply where state == .incomplete { state = receiver.feed(byte) }
        if state == .incomplete { state = receiver.verdictAtTimeout }
        let stray = max(0, reply.count - request.replyLength)
        switch state {
        case .reply:
            return explain(request, receiver.data, strayBytes: stray)
        case .exception(let exception):
            return ExplainedExchange(
                request: request, exception: exception, verdict: nil, fields: [],
                strayBytes: max(0, reply.count - 5))
        case .wrongUnit(let unit):
            throw failure(
                "reply from unit \(unit.rawValue) while waiting for unit \(plan.replyUnit(for: request.unit).rawValue)"
            )
        case .checkFailed: throw failure("the CRC of the reply is wrong")
        case .incomplete:
            throw failure(
                "the reply has \(reply.count) bytes, expected \(request.replyLength) for \(request.count) registers"
            )
        }
    }

    private func failure(_ sentence: String) -> PackMapError {
        PackMapError(name: id, faults: [sentence])
    }

    private func explain(
        _ request: ReadRequest, _ data: FrameBytes, strayBytes: Int
    ) -> ExplainedExchange {
        let (plan, words) = plan.restricted(to: request)
        var reading = PackReading()
        var identity = PackIdentity()
        let verdict = plan.decode(
            block: 0, data, at: Instant(nanoseconds: 0), into: &reading, identity: &identity)
        var fields = plan.values.map { explain($0, plan, reading, data, verdict) }
        for (row, word) in zip(plan.flags, words) {
            fields.append(explain(row, name: flagNames[word], plan, reading, data))
        }
        fields += plan.texts.map { explain($0, plan, identity) }
        return ExplainedExchange(
            request: request, exception: nil, verdict: verdict, fields: fields,
            strayBytes: strayBytes)
    }

    private func explain(
        _ row: ValueRow, _ plan: ReadPlan, _ reading: PackReading, _ data: FrameBytes,
        _ verdict: BlockVerdict
    ) -> ExplainedField {
        let (name, value, decimals, unit) = Self.describe(row.target, reading)
        let note =
            switch verdict {
            case .accepted: value == nil ? missing(row, plan, data) : ""
            case .allZero: "block is all zero, dropped"
            case .short: "block is short"
            case .implausible(let target, let found):
                target == row.target ? "impossible (\(found)), block dropped" : "block dropped"
            }
        let words = [RawType.u32, .i32, .u32LowFirst, .i32LowFirst].contains(row.type) ? 2 : 1
        var raw = ""
        for word in 0..<words {
            raw += Self.hex(data.bigEndian(at: Int(row.byteOffset) + word * 2))
        }
        return ExplainedField(
            name: name, value: value.map { Self.decimal($0, decimals) } ?? "–", unit: unit,
            address: plan.blocks[Int(row.block)].address &+ row.byteOffset / 2, raw: raw, note: note
        )
    }

    private func missing(_ row: ValueRow, _ plan: ReadPlan, _ data: FrameBytes) -> String {
        let raw = ReadPlan.raw(row.type, data, Int(row.byteOffset))
        return plan.isAbsent(raw, row) ? "not available" : "impossible, dropped"
    }

    private static func describe(
        _ target: ValueTarget, _ reading: PackReading
    ) -> (String, Int32?, Int, String) {
        switch target {
        case .cell(let cell): return ("cell \(cell + 1)", reading.cell(Int(cell))?.units, 3, "V")
        case .probe(let probe):
            return ("probe \(probe + 1)", reading.probe(Int(probe))?.units, 1, "°C")
        case .signal(let signal):
            guard let word = MapWords.signals.first(where: { $0.signal == signal }) else {
                return ("signal", reading[signal], 0, "")
            }
            return (word.name, reading[signal], word.decimals, word.unit)
        }
    }

    private func explain(
        _ row: FlagRow, name: String, _ plan: ReadPlan, _ reading: PackReading, _ data: FrameBytes
    ) -> ExplainedField {
        let at = Int(row.byteOffset)
        let bits = row.width == 1 ? UInt16(data[at]) : data.bigEndian(at: at)
        var words: [String] = []
        var known: UInt16 = 0
        for rule in plan.rules[Int(row.firstRule)..<(Int(row.firstRule) + Int(row.ruleCount))] {
            known |= rule.mask
            if bits & rule.mask != 0, plan.isSet(rule, reading) { words.append(rule.meaning.words) }
        }
        if row.balancingFirstCell >= 0 {
            known = 0xFFFF
            for bit in 0..<(row.width == 1 ? 8 : 16) where bits >> UInt16(bit) & 1 != 0 {
                words.append("balancing.cell_\(Int(row.balancingFirstCell) + bit + 1)")
            }
        }
        let unknown = bits & ~known
        let block = plan.blocks[Int(row.block)]
        let step = block.function.readsBits ? row.byteOffset * 8 : row.byteOffset / 2
        return ExplainedField(
            name: name, value: words.isEmpty ? "none" : words.joined(separator: ", "),
            flags: words, unit: "", address: block.address &+ step, raw: Self.hex(bits),
            note: unknown == 0 ? "" : "unknown bits 0x\(Self.hex(unknown))")
    }

    private func explain(
        _ row: TextRow, _ plan: ReadPlan, _ identity: PackIdentity
    ) -> ExplainedField {
        let (name, text) =
            switch row.field {
            case .serial: ("serial", identity.serial)
            case .model: ("model", identity.model)
            case .firmware: ("firmware", identity.firmware)
            }
        return ExplainedField(
            name: name, value: text.text, unit: "",
            address: plan.blocks[Int(row.block)].address &+ row.byteOffset / 2, raw: "", note: "")
    }

    static func hex(_ word: UInt16) -> String {
        let digits = String(word, radix: 16, uppercase: true)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// A whole number of 10^−decimals in decimal notation.
    static func decimal(_ value: Int32, _ decimals: Int) -> String {
        guard decimals > 0 else { return String(value) }
        var digits = String(value.magnitude)
        while digits.count <= decimals { digits = "0" + digits }
        let cut = digits.index(digits.endIndex, offsetBy: -decimals)
        return (value < 0 ? "-" : "") + digits[..<cut] + "." + digits[cut...]
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

extension ReadPlan {
    /// The plan as if the one block were what `request` asks for, for captures of other block cuts,
    /// and which of the own flag words are left in it.
    func restricted(to request: ReadRequest) -> (plan: ReadPlan, flagWords: [Int]) {
        var plan = self
        let step = request.function.readsBits ? 8 : 1
        plan.blocks = [
            PlanBlock(
                function: request.function, address: request.address, count: request.count,
                poll: .every(1), isRequired: true, mayFail: false, rejectsZero: false)
        ]
        /// The byte in the request's data of something in an own block, or nil when not asked.
        func move(_ block: UInt8, _ offset: UInt16, bytes: Int) -> UInt16? {
            let own = blocks[Int(block)]
            guard own.function == request.function else { return nil }
            let bytesPerStep = request.function.readsBits ? 1 : 2
            let unit = (Int(own.address) - Int(request.address)) * bytesPerStep
            guard unit % step == 0 else { return nil }
            let moved = unit / step + Int(offset)
            return moved >= 0 && moved + bytes <= request.dataLength ? UInt16(moved) : nil
        }
        plan.values = values.compactMap { row in
            let isWide = [RawType.u32, .i32, .u32LowFirst, .i32LowFirst].contains(row.type)
            return move(row.block, row.byteOffset, bytes: isWide ? 4 : 2).map {
                var row = row
                (row.block, row.byteOffset) = (0, $0)
                return row
            }
        }
        plan.flags = []
        var flagWords: [Int] = []
        for (word, row) in flags.enumerated() {
            guard let offset = move(row.block, row.byteOffset, bytes: Int(row.width)) else {
                continue
            }
            var row = row
            (row.block, row.byteOffset) = (0, offset)
            plan.flags.append(row)
            flagWords.append(word)
        }
        plan.texts = texts.compactMap { row in
            move(row.block, row.byteOffset, bytes: Int(row.length)).map {
                var row = row
                (row.block, row.byteOffset) = (0, $0)
                return row
            }
        }
        plan.blocks[0].rejectsZero = plan.values.contains {
            if case .cell = $0.target { return true }
            return $0.target == .signal(.voltage)
        }
        return (plan, flagWords)
    }
}
