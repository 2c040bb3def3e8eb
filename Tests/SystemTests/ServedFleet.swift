import FleetStore
import Foundation
import Synchronization
import TestKit
import Testing

/// A running fleet in a database of its own, with what its commands made, for a browser to look at.
final class ServedFleet: Sendable {
    static let password = "correct horse battery"
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    let folder: TemporaryDirectory
    let address: String
    private let server: ChildProcess
    private let sequence = Mutex<Int64>(0)
    private let environment: [String: String]

    var store: String { "sqlite:" + folder.file("fleet.db") }

    /// Runs the commands and then serves, with more options as a folder has them; `users` are given the password.
    ///
    /// Its programs run with `environment` added to that of this process.
    init(
        _ name: String, _ commands: [[String]], users: [String],
        environment: [String: String] = [:],
        serving: (TemporaryDirectory) throws -> [String] = { _ in [] }
    ) throws {
        self.environment = environment
        folder = try TemporaryDirectory(name)
        let store = "sqlite:" + folder.file("fleet.db")
        let password = folder.file("password")
        try Data(Self.password.utf8).write(to: URL(filePath: password))
        let passwords = users.map { ["users", "passwd", $0, "--password-file", password] }
        for words in commands + passwords { _ = try Self.command(words, store, environment) }
        let (api, health) = (try Peers.freePort(), try Peers.freePort())
        address = "127.0.0.1:\(api)"
        server = try ChildProcess(
            House.programs + "/amphora-fleet",
            ["serve", "--store", store, "--listen", "127.0.0.1:\(health)", "--api", address]
                + (try serving(folder)), environment: environment)
        _ = try server.waitForLine(containing: "serving", within: 60_000)
    }

    /// Runs a command of the fleet while it serves; what it printed.
    func command(_ words: [String]) throws -> String {
        try Self.command(words, store, environment)
    }

    private static func command(
        _ words: [String], _ store: String, _ environment: [String: String]
    ) throws -> String {
        let run = try ChildProcess(
            House.programs + "/amphora-fleet", words + ["--store", store],
            environment: environment)
        #expect(try run.waitForExit(within: 60_000) == .exited(0), "\(words): \(run.errors)")
        return run.output
    }

    func stop() { #expect(server.terminate() == .exited(0)) }

    func keep(_ records: [FleetRecord]) throws {
        var batch = IngestBatch()
        batch.records = records
        #expect(try FleetStores.open(store).store(batch).stored == Int64(records.count))
    }

    /// A record that was made at a Unix time in milliseconds and arrived soon after.
    func record(
        of gateway: String, at moment: Int64, _ body: FleetRecord.Body
    ) -> FleetRecord {
        let number = sequence.withLock { last in
            last += 1
            return last
        }
        let clock = RecordClock(
            wallMilliseconds: moment, isTrusted: true,
            boot: "71734537-d6d9-472d-8519-7ef8cf99f170", monotonicMilliseconds: number * 1000)
        return FleetRecord(
            key: RecordKey(gateway: gateway, epoch: 7, sequence: number), clock: clock,
            receivedMilliseconds: moment + 50, body: body)
    }

    /// Runs a flow of a script in a browser; each `step` is done when the flow asks for it by its name.
    func walk(
        _ script: String, _ flow: String, _ words: [String] = [], seconds: Int64 = 120,
        browser name: String = "chromium-headless-shell",
        _ steps: [(name: String, step: () throws -> Void)] = []
    ) throws {
        let python = try Peers.python(importing: "playwright.sync_api", "axe_core_python")
        let browser = try Peers.tool(name)
        let run = try ChildProcess(
            python,
            [
                Repository.root + "/Tests/app_rig/" + script, flow, "http://" + address, browser,
            ] + words)
        for (name, step) in steps {
            do {
                _ = try run.waitForLine(containing: "ask \(name)", within: 60_000)
            } catch {
                Issue.record(
                    "\(flow) never asked for '\(name)': \(run.output) \(run.errors.suffix(3000))")
                return
            }
            try step()
            run.send(line: "\(Self.now)")
        }
        let status = try run.waitForExit(within: seconds * 1000)
        #expect(
            status == .exited(0),
            "\(flow): \(run.output) \(run.errors.suffix(3000)); the fleet said: \(server.errors.suffix(1000))"
        )
    }
}
