import Bank
import CANBus
import PackMap
import StrictJSON

extension ProfileVectors {
    /// Reads a document of vectors; throws one error with every fault in it.
    package static func load(
        _ bytes: [UInt8], name: String
    ) throws(ProfileSetError) -> ProfileVectors {
        let faults = FaultList()
        let loaded = read(bytes, faults: faults)
        guard let loaded, faults.faults.isEmpty else {
            throw ProfileSetError(
                name: name,
                faults: faults.faults.map { SetFault(file: name, line: $0.line, $0.message) })
        }
        return loaded
    }

    /// Reads a document; nil when it is no JSON.
    ///
    /// Faults go to the list.
    static func read(_ bytes: [UInt8], faults: FaultList) -> ProfileVectors? {
        guard var root = JSONSection(parsing: bytes, faults: faults) else { return nil }
        _ = root.word("schema", [("amphora/profile-vectors/v1", true)])
        let profile = root.requiredString("profile")
        let vectors = root.distinct("vectors", by: "name", read: readVector)
        root.finish()
        return ProfileVectors(profile: profile, vectors: vectors)
    }

    private static func readVector(_ document: JSONSection) -> Vector {
        var section = document
        let name = section.requiredString("name")
        let origins = PackVectors.Origin.allCases.map { ($0.rawValue, $0) }
        let origin = section.word("origin", origins) ?? .computed
        let source = section.requiredString("source")
        let quirks = section.strings("quirks")
        let content = readContent(&section)
        section.finish()
        return Vector(
            name: name, line: section.line, origin: origin, source: source, quirks: quirks,
            content: content)
    }

    private static func readContent(_ section: inout JSONSection) -> Case {
        var found: [Case] = []
        if let state = section.item("state") { found.append(readEncode(state, &section)) }
        if section.item("frame") != nil { found.append(readDecode(&section)) }
        if section.item("received") != nil { found.append(readReceive(&section)) }
        if found.count != 1 {
            section.fault(
                "name", "expects one of 'state', 'frame' and 'received', found \(found.count)")
        }
        return found.first ?? .receive([], hasKeepAlive: nil, command: nil)
    }

    private static func readEncode(_ state: JSONItem, _ section: inout JSONSection) -> Case {
        let values = Engines.state(state, faults: section.faults)
        let frames = readFrames("frames", &section)
        let withheld = section.strings("withheld")
        if section.item("frames") == nil {
            section.fault("frames", "is missing, expected the frames of one cycle")
        }
        return .encode(
            State(values: values, isStopped: section.bool("stop", default: false)),
            frames: frames, withheld: withheld)
    }

    private static func readDecode(_ section: inout JSONSection) -> Case {
        let frame = parse(section.requiredString("frame"), "frame", section)
        var signals: [(name: String, text: String)] = []
        if var values = section.section("signals") {
            for name in values.names() {
                if let text = values.string(name) { signals.append((name, text)) }
            }
        }
        if signals.isEmpty {
            section.fault("signals", "is missing or empty, expected at least one signal")
        }
        guard let frame else { return .receive([], hasKeepAlive: nil, command: nil) }
        return .decode(frame, signals: signals)
    }

    private static func readReceive(_ section: inout JSONSection) -> Case {
        let frames = readFrames("received", &section)
        if frames.isEmpty { section.fault("received", "has no frame") }
        guard var inverter = section.section("inverter") else {
            section.fault("inverter", "is missing, expected what the frames mean")
            return .receive(frames, hasKeepAlive: nil, command: nil)
        }
        var hasKeepAlive: Bool?
        if inverter.item("keep_alive") != nil {
            hasKeepAlive = inverter.bool("keep_alive", default: false)
        }
        var command: Command?
        if let item = inverter.item("command") {
            if case .null = item.value {
                command = Command.none
            } else {
                let words = ["stop", "report"].map { ($0, Command.action($0)) }
                command = inverter.word("command", words)
            }
        }
        if hasKeepAlive == nil, command == nil {
            section.fault("inverter", "expects 'keep_alive', 'command' or both")
        }
        inverter.finish()
        return .receive(frames, hasKeepAlive: hasKeepAlive, command: command)
    }

    private static func readFrames(_ key: String, _ section: inout JSONSection) -> [CANFrame] {
        let texts = section.strings(key)
        return texts.compactMap { parse($0, key, section) }
    }

    private static func parse(_ text: String, _ key: String, _ section: JSONSection) -> CANFrame? {
        do {
            return try Candump.parse("can0 \(text)").frame
        } catch {
            section.fault(key, "contains '\(text)': \(error)")
            return nil
        }
    }
}
