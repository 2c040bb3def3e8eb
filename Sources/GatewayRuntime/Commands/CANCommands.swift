import ArgumentParser
import CANBus
import CANProfile
import GatewaySettings
import Telemetry

/// `encode`.
struct EncodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encode",
        abstract: "Print the frames a profile makes of a bank state, as candump lines.",
        discussion: """
            The state file is JSON: {"values": {"voltage": 52.1, "charge_current_limit": 100, \
            "charge_enabled": 1, …}, "warnings": [], "protections": [], "faults": [], "serial": "…", \
            "gateway": "…", "packs": [{"values": {"pack_voltage": 52.1}, "serial": "…"}]}. A frame \
            that needs a value the file does not give is not sent; its name goes to standard error. \
            Printed is one full cycle, with every page of frames that take turns.
            """)

    @Option(
        help: "The inverter profile, such as pylontech-lv-1.2.",
        completion: ProfileNames.profiles)
    var profile: String

    @Option(help: "The file with the bank state.", completion: .file())
    var state: String

    @Option(help: "Switch a quirk of the profile on; may be given several times.")
    var quirk: [String] = []

    @Flag(help: "Encode what the profile tells the inverter when the bank is stopped.")
    var stopped = false

    @OptionGroup var options: ProfileOptions

    func run() throws {
        do {
            let loaded = try ProfileFolder(path: options.profiles).profile(profile, quirks: quirk)
            let bytes = try FileBytes.read(state, limit: 1 << 20)
            var values = try BankStateDocument.load(bytes, name: state)
            loaded.prepare(&values, isStopped: stopped)
            if stopped, loaded.stop.silenceAfter == .zero {
                return Output.note("nothing is sent: this profile answers a stop with silence")
            }
            let packs = values[.packsConfigured].map(Int.init) ?? 1
            for index in loaded.plan.frames.indices
            where loaded.plan.isWanted(index, packs: packs) {
                if let frame = loaded.plan.encode(index, values) {
                    print("can0 \(frame.compactHex)")
                } else {
                    Output.note(
                        "frame \(loaded.frameName(index)) is not sent: a value it needs is unknown")
                }
            }
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
    }
}

/// `can`.
struct CANCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "can", abstract: "Look at CAN traffic.", subcommands: [CANDecodeCommand.self])
}

/// `can decode`.
struct CANDecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Read candump lines from standard input, print what they mean in a profile.",
        discussion: """
            A frame that the profile does not know is looked up among those of other battery families: \
            an inverter that sends one is in the wrong battery mode.
            """)

    @Option(
        help: "The inverter profile, such as pylontech-lv-1.2.",
        completion: ProfileNames.profiles)
    var profile: String

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @OptionGroup var options: ProfileOptions

    func run() throws {
        let loaded: CANProfile
        let foreign: ForeignFrames
        do {
            let folder = ProfileFolder(path: options.profiles)
            loaded = try folder.profile(profile)
            foreign = try folder.foreign()
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        var faults = 0
        var number = 0
        while let line = readLine() {
            number += 1
            if line.allSatisfy(\.isWhitespace) { continue }
            do {
                let entry = try Candump.parse(line)
                let advice = Self.advice(entry.frame, loaded, foreign)
                print(
                    json ? Self.json(entry, loaded, advice) : Self.text(entry, loaded, advice),
                    terminator: "")
            } catch {
                Output.note("line \(number): \(error)")
                faults += 1
            }
        }
        if faults > 0 { throw ExitCode(ExitStatus.failure) }
    }

    /// What to do about a frame of another battery family; nil for any other.
    private static func advice(
        _ frame: CANFrame, _ profile: CANProfile, _ foreign: ForeignFrames
    ) -> String? {
        guard profile.message(for: frame) == nil, let index = foreign.match(frame) else {
            return nil
        }
        return foreign.entries[index].sentence()
    }

    private static func text(
        _ entry: Candump.Entry, _ profile: CANProfile, _ advice: String?
    ) -> String {
        guard let message = profile.message(for: entry.frame),
            let signals = profile.decode(entry.frame)
        else {
            let words = advice.map { "\n    \($0)" } ?? ""
            return "\(entry.frame)  unknown to '\(profile.id)'\(words)\n"
        }
        var text = "\(entry.frame)  \(message.name)\n"
        for signal in signals {
            let unit = signal.unit.isEmpty ? "" : " \(signal.unit)"
            let words = signal.text.map { "  \($0)" } ?? ""
            text += "    \(signal.name) = \(signal.value)\(unit)\(words)\n"
        }
        return text
    }

    private static func json(
        _ entry: Candump.Entry, _ profile: CANProfile, _ advice: String?
    ) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("frame")
            writer.string(entry.frame.compactHex)
            writer.name("message")
            if let message = profile.message(for: entry.frame) {
                writer.string(message.name)
            } else {
                writer.null()
            }
            writer.name("foreign")
            if let advice { writer.string(advice) } else { writer.null() }
            writer.name("signals")
            writer.array { writer in
                for signal in profile.decode(entry.frame) ?? [] {
                    writer.object { writer in
                        writer.name("name")
                        writer.string(signal.name)
                        writer.name("value")
                        if signal.isNumber {
                            writer.raw(Array(signal.value.utf8))
                        } else {
                            writer.null()
                        }
                        writer.name("unit")
                        writer.string(signal.unit)
                    }
                }
            }
        }
        writer.endLine()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
