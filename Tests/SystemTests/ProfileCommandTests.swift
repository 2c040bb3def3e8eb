import Foundation
import TestKit
import Testing

/// What `amphora-gateway profile …` prints and how it ends.
@Suite struct ProfileCommandTests {
    private let folder: TemporaryDirectory
    private let set: String

    init() throws {
        folder = try TemporaryDirectory("profiles")
        set = folder.file("base")
        try FileManager.default.copyItem(atPath: Repository.profileSet, toPath: set)
        try #require(try run("profile", "seal", set).status == 0)
    }

    private struct Run {
        var output: String
        var notes: String
        var status: Int32
        var lines: [Substring] { output.split(separator: "\n") }
    }

    private func run(
        _ words: String..., environment: [String: String] = [:], input: String = ""
    ) throws -> Run {
        try run(words: words, environment: environment, input: input)
    }

    private func run(
        words: [String], environment: [String: String] = [:], input: String = ""
    ) throws -> Run {
        let process = Process()
        let given = folder.file("in")
        try input.write(toFile: given, atomically: true, encoding: .utf8)
        process.standardInput = FileHandle(forReadingAtPath: given)
        process.executableURL = URL(filePath: House.programs + "/amphora-gateway")
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (output, notes) = (folder.file("out"), folder.file("err"))
        for path in [output, notes] { try Data().write(to: URL(filePath: path)) }
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: notes)
        try process.run()
        process.waitUntilExit()
        return Run(
            output: try String(contentsOfFile: output, encoding: .utf8),
            notes: try String(contentsOfFile: notes, encoding: .utf8),
            status: process.terminationStatus)
    }

    private func replace(_ file: String, _ old: String, with new: String) throws {
        let path = "\(set)/\(file)"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try #require(text.contains(old), "\(file) has no \(old)")
        try text.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
    }

    @Test func `lint says that a sealed set is good`() throws {
        let run = try run("profile", "lint", set)
        #expect(run.status == 0)
        #expect(run.output.hasPrefix("\(set): good; base "))
        #expect(run.notes.isEmpty)
    }

    @Test func `lint lists every fault on standard output and ends with 1`() throws {
        try replace("packs/pace-v1.3.json", "\"baud\": 9600", with: "\"baud\": 96")
        try replace("vectors/packs/seplos-v3.json", "\"origin\"", with: "\"origins\"")
        try "x".write(toFile: "\(set)/notes.txt", atomically: true, encoding: .utf8)
        let run = try run("profile", "lint", set)
        #expect(run.status == 1)
        for file in [
            "notes.txt: ", "packs/pace-v1.3.json, line ", "vectors/packs/seplos-v3.json, line ",
        ] {
            #expect(run.lines.contains { $0.hasPrefix(file) }, "\(file)")
        }
        #expect(run.notes == "\(set): \(run.lines.count) faults\n")
    }

    @Test func `a packed set is one file with a hash, and unpacks into the same set`() throws {
        let (file, copy) = (folder.file("base.tar"), folder.file("copy"))
        let packed = try run("profile", "pack", set, file)
        #expect(packed.status == 0, "\(packed.notes)")
        let words = packed.output.split(separator: " ")
        #expect(words.first?.count == 64)
        let length = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
        #expect(words.dropFirst().first.map(String.init) == length.map { "\($0)" })
        #expect(try run("profile", "unpack", file, copy).status == 0)
        #expect(try run("profile", "lint", copy).status == 0)
        #expect(try run("profile", "pack", copy, file).output == packed.output)
        #expect(try run("profile", "unpack", file, copy).status == 2)
        try Data("x".utf8).write(to: URL(filePath: file))
        let broken = try run("profile", "unpack", file, folder.file("other"))
        #expect(broken.status == 1 && broken.notes.contains("is cut off"), "\(broken.notes)")
        try replace("packs/pace-v1.3.json", "\"baud\": 9600", with: "\"baud\": 96")
        #expect(try run("profile", "pack", set, file).status == 1)
    }

    @Test func `a folder that is not there ends with 3 and a sentence`() throws {
        for words in ["lint", "test"] {
            let run = try run("profile", words, "\(set)-none")
            #expect(run.status == 3)
            #expect(run.notes == "cannot read '\(set)-none': No such file or directory\n")
            #expect(run.output.isEmpty)
        }
    }

    @Test(arguments: [
        ["profile", "list"], ["profile", "show", "pace-v1.3"],
        ["decode", "--map", "pace-v1.3", "--request", "01", "--reply", "01"],
        ["encode", "--profile", "pylontech-lv-1.2", "--state", "/dev/null"],
        ["can", "decode", "--profile", "pylontech-lv-1.2"],
    ])
    func `where no set is installed the error says how to name one`(words: [String]) throws {
        let installed = "/usr/share/amphora/profile-sets/base"
        try #require(
            !FileManager.default.fileExists(atPath: installed), "a set is installed here")
        let run = try run(words: words)
        #expect(run.status == 3)
        #expect(
            run.notes
                == "cannot read '\(installed)': No such file or directory; "
                + "no profile set is installed here, name the folder of one with --profiles, "
                + "in a configuration with path below [profiles]\n")
    }

    @Test func `test names every vector and counts`() throws {
        let good = try run("profile", "test", set)
        #expect(good.status == 0)
        #expect(good.lines.contains { $0.hasSuffix("live block through line noise  (capture)") })
        let total = good.lines.count { $0.hasPrefix("  ok") }
        #expect(good.lines.last == "\(total) vectors, \(total) ok, 0 failed")
        try replace("vectors/packs/pace-v1.3.json", "\"52.600 V\"", with: "\"52.601 V\"")
        let bad = try run("profile", "test", set, "--quiet")
        #expect(bad.status == 1)
        #expect(
            bad.lines == [
                "vectors/packs/pace-v1.3.json",
                "  failed  live block through line noise  (capture)",
                "          'voltage' is '52.600 V', expected '52.601 V'",
                "\(total) vectors, \(total - 1) ok, 1 failed",
            ])
    }

    @Test func `list shows every map and profile with its proofs`() throws {
        let run = try run("profile", "list", "--profiles", set)
        #expect(run.status == 0)
        #expect(run.lines.first == "PACK MAPS" && run.lines.contains("INVERTER PROFILES"))
        #expect(run.lines.contains { $0.hasPrefix("  pace-v1.3 ") })
        #expect(
            run.lines.contains { $0.contains("vendor, proofs: ") && $0.contains(" captured, ") })
        #expect(!run.output.contains("\u{1B}"))
    }

    @Test func `list marks what one source tells as experimental`() throws {
        try replace(
            "packs/pace-v1.3.json", "\"confidence\": \"vendor\"", with: "\"confidence\": \"single\""
        )
        let table = try run("profile", "list", "--profiles", set)
        #expect(table.status == 1)
        #expect(
            table.lines.contains { $0.contains("single, proofs: ") && $0.hasSuffix("experimental") }
        )
        #expect(table.notes.contains("no gateway starts on this set"))
        let json = try run("profile", "list", "--json", "--profiles", set)
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let entries = try #require(document["entries"] as? [[String: Any]])
        let pace = try #require(entries.first { $0["id"] as? String == "pace-v1.3" })
        #expect(pace["experimental"] as? Bool == true && pace["kind"] as? String == "pack")
        #expect(((pace["proofs"] as? [String: Int])?["captures"] ?? 0) > 0)
    }

    @Test func `show explains a map by registers and a profile by frames`() throws {
        let map = try run("profile", "show", "pace-v1.3", "--profiles", set)
        #expect(map.status == 0)
        #expect(
            map.lines.contains {
                $0.hasPrefix("  voltage ") && $0.hasSuffix("at 0x0001, scale 0.01")
            })
        #expect(map.lines.contains("SOURCES"))
        let profile = try run("profile", "show", "pylontech-lv-1.2", "--profiles", set)
        #expect(profile.status == 0)
        #expect(profile.lines.contains("  0x351 Limits  8 bytes, every 1000 ms"))
        #expect(
            profile.lines.contains {
                $0.contains("ChargeVoltage") && $0.contains("bits 0-15 x 0.1 V")
                    && $0.hasSuffix("value charge_voltage_limit")
            })
        #expect(profile.lines.contains { $0.hasPrefix("  stop ") })
        let json = try run("profile", "show", "pylontech-lv-1.2", "--json", "--profiles", set)
        let document =
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect((document?["document"] as? [String: Any])?["id"] as? String == "pylontech-lv-1.2")
    }

    @Test func `show of an unknown name suggests one and ends with 3`() throws {
        let run = try run("profile", "show", "pace-v13", "--profiles", set)
        #expect(run.status == 3)
        #expect(
            run.notes
                == "no map or profile 'pace-v13' in profile set '\(set)', did you mean 'pace-v1.3'?\n"
        )
    }

    @Test func `show of a faulty map tells its faults and ends with 1`() throws {
        try replace("packs/pace-v1.3.json", "\"baud\": 9600", with: "\"baud\": 96")
        let run = try run("profile", "show", "pace-v1.3", "--profiles", set)
        #expect(run.status == 1)
        #expect(run.notes.contains("'line.baud' is 96, allowed "))
    }

    @Test func `diff of equal sets is silent and 0, of different ones tells the meaning and 1`()
        throws
    {
        let same = try run("profile", "diff", Repository.profileSet, set)
        #expect(same.status == 0 && same.output.isEmpty)
        try replace(
            "packs/pace-v1.3.json", "\"voltage\": { \"at\": 1,", with: "\"voltage\": { \"at\": 2,")
        let other = try run("profile", "diff", Repository.profileSet, set)
        #expect(other.status == 1)
        #expect(
            other.output == "~ pack map 'pace-v1.3'\n  ~ signal voltage: at 0x0001 → 0x0002\n")
        let files = try run(
            "profile", "diff", Repository.profileSet + "/packs/pace-v1.3.json",
            "\(set)/packs/pace-v1.3.json")
        #expect(files.output.contains("  ~ signal voltage: at 0x0001 → 0x0002\n"))
        let folders = try run(
            "profile", "diff", "\(set)/inverters/pylontech-lv-1.2",
            Repository.profileSet + "/inverters/pylontech-lv-1.2")
        #expect(folders.status == 0)
    }

    @Test func `seal writes what lint then takes, and keeps the numbers`() throws {
        try replace("packs/pace-v1.3.json", "\"title\": \"PACE", with: "\"title\": \"Pace")
        #expect(try run("profile", "lint", set).status == 1)
        let sealed = try run("profile", "seal", set, "--set-version", "2.0.1", "--release", "7")
        #expect(sealed.status == 0)
        #expect(sealed.output.hasPrefix("\(set): sealed as base 2.0.1, release 7, "))
        #expect(try run("profile", "lint", set).output.contains("good; base 2.0.1, release 7"))
        let wrong = try run("profile", "seal", set, "--set-version", "2.0")
        #expect(wrong.status == 2)
        #expect(
            wrong.notes == "--set-version is '2.0', expected three numbers such as 1.4.0\n")
        #expect(try run("profile", "lint", set).status == 0)
    }

    @Test func `help names each option once`() throws {
        for command in [["profile", "seal"], ["profile", "list"], ["encode"], ["run"], ["scan"]] {
            let help = try run(words: command + ["--help"])
            #expect(help.status == 0)
            let options = help.lines.compactMap { line in
                line.firstMatch(of: /^  (?:-[a-z], )?(--[a-z-]+)/).map { String($0.1) }
            }
            #expect(options.contains("--version") && options.contains("--help"))
            #expect(options.count == Set(options).count, "\(command): \(options)")
        }
    }

    @Test func `encode tells what the profile makes of a bank, running or stopped`() throws {
        let state = folder.file("state.json")
        try """
        {"values": {"charge_voltage_limit": 56.0, "discharge_voltage_limit": 46.4,
          "charge_current_limit": 100, "discharge_current_limit": 90,
          "pack_voltage_maximum": 57.34}}
        """.write(toFile: state, atomically: true, encoding: .utf8)
        let words = [
            "encode", "--profiles", set, "--profile", "sma-sunny-island", "--state", state,
        ]
        let running = try run(words: words)
        #expect(running.lines.first == "can0 351#3E0200008403D001")
        let stopped = try run(words: words + ["--stopped"])
        #expect(stopped.lines.first == "can0 351#3E0200000000D001")
    }

    @Test func `a set with faults is not sealed`() throws {
        try replace("vectors/packs/pace-v1.3.json", "\"52.600 V\"", with: "\"52.601 V\"")
        let before = try Data(contentsOf: URL(filePath: "\(set)/set.json"))
        let run = try run("profile", "seal", set)
        #expect(run.status == 1)
        #expect(run.notes.contains("vector 'live block through line noise'"))
        #expect(run.notes.hasSuffix("\(set): not sealed\n"))
        #expect(try Data(contentsOf: URL(filePath: "\(set)/set.json")) == before)
    }

    @Test func `a gateway does not start on a set with a fault`() throws {
        let config = folder.file("gateway.toml")
        try """
        gateway = "gw-1"
        [profiles]
        path = "\(set)"
        [[line]]
        device = "/dev/null"
        map = "pace-v1.3"
        units = [1]
        [inverter]
        profile = "pylontech-lv-1.2"
        """.write(toFile: config, atomically: true, encoding: .utf8)
        let good = try run("config", "check", "--config", config)
        #expect(good.status == 0)
        #expect(good.output.contains(", profile set base "))
        // A file that this house does not use.
        try replace("packs/seplos-v3.json", "\"title\": \"Seplos", with: "\"title\": \"seplos")
        #expect(try self.run("config", "check", "--config", config).status == 0)
        #expect(try self.run("profile", "lint", set).status == 1)
        try replace("packs/pace-v1.3.json", "\"title\": \"PACE", with: "\"title\": \"pace")
        for words in [["config", "check"], ["run"]] {
            let bad =
                words.count > 1
                ? try run(words[0], words[1], "--config", config)
                : try run(words[0], "--config", config)
            #expect(bad.status == 3)
            #expect(bad.notes.contains("profile set '\(set)': set.json, line "))
        }
    }

    @Test func `names complete after Tab`() throws {
        let script = try run("--generate-completion-script", "bash")
        #expect(script.status == 0)
        let words = ["amphora-gateway", "profile", "show", ""]
        let completed = try run(
            "---completion", "profile", "show", "--", "positional@0", "3", "0", "\(words[0])",
            words[1], words[2], "--profiles", set,
            environment: ["SAP_SHELL": "bash", "SAP_SHELL_VERSION": "5"])
        #expect(completed.output.contains("pace-v1.3"))
    }

    @Test func `can decode names frames of other battery families`() throws {
        let run = try run(
            "can", "decode", "--profile", "pylontech-lv-1.2", "--profiles", set,
            input: "can0 151#0142594400000000\ncan0 7FF#00\ncan0 351#30022C01E803C001\n")
        #expect(run.status == 0)
        #expect(
            run.lines.prefix(3) == [
                "151#0142594400000000  unknown to 'pylontech-lv-1.2'",
                "    frame 151 belongs to BYD HVS/HVM high voltage, asks who is there: this inverter speaks BYD HVS/HVM for high voltage; choose the inverter's 48 V (low-voltage) battery mode",
                "7FF#00  unknown to 'pylontech-lv-1.2'",
            ])
        #expect(run.output.contains("    ChargeVoltage = 56.0 V\n"))
    }
}
