import Bank
import CANBus
import CANProfile
import CANTransport
import GatewayRuntime
import Glibc
import Modbus
import PackMap
import Quantities

/// The doors through which bytes from outside come in.
///
/// No input may end the process. What a door lets through is then used as the gateway would use it,
/// so that a map or profile that loads cannot trap later.
enum FuzzTarget: String, CaseIterable {
    case rtu, tcp, slcan, candump, dbc, packmap, profile, configuration, state, set
    /// A fault on purpose, to see that the search finds faults at all.
    case planted

    /// Hands one input to the door.
    func take(_ bytes: [UInt8]) {
        switch self {
        case .rtu: takeRTU(bytes)
        case .tcp: takeTCP(bytes)
        case .slcan: _ = SLCANParser.events(in: bytes)
        case .candump: takeCandump(bytes)
        case .dbc: takeLayout(bytes)
        case .packmap: takeMap(bytes)
        case .profile: takeProfile(bytes)
        case .configuration: takeConfiguration(bytes)
        case .state: _ = try? BankStateDocument.load(bytes, name: "fuzz")
        case .set: takeSet(bytes)
        case .planted: takePlanted(bytes)
        }
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

    private func takeRTU(_ bytes: [UInt8]) {
        guard let request = request(bytes) else { return }
        var receiver = RTUReceiver(request: request)
        var classifier = TrafficClassifier()
        var state = ReplyState.incomplete
        for byte in bytes.dropFirst(6) {
            classifier.feed(byte)
            if state == .incomplete { state = receiver.feed(byte) }
        }
        _ = classifier.verdict
        _ = receiver.verdictAtTimeout
        if state == .reply { precondition(receiver.data.count == request.dataLength) }
        for map in Shipped.maps {
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
        guard let map = try? PackMap.load(bytes, name: "fuzz") else { return }
        for byte in [0x00, 0x7F, 0x80, 0xFF] as [UInt8] {
            Self.decode(map, data: FrameBytes(repeatElement(byte, count: 260)))
        }
        Self.decode(map, data: FrameBytes((0..<250).map { UInt8($0) }))
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
            }
        }
        let profile = try? CANProfile.load(
            profile: Shipped.profileBytes, layout: bytes, name: "fuzz")
        if let profile { Self.use(profile) }
    }

    private func takeProfile(_ bytes: [UInt8]) {
        let profile = try? CANProfile.load(
            profile: bytes, layout: Shipped.layoutBytes, name: "fuzz")
        if let profile { Self.use(profile) }
    }

    /// Encodes the extremes and reads them back.
    private static func use(_ profile: CANProfile) {
        for number in [Int32.min + 1, -1, 0, 1, Int32.max] {
            var values = BankValues()
            for value in BankValue.allCases { values[value] = number }
            for index in profile.plan.frames.indices {
                if let frame = profile.plan.encode(index, values) { decode(frame, profile) }
            }
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
