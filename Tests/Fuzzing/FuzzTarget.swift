import Bank
import CANBus
import CANProfile
import CANTransport
import CertificateAuthority
import GatewayRuntime
import GatewaySettings
import Glibc
import Modbus
import Numbering
import PackMap
import Quantities

/// The doors through which bytes from outside come in.
///
/// No input may end the process. What a door lets through is then used as the gateway would use it,
/// so that a map or profile that loads cannot trap later.
enum FuzzTarget: String, CaseIterable {
    case rtu, listen, tcp, slcan, candump, dbc, packmap, profile, configuration, document, state
    case foreign, set, archive, answer, record, head, date, salvage, log, key, duration, est
    case devices, tuf, assignment, zone, local
    /// A fault on purpose, to see that the search finds faults at all.
    case planted
    case rollout, subscription, request

    /// Hands one input to the door.
    func take(_ bytes: [UInt8]) {
        switch self {
        case .rtu: takeRTU(bytes)
        case .listen: takeListened(bytes)
        case .tcp: takeTCP(bytes)
        case .slcan: _ = SLCANParser.events(in: bytes)
        case .candump: takeCandump(bytes)
        case .dbc: takeLayout(bytes)
        case .packmap: takeMap(bytes)
        case .profile: takeProfile(bytes)
        case .configuration: takeConfiguration(bytes)
        case .document: takeDocument(bytes)
        case .state: _ = try? BankStateDocument.load(bytes, name: "fuzz")
        case .foreign: takeForeign(bytes)
        case .set: takeSet(bytes)
        case .archive: takeArchive(bytes)
        case .answer: takeAnswer(bytes)
        case .record: takeRecord(bytes)
        case .head: takeHead(bytes)
        case .date: takeDate(bytes)
        case .salvage: takeSalvage(database: bytes, log: nil)
        case .log: takeSalvage(database: Shipped.outbox, log: bytes)
        case .key: _ = try? EncryptedKeyContainer(der: bytes)
        case .duration: takeDuration(bytes)
        case .est: takeEST(bytes)
        case .devices: takeDevices(bytes)
        case .tuf: takeMetadata(bytes)
        case .assignment: takeAssignment(bytes)
        case .zone: takeZone(bytes)
        case .planted: takePlanted(bytes)
        case .rollout: takeRollout(bytes)
        case .local: takeLocal(bytes)
        case .subscription: takeSubscription(bytes)
        case .request: takeRequest(bytes)
        }
    }
}

// MARK: the fleet

extension FuzzTarget {
    /// What the fleet says, used as the link uses it.
    private func takeAnswer(_ bytes: [UInt8]) {
        guard case .stored(_, var stored, let rejected)? = try? FleetAnswer.read(bytes) else {
            return
        }
        for rejection in rejected { stored.insert(rejection.sequence) }
        var waiting = SequenceRanges()
        waiting.insert(1...1_000)
        waiting.subtract(stored)
        stored.subtract(waiting)
        _ = stored.removeLowest(500)
    }
}

// MARK: the line

extension FuzzTarget {
    /// The first six bytes choose a request, the rest is what the line brings.
    private func request(_ bytes: [UInt8]) -> ReadRequest? {
        guard bytes.count >= 6, let function = FunctionCode(rawValue: bytes[1] % 4 + 1) else {
            return nil
        }
        return ReadRequest(
            unit: UnitID(bytes[0]), function: function,
            address: UInt16(bytes[2]) << 8 | UInt16(bytes[3]),
            count: UInt16(bytes[4]) << 8 | UInt16(bytes[5]))
    }

    /// A request of any form from the first six bytes.
    private func lineRequest(_ bytes: [UInt8]) -> LineRequest? {
        guard bytes.count >= 6 else { return nil }
        let unit = UnitID(bytes[0])
        let address = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        switch bytes[1] % 6 {
        case 4:
            return RangedRequest(
                unit: unit, function: Shipped.rangedFunction, address: address,
                end: address | UInt16(bytes[4]), bytes: UInt16(bytes[5])
            ).map(LineRequest.ranged)
        case 5:
            return TriggerShape(head: [0x55, 0xAA, 0xEB, 0x90, 2], bytes: 300, tail: 10).map {
                .trigger(TriggerRequest(unit: unit, address: address, shape: $0))
            }
        default: return request(bytes).map(LineRequest.read)
        }
    }

    private func takeRTU(_ bytes: [UInt8]) {
        guard let request = lineRequest(bytes) else { return }
        var receiver = RTUReceiver(request: request)
        var classifier = TrafficClassifier()
        var state = ReplyState.incomplete
        for byte in bytes.dropFirst(6) {
            classifier.feed(byte)
            if state == .incomplete { state = receiver.feed(byte) }
        }
        _ = classifier.verdict
        _ = receiver.verdictAtTimeout
        if state == .reply {
            let count = receiver.data.count
            if case .ranged = request {
                precondition((1...RangedRequest.mostBytes).contains(count))
            } else {
                precondition(count == request.dataLength)
            }
        }
        let asked = RTUFrame.encode(request)
        for map in Shipped.maps + Shipped.formMaps {
            _ = try? map.explain(
                request: (0..<asked.count).map { asked[$0] }, reply: Array(bytes.dropFirst(6)))
            _ = try? map.explain(
                request: Array(bytes.prefix(8)), reply: Array(bytes.dropFirst(8)))
            Self.decode(map, data: FrameBytes(bytes))
        }
    }

    private func takeTCP(_ bytes: [UInt8]) {
        guard let request = request(bytes) else { return }
        var receiver = TCPReceiver(request: request, transaction: 1)
        for byte in bytes.dropFirst(6) {
            switch receiver.feed(byte) {
            case .incomplete: continue
            case .reply: precondition(receiver.data.count == request.dataLength)
            case .exception, .wrongUnit, .notModbusTCP: break
            }
            return
        }
    }

    /// Takes the same data as every block of a map.
    private static func decode(_ map: PackMap, data: FrameBytes) {
        var reading = PackReading()
        var identity = PackIdentity()
        for block in map.plan.blocks.indices {
            _ = map.plan.decode(
                block: block, data, at: .never + .seconds(1), into: &reading, identity: &identity)
        }
    }

    private func takeMap(_ bytes: [UInt8]) {
        let loaded = try? PackMap.load(bytes, name: "fuzz") { _ in Shipped.baseBytes }
        guard let map = loaded else { return }
        Self.play(map)
        for byte in [0x00, 0x7F, 0x80, 0xFF] as [UInt8] {
            Self.decode(map, data: FrameBytes(repeatElement(byte, count: 352)))
        }
        Self.decode(map, data: FrameBytes((0..<250).map { UInt8($0) }))
    }

    /// Shows the extremes in the registers of a map, and asks for every block.
    private static func play(_ map: PackMap) {
        for extreme in [Int32.min + 1, 0, Int32.max] {
            var reading = PackReading()
            for signal in PackSignal.allCases {
                reading.set(signal, to: extreme, at: Instant(nanoseconds: 0))
            }
            reading.setCell(31, millivolts: UInt16(clamping: extreme))
            reading.setProbe(15, decidegrees: Int16(clamping: extreme))
            let plan = map.plan.relocated(to: 40_000)
            let image = plan.encode(reading, identity: PackIdentity())
            for block in plan.blocks {
                if let request = block.request(to: UnitID(1)) { _ = image.reply(to: request) }
            }
        }
    }
}

// MARK: the bus

extension FuzzTarget {
    private func takeCandump(_ bytes: [UInt8]) {
        guard let entry = try? Candump.parse(String(decoding: bytes, as: UTF8.self)) else { return }
        _ = Candump.line(entry.frame, interface: entry.interface, microseconds: 1)
        Self.decode(entry.frame, Shipped.profile)
    }

    private func takeLayout(_ bytes: [UInt8]) {
        guard let file = try? DBCParser.parse(bytes) else { return }
        for message in file.messages {
            for bits in [0, .max, 0x8000_0000_8000_8080] as [UInt64] {
                for signal in message.signals { _ = signal.physical(signal.raw(in: bits)) }
                if let frame = CANFrame(message.identifier, length: message.length, bits: bits) {
                    _ = message.decode(frame)
                }
            }
        }
        let profile = try? CANProfile.load(
            profile: Shipped.profileBytes, layout: bytes, name: "fuzz")
        if let profile { Self.use(profile) }
    }

    /// A profile alone, each of its quirks, and the same text as a patch on the shipped profile.
    private func takeProfile(_ bytes: [UInt8]) {
        let base: (String) -> (profile: [UInt8], layout: [UInt8])? = { _ in
            (Shipped.profileBytes, Shipped.layoutBytes)
        }
        for layout in [Shipped.layoutBytes, Self.richLayout, []] {
            let profile = try? CANProfile.load(
                profile: bytes, layout: layout, name: "fuzz", resolve: base)
            guard let profile else { continue }
            Self.use(profile)
            for quirk in profile.quirks {
                let changed = try? CANProfile.load(
                    profile: bytes, layout: layout, name: "fuzz", quirks: [quirk.id],
                    resolve: base)
                if let changed { Self.use(changed) }
            }
        }
    }

    /// Multiplexers in multiplexers, both byte orders, a floating point number and room for packs.
    private static let richLayout = Array(
        """
        BO_ 256 P: 8 A
         SG_ V : 7|16@0- (0.1,-40) [0|0] "V" B
         SG_ T : 16|32@1+ (1,0) [0|0] "" B
         SG_ C : 48|8@1+ (1,0) [0|0] "" B
         SG_ K : 56|8@1+ (1,0) [0|0] "" B
        BO_ 2 Q: 8 A
         SG_ M M : 0|8@1+ (1,0) [0|0] "" B
         SG_ N m1M : 8|8@1+ (1,0) [0|0] "" B
         SG_ F m1 : 16|32@1- (1,0) [0|0] "" B
         SG_ G m2 : 16|16@1+ (0.5,0) [0|0] "" B
        SIG_VALTYPE_ 2 F : 1;
        SG_MUL_VAL_ 2 F N 0-3;

        """.utf8)

    private func takeForeign(_ bytes: [UInt8]) {
        guard let list = try? ForeignFrames.load(bytes, name: "fuzz") else { return }
        for entry in list.entries { _ = entry.sentence() }
        for number in [0, 0x151, 0x7FF] as [UInt32] {
            guard let identifier = CANIdentifier(number),
                let frame = CANFrame(identifier, bytes.prefix(8))
            else { continue }
            _ = list.match(frame)
        }
    }

    /// Encodes the extremes and reads them back.
    private static func use(_ profile: CANProfile) {
        var watch = InverterWatch(
            profile.keepAliveRule, action: .stop, commands: profile.commands.map(\.row))
        for number in [Int32.min + 1, -1, 0, 1, 7, Int32.max] {
            var values = BankValues()
            for value in BankValue.allCases {
                values[value] = number
                for pack in 0..<16 { values[value, pack: pack] = number }
            }
            values.serial = SerialNumber(text: "AB12")
            profile.stop.apply(to: &values)
            for index in profile.plan.frames.indices {
                guard let frame = profile.plan.encode(index, values, count: .max) else { continue }
                decode(frame, profile)
                watch.handle(frame, at: .never + .seconds(1))
            }
        }
        _ = watch.asksToStop
        var schedule = SendSchedule(profile.plan, onPoll: profile.sending.isPolled)
        schedule.begin(at: Instant(nanoseconds: 0))
        schedule.poll(at: Instant(nanoseconds: 0))
        var due = schedule.takeDue(now: Instant(nanoseconds: 0))
        while let index = due.popFirst() {
            precondition(profile.plan.frames.indices.contains(index))
        }
    }

    private static func decode(_ frame: CANFrame, _ profile: CANProfile?) {
        guard let profile else { return }
        _ = profile.decode(frame)
        _ = profile.bankValues(in: frame)
    }
}

// MARK: the rest

extension FuzzTarget {
    private func takeConfiguration(_ bytes: [UInt8]) {
        _ = try? GatewayConfiguration.parse(bytes, path: "fuzz.toml")
    }

    private func takePlanted(_ bytes: [UInt8]) {
        if bytes.count > 3, bytes[0] == 0x50, bytes[1] == 0x41, bytes[2] == 0x43 {
            precondition(bytes[3] != 0x4B, "the planted fault was found")
        }
    }
}
