import Foundation
import Modbus
import TestKit
import Testing

/// A gateway that reads along while somebody else polls simulated packs.
@Suite(.serialized) struct ListenTests {
    /// The other master: asks the simulated packs on their line, and a tap hands both directions to
    /// the gateway.
    private final class Tap {
        private let packs: Int32
        let tap: Pty

        init(packs path: String) throws {
            packs = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
            guard packs >= 0 else { throw HouseError("cannot open '\(path)'") }
            tap = try Pty()
        }

        deinit { close(packs) }

        /// One exchange; both frames come out of the tap.
        func ask(_ unit: UInt8, _ address: UInt16, _ count: UInt16) throws {
            let request = try #require(
                ReadRequest(
                    unit: UnitID(unit), function: .readHoldingRegisters, address: address,
                    count: count))
            let frame = RTUFrame.encode(request)
            let bytes = (0..<frame.count).map { frame[$0] }
            guard write(packs, bytes, bytes.count) == bytes.count else { return }
            try tap.write(bytes)
            var left = request.replyLength
            while left > 0 {
                var ready = pollfd(fd: packs, events: Int16(POLLIN), revents: 0)
                guard poll(&ready, 1, 300) > 0 else { return }
                var chunk = [UInt8](repeating: 0, count: 512)
                let read = Glibc.read(packs, &chunk, chunk.count)
                guard read > 0 else { return }
                try tap.write(Array(chunk.prefix(read)))
                left -= read
            }
        }
    }

    @Test func `a bank is brought to the inverter without a byte of ours on the line`() throws {
        let folder = try TemporaryDirectory("listen")
        func start(_ arguments: [String], awaiting file: String) throws -> ChildProcess {
            let process = try ChildProcess(
                House.programs + "/amphora-sim", arguments + ["--profiles", Repository.profileSet])
            let isThere = Patience.wait(20_000) { () -> Bool? in
                FileManager.default.fileExists(atPath: file) ? true : nil
            }
            guard isThere == true else { throw HouseError("simulation: \(process.errors)") }
            return process
        }
        let bank = try start(
            [
                "bank", "--instant", "--packs", "3", "--load-a", "20", "--link",
                folder.file("packs"), "--control", folder.file("bank.sock"),
            ], awaiting: folder.file("bank.sock"))
        defer { _ = bank.terminate() }
        let inverter = try start(
            [
                "inverter", "--slcan-link", folder.file("can"), "--control",
                folder.file("inverter.sock"),
            ], awaiting: folder.file("inverter.sock"))
        defer { _ = inverter.terminate() }
        let master = try Tap(packs: folder.file("packs"))
        try configuration(folder, device: master.tap.path).write(
            toFile: folder.file("gateway.toml"), atomically: true, encoding: .utf8)
        let gateway = try ChildProcess(
            House.programs + "/amphora-gateway", ["run", "--config", folder.file("gateway.toml")])
        defer { _ = gateway.terminate() }
        var asked = 0
        var last: [String: Any] = [:]
        let end = Date(timeIntervalSinceNow: 40)
        while Date() < end, !isSettled(last) {
            for _ in 0..<20 {
                // The map reads 0...12 and 15...36 at once; this master does not.
                for unit in [1, 2, 3] as [UInt8] {
                    for (address, count) in [(0, 7), (7, 6), (15, 10), (25, 12)]
                        as [(UInt16, UInt16)]
                    {
                        try master.ask(unit, address, count)
                        asked += 1
                    }
                }
                Thread.sleep(forTimeInterval: 0.05)
            }
            last = try status(folder)
        }
        #expect(last.text("bank.mode") == "running", "\(last) \(gateway.errors)")
        #expect(last.number("bank.packs_online") == 2)
        let line = (last["lines"] as? [[String: Any]])?.first ?? [:]
        #expect(line.text("state") == "listening")
        #expect(line.text("trouble") == "other unit ids seen: 3")
        #expect(try master.tap.read(within: 500).isEmpty)
        // All that reached the packs came from the master.
        let told = try ChildProcess(
            House.programs + "/amphora-sim",
            ["tell", "--control", folder.file("bank.sock"), "status"])
        #expect(try told.waitForExit(within: 10_000) == .exited(0))
        #expect(told.output.contains("\"bytes_received\": \(asked * 8)"), "\(told.output)")
    }

    /// Running with both packs; the line's words are a second behind.
    private func isSettled(_ status: [String: Any]) -> Bool {
        let line = (status["lines"] as? [[String: Any]])?.first ?? [:]
        return status.text("bank.mode") == "running" && status.number("bank.packs_online") == 2
            && !line.text("trouble").isEmpty
    }

    private func configuration(_ folder: TemporaryDirectory, device: String) -> String {
        """
        gateway = "ears"
        [profiles]
        path = "\(Repository.profileSet)"
        [[line]]
        mode = "listen"
        device = "\(device)"
        map = "pace-v1.3"
        units = [1, 2]
        [bank]
        start_wait_s = 5
        [inverter]
        profile = "pylontech-lv-1.2"
        transport = "slcan"
        device = "\(folder.file("can"))"
        [outbox]
        path = "\(folder.file("outbox.db"))"
        [status]
        socket = "\(folder.file("gateway.sock"))"
        """
    }

    private func status(_ folder: TemporaryDirectory) throws -> [String: Any] {
        let process = try ChildProcess(
            House.programs + "/amphora-gateway",
            ["watch", "--once", "--json", "--socket", folder.file("gateway.sock")])
        guard try process.waitForExit(within: 10_000) == .exited(0) else { return [:] }
        return try JSONSerialization.jsonObject(with: Data(process.output.utf8))
            as? [String: Any] ?? [:]
    }
}
