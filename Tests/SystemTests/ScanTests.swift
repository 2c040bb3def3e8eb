import Foundation
import TestKit
import Testing

/// `amphora-gateway scan` against simulated packs, inverters and neighbours.
@Suite(.serialized) struct ScanTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("scan") }

    private func start(_ arguments: [String], awaiting file: String) throws -> ChildProcess {
        let process = try ChildProcess(
            House.programs + "/amphora-sim", arguments + ["--profiles", Repository.profileSet])
        let isThere = Patience.wait(20_000) { () -> Bool? in
            FileManager.default.fileExists(atPath: file) ? true : nil
        }
        guard isThere == true else { throw HouseError("simulation: \(process.errors)") }
        return process
    }

    private func bank(_ arguments: [String]) throws -> ChildProcess {
        let socket = folder.file("bank.sock")
        return try start(
            ["bank", "--instant", "--control", socket] + arguments, awaiting: socket)
    }

    private func scan(_ arguments: [String]) throws -> (status: TestKit.ExitStatus?, ChildProcess) {
        let process = try ChildProcess(
            House.programs + "/amphora-gateway",
            ["scan", "--profiles", Repository.profileSet] + arguments)
        return (try process.waitForExit(within: 240_000), process)
    }

    private func document(_ process: ChildProcess) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(process.output.utf8))
        return try #require(object as? [String: Any], "\(process.output) \(process.errors)")
    }

    private func packs(_ document: [String: Any]) -> [(unit: Int, map: String, certainty: String)] {
        let lines = document["lines"] as? [[String: Any]] ?? []
        return lines.flatMap { $0["packs"] as? [[String: Any]] ?? [] }.map {
            ($0["unit"] as? Int ?? -1, $0["map"] as? String ?? "", $0["certainty"] as? String ?? "")
        }
    }

    @Test func `packs on a serial line are named and saved as a configuration`() throws {
        let bank = try bank(["--packs", "3", "--link", folder.file("packs")])
        defer { _ = bank.terminate() }
        let saved = folder.file("found.toml")
        let (status, process) = try scan([
            "--device", folder.file("packs"), "--listen-s", "0.1", "--units", "1-4", "--json",
            "--save", saved,
        ])
        #expect(status == .exited(0), "\(process.errors)")
        let found = packs(try document(process))
        #expect(found.map(\.unit) == [1, 2, 3])
        #expect(found.allSatisfy { $0.map == "pace-v1.3" && $0.certainty == "certain" })
        let text = try String(contentsOfFile: saved, encoding: .utf8)
        #expect(text.contains("map = \"pace-v1.3\"\nunits = [1, 2, 3]\n"))
        try (text + "\n[inverter]\nprofile = \"pylontech-lv-1.2\"\n").write(
            toFile: saved, atomically: true, encoding: .utf8)
        let check = try ChildProcess(
            House.programs + "/amphora-gateway", ["config", "check", "--config", saved])
        #expect(try check.waitForExit(within: 20_000) == .exited(0), "\(check.errors)")
    }

    @Test func `another map at another rate is found by itself`() throws {
        let bank = try bank(["--packs", "2", "--map", "seplos-v3", "--link", folder.file("packs")])
        defer { _ = bank.terminate() }
        let (status, process) = try scan([
            "--device", folder.file("packs"), "--listen-s", "0.1", "--units", "1-3", "--json",
            "--map", "pace-v1.3", "--map", "seplos-v3",
        ])
        #expect(status == .exited(0), "\(process.errors)")
        #expect(packs(try document(process)).map(\.map) == ["seplos-v3", "seplos-v3"])
    }

    @Test func `packs behind Modbus TCP and behind a serial server are told apart`() throws {
        for (option, framing) in [("--tcp", "tcp"), ("--rtu-tcp", "rtu-over-tcp")] {
            let port = try Peers.freePort()
            try? FileManager.default.removeItem(atPath: folder.file("bank.sock"))
            let bank = try bank(["--packs", "1", option, "127.0.0.1:\(port)"])
            defer { _ = bank.terminate() }
            let (status, process) = try scan([
                "--address", "127.0.0.1:\(port)", "--units", "1", "--map", "pace-v1.3", "--json",
            ])
            #expect(status == .exited(0), "\(framing): \(process.errors)")
            let document = try document(process)
            let lines = document["lines"] as? [[String: Any]] ?? []
            #expect(lines.first?["framing"] as? String == framing)
            #expect(packs(document).map(\.certainty) == ["certain"])
        }
    }

    @Test func `nothing is sent where another master is heard`() throws {
        let bank = try bank([
            "--packs", "1", "--link", folder.file("packs"), "--fault", "all foreign 9",
        ])
        let (status, process) = try scan([
            "--device", folder.file("packs"), "--listen-s", "2.5", "--map", "pace-v1.3",
        ])
        #expect(status == .exited(1))
        #expect(process.output.contains("foreign master at 9600 8N1: somebody asks unit 9"))
        #expect(process.output.contains("or read along with mode = \"listen\""))
        _ = bank.terminate()
        #expect(bank.output.contains("\"requests\": 0"), "\(bank.output)")
    }

    @Test func `a pack that speaks a text protocol is named`() throws {
        let pty = try Pty(link: folder.file("packs"))
        // The header of a PACE 2.5 answer: version 25, unit 00, then length, data and sum.
        let answer = Array("~25004600F07A0001100D420D140D13E3AC\r".utf8)
        Background.run {
            var heard: [UInt8] = []
            while let bytes = try? pty.read(within: 20_000), !bytes.isEmpty {
                heard += bytes
                guard let start = heard.lastIndex(of: 0x7E), heard.last == 0x0D else { continue }
                if heard[start...].starts(with: Array("~25".utf8)) { try? pty.write(answer) }
                heard = []
            }
        }
        let (status, process) = try scan([
            "--device", folder.file("packs"), "--listen-s", "0.1", "--units", "1", "--map",
            "pace-v1.3",
        ])
        #expect(status == .exited(1))
        #expect(process.output.contains("a pack speaks PACE ASCII 2.5 at 9600 8N1"))
        pty.hangUp()
    }

    @Test func `a unit with another protocol set is told from a silent one`() throws {
        let bank = try bank([
            "--packs", "2", "--link", folder.file("packs"), "--fault", "1 exception 2",
        ])
        defer { _ = bank.terminate() }
        let (_, process) = try scan([
            "--device", folder.file("packs"), "--listen-s", "0.1", "--units", "1-3", "--map",
            "pace-v1.3",
        ])
        #expect(
            process.output.contains(
                "unit 1: answers, but as pace-v1.3 it refuses block 'live': illegal data address"))
        #expect(process.output.contains("unit 2: answers as pace-v1.3 (certain)"))
        #expect(!process.output.contains("unit 3"))
    }

    @Test func `an inverter is recognised by what it says`() throws {
        let socket = folder.file("inverter.sock")
        let inverter = try start(
            [
                "inverter", "--profile", "growatt-lv-1.04", "--slcan-link", folder.file("can"),
                "--control", socket,
            ], awaiting: socket)
        defer { _ = inverter.terminate() }
        let (status, process) = try scan([
            "--can-device", folder.file("can"), "--can-s", "2.5", "--json",
        ])
        #expect(status == .exited(0), "\(process.errors)")
        let buses = try document(process)["buses"] as? [[String: Any]] ?? []
        #expect(buses.first?["bit_rate"] as? Int == 500_000)
        #expect(buses.first?["fits"] as? [String] == ["growatt-lv-1.04"])
        #expect(buses.first?["battery_present"] as? Bool == false)
    }

    @Test func `bad options are refused with what was expected`() throws {
        for (arguments, words) in [
            (["--units", "1-"], "--units is '1-', expected such as 1-16"),
            (["--units", "248"], "0…247"),
            (["--baud", "12345"], "--baud is 12345, expected one of 1200"),
            (["--address", "nowhere"], "--address is 'nowhere', expected such as"),
            (["--save", "/etc/passwd"], "'/etc/passwd' exists already"),
        ] {
            let (status, process) = try scan(arguments)
            #expect(status == .exited(64))
            #expect(process.errors.contains(words), "\(process.errors)")
        }
    }
}
