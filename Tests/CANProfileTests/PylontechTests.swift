import Bank
import CANBus
import CANProfile
import Foundation
import Quantities
import TestKit
import Testing

@Suite struct PylontechTests {
    private let profile: CANProfile

    init() throws { profile = try Self.load() }

    static func load() throws -> CANProfile {
        let folder = Repository.profileSet + "/inverters/pylontech-lv-1.2"
        return try CANProfile.load(
            profile: Array(try Data(contentsOf: URL(filePath: folder + "/profile.json"))),
            layout: Array(try Data(contentsOf: URL(filePath: folder + "/frames.dbc"))),
            name: "pylontech-lv-1.2")
    }

    private func frame(_ text: String) throws -> CANFrame {
        try Candump.parse("can0 \(text)").frame
    }

    /// Frames recorded from real stacks, with the values their sources state.
    @Test(arguments: [
        (
            "351#1402740E740ECC01",
            "ChargeVoltage=53.2 ChargeCurrent=370.0 DischargeCurrent=370.0 DischargeVoltage=46.0"
        ),
        ("355#1A006400", "StateOfCharge=26 StateOfHealth=100"),
        ("356#021300004A01", "Voltage=48.66 Current=0.0 Temperature=33.0"),
        ("35C#C000", "FullCharge=0 ForceCharge2=0 ForceCharge1=0 DischargeEnable=1 ChargeEnable=1"),
    ]) func `a recorded frame decodes to what its source states`(text: String, expected: String)
        throws
    {
        let signals = try #require(profile.decode(try frame(text)))
        #expect(signals.map { "\($0.name)=\($0.value)" }.joined(separator: " ") == expected)
    }

    @Test func `recorded alarms decode to ten modules and nothing else`() throws {
        let signals = try #require(profile.decode(try frame("359#000000000A504E")))
        #expect(signals.filter { $0.raw != 0 }.map(\.name) == ["Modules", "TagP", "TagN"])
        #expect(signals.first { $0.name == "Modules" }?.raw == 10)
    }

    /// The same recorded frames, made from the values they carry.
    @Test func `the values of a recorded set encode to the recorded bytes`() throws {
        var values = BankValues()
        values[.chargeVoltageLimit] = 53_200
        values[.chargeCurrentLimit] = 370_000
        values[.dischargeCurrentLimit] = 370_000
        values[.dischargeVoltageLimit] = 46_000
        values[.stateOfCharge] = 2600
        values[.stateOfHealth] = 10_000
        values[.voltage] = 48_660
        values[.current] = 0
        values[.temperatureMean] = 330
        values[.packsOnline] = 10
        values[.chargeEnabled] = 1
        values[.dischargeEnabled] = 1
        values[.forceCharge] = 0
        values[.fullChargeRequest] = 0
        let frames = profile.plan.frames.indices.compactMap { profile.plan.encode($0, values) }
        #expect(
            frames.map(\.compactHex) == [
                "359#000000000A504E", "351#1402740E740ECC01", "355#1A006400", "356#021300004A01",
                "35C#C000", "35E#50594C4F4E202020",
            ])
    }

    @Test func `a frame that needs an unknown value is not sent`() {
        var values = BankValues()
        values[.packsOnline] = 0
        let sent = profile.plan.frames.indices.compactMap { profile.plan.encode($0, values) }
        #expect(sent.map(\.identifier.rawValue) == [0x359, 0x35E])
    }

    @Test func `rule 8: stop sends zero currents, no permission and an alarm, with real voltages`()
        throws
    {
        var values = BankValues()
        values[.chargeVoltageLimit] = 56_000
        values[.dischargeVoltageLimit] = 44_800
        values[.packsOnline] = 0
        profile.stop.apply(to: &values)
        let frames = profile.plan.frames.indices.compactMap { profile.plan.encode($0, values) }
        #expect(
            frames.map(\.compactHex) == [
                "359#0000000800504E", "351#300200000000C001", "35C#0000", "35E#50594C4F4E202020",
            ])
    }

    @Test(arguments: [
        ("protection", "cell_overvoltage", 1), ("protection", "pack_undervoltage", 2),
        ("protection", "charge_overtemperature", 3),
        ("protection", "discharge_undertemperature", 4),
        ("protection", "discharge_overcurrent", 7), ("protection", "charge_overcurrent", 8),
        ("fault", "front_end", 11), ("warning", "cell_overvoltage", 17),
        ("warning", "pack_undervoltage", 18), ("warning", "mosfet_overtemperature", 19),
        ("warning", "charge_undertemperature", 20), ("warning", "discharge_overcurrent", 23),
        ("warning", "charge_overcurrent", 24), ("warning", "pack_silent", 27),
    ]) func `rule 4: each alarm sets the bit of the vendor's table`(
        level: String, code: String, bit: Int
    ) throws {
        let kind = try #require(AlarmKind.allCases.first { $0.code == code })
        var values = BankValues()
        values[.packsOnline] = 0
        switch level {
        case "warning": values.warnings.insert(kind)
        case "protection": values.protections.insert(kind)
        default: values.faults.insert(kind)
        }
        let frame = try #require(profile.plan.encode(0, values))
        #expect(frame.bits & 0xFFFF_FFFF == 1 << UInt64(bit))
    }

    /// The C that other tools generate truncates: 52.3 V becomes 522 tenths.
    @Test func `every representable value encodes to its own raw number`() throws {
        var values = BankValues()
        for key in [BankValue.chargeVoltageLimit, .dischargeVoltageLimit, .chargeCurrentLimit] {
            values[key] = 0
        }
        var wrong = 0
        for tenths in Int32(0)...32_767 {
            values[.dischargeCurrentLimit] = tenths * 100
            values[.chargeVoltageLimit] = tenths * 100
            let frame = try #require(profile.plan.encode(1, values))
            if frame.bits >> 32 & 0xFFFF != UInt64(tenths) { wrong += 1 }
            if frame.bits & 0xFFFF != UInt64(tenths) { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test func `currents beyond the field are held at its end`() throws {
        var values = BankValues()
        values[.chargeVoltageLimit] = 56_000
        values[.dischargeVoltageLimit] = 44_800
        values[.chargeCurrentLimit] = 8_000_000
        values[.dischargeCurrentLimit] = -5
        let frame = try #require(profile.plan.encode(1, values))
        #expect(frame.bits >> 16 & 0xFFFF == 32_767)
        #expect(frame.bits >> 32 & 0xFFFF == 0)
    }

    @Test func `what was encoded reads back as the bank's values`() throws {
        var values = BankValues()
        values[.voltage] = 52_340
        values[.current] = -12_300
        values[.temperatureMean] = -55
        let frame = try #require(profile.plan.encode(3, values))
        let read = Dictionary(
            uniqueKeysWithValues: profile.bankValues(in: frame).map { ($0.value, $0.number) })
        #expect(read == [.voltage: 52_340, .current: -12_300, .temperatureMean: -55])
    }

    @Test func `an independent decoder reads the same values from our frames`() throws {
        let python = try Peers.python(importing: "cantools")
        var generator = SeededGenerator(seed: 21)
        var lines: [String] = []
        var expected: [String] = []
        for _ in 0..<200 {
            let values = Self.random(using: &generator)
            for index in profile.plan.frames.indices {
                guard let frame = profile.plan.encode(index, values),
                    let signals = profile.decode(frame)
                else { continue }
                let bytes = frame.compactHex.split(separator: "#")[1]
                lines.append("\(frame.identifier.rawValue) \(bytes)")
                expected.append(
                    signals.map { "\($0.name)=\(Self.plain($0.value))" }.joined(separator: ","))
            }
        }
        let folder = try TemporaryDirectory("cantools")
        try lines.joined(separator: "\n").write(
            toFile: folder.file("frames"), atomically: true, encoding: .utf8)
        let program = """
            import sys, cantools
            db = cantools.database.load_file(sys.argv[1])
            for line in open(sys.argv[2]):
                number, data = line.split()
                m = db.get_message_by_frame_id(int(number))
                d = m.decode(bytes.fromhex(data), decode_choices=False)
                print(",".join(f"{s.name}={float(d[s.name]):.9g}" if not isinstance(d[s.name], int)
                      else f"{s.name}={d[s.name]}" for s in sorted(m.signals, key=lambda s: s.start)))
            """
        let child = try ChildProcess(
            python,
            [
                "-c", program, Repository.profileSet + "/inverters/pylontech-lv-1.2/frames.dbc",
                folder.file("frames"),
            ])
        _ = try child.waitForExit(within: 60_000)
        let found = child.output.split(separator: "\n").map(String.init)
        #expect(found.count == expected.count, "\(child.errors)")
        for (theirs, ours) in zip(found, expected) { #expect(theirs == ours) }
    }

    static func random(using generator: inout SeededGenerator) -> BankValues {
        var values = BankValues()
        values[.voltage] = .random(in: 40_000...60_000, using: &generator)
        values[.current] = .random(in: -500_000...500_000, using: &generator)
        values[.temperatureMean] = .random(in: -300...700, using: &generator)
        values[.stateOfCharge] = .random(in: 0...10_000, using: &generator)
        values[.stateOfHealth] = .random(in: 0...10_000, using: &generator)
        values[.chargeVoltageLimit] = .random(in: 50_000...58_000, using: &generator)
        values[.dischargeVoltageLimit] = .random(in: 40_000...48_000, using: &generator)
        values[.chargeCurrentLimit] = .random(in: 0...3_000_000, using: &generator)
        values[.dischargeCurrentLimit] = .random(in: 0...3_000_000, using: &generator)
        values[.packsOnline] = .random(in: 0...16, using: &generator)
        for flag in [BankValue.chargeEnabled, .dischargeEnabled, .forceCharge, .fullChargeRequest] {
            values[flag] = .random(in: 0...1, using: &generator)
        }
        values.warnings = AlarmSet(rawValue: generator.next())
        values.protections = AlarmSet(rawValue: generator.next())
        values.faults = AlarmSet(rawValue: generator.next())
        return values
    }

    /// Decimal text as Python's shortest form writes it: without trailing zeros.
    private static func plain(_ value: String) -> String {
        guard value.contains(".") else { return value }
        var text = Substring(value)
        while text.hasSuffix("0") { text = text.dropLast() }
        if text.hasSuffix(".") { text = text.dropLast() }
        return text == "-0" ? "0" : String(text)
    }
}
