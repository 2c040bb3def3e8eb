import FleetStore
import Foundation
import TestKit
import Testing

/// Schemathesis asks the running fleet whatever the contract allows, and what it does not.
@Suite struct APIContractTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("contract") }

    private var store: String { "sqlite:" + folder.file("fleet.db") }

    private func fleet(_ words: String...) throws -> String {
        let child = try ChildProcess(
            House.programs + "/amphora-fleet", words + ["--store", store])
        let status = try child.waitForExit(within: 60_000)
        #expect(status == .exited(0), "\(words): \(child.errors)")
        return child.output
    }

    /// One gateway that measures and has an alarm.
    private func measure() throws {
        let made = Int64(Date().timeIntervalSince1970 * 1000) - 5000
        func record(_ sequence: Int64, _ body: FleetRecord.Body) -> FleetRecord {
            let clock = RecordClock(
                wallMilliseconds: made, isTrusted: true,
                boot: "71734537-d6d9-472d-8519-7ef8cf99f170",
                monotonicMilliseconds: sequence)
            return FleetRecord(
                key: RecordKey(gateway: "gw-1", epoch: 7, sequence: sequence), clock: clock,
                receivedMilliseconds: made + 50, body: body)
        }
        var bank = BankSample()
        (bank.mode, bank.packsConfigured, bank.millivolts) = ("running", 1, 52_000)
        var pack = PackSample(pack: 1)
        (pack.status, pack.ageMilliseconds, pack.cells) = ("online", 100, [3250, nil])
        let event = EventSample(
            change: "raised", level: "warning", code: "pack_silent", pack: 1, text: "pack 1")
        var batch = IngestBatch()
        batch.records = [record(1, .telemetry(bank, [pack])), record(2, .event(event))]
        #expect(try FleetStores.open(store).store(batch).stored == 2)
    }

    @Test func `the document is an OpenAPI 3.1 document`() throws {
        let python = try Peers.python(importing: "openapi_spec_validator")
        let check = try ChildProcess(
            python,
            ["-m", "openapi_spec_validator", Repository.root + "/Schemas/fleet.openapi.json"])
        #expect(try check.waitForExit(within: 60_000) == .exited(0), "\(check.output)")
    }

    @Test func `schemathesis finds nothing in any of its phases`() throws {
        _ = try fleet("tenants", "add", "north")
        _ = try fleet("tenants", "assign", "north", "gw-1", "gw-2")
        _ = try fleet("devices", "add", "gw-1")
        _ = try fleet("users", "add", "otto", "--tenant", "north", "--role", "operator")
        let made = try fleet(
            "users", "token", "otto", "--scope", "read", "--scope", "acknowledge", "--scope",
            "configure", "--scope", "roll_out")
        let token = try #require(made.firstMatch(of: /amphora_[0-9a-z]{26}/)).output
        try measure()
        let (api, health) = (try Peers.freePort(), try Peers.freePort())
        let server = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "serve", "--store", store, "--listen", "127.0.0.1:\(health)", "--api",
                "127.0.0.1:\(api)", "--push-key", folder.file("push.pem"), "--app-address",
                "https://app.example.org",
            ])
        _ = try server.waitForLine(containing: "serving", within: 60_000)
        // what a schema cannot say: a chart begins before it ends, a zone and a setting exist, a key has not been
        // used for something else, quiet hours last, and the key of a browser lies on its curve
        let usual = "\"2xx\", 304, 401, 403, 404, 406, 409, 412, 429"
        let settings = """
            [checks.missing_required_header]
            expected-statuses = [400, 401, 403, 406, 415, 422, 428]

            [[operations]]
            include-operation-id = "getHistory"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 400]

            [[operations]]
            include-operation-id = "getEnergy"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 400]

            [[operations]]
            include-operation-id = "changeGateway"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 400]

            [[operations]]
            include-operation-id = "changeLayer"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 400]

            [[operations]]
            include-operation-id = "pauseRollout"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 422]

            [[operations]]
            include-operation-id = "resumeRollout"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 422]

            [[operations]]
            include-operation-id = "abortRollout"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 422]

            [[operations]]
            include-operation-id = "approveRollout"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 422]

            [[operations]]
            include-operation-id = "makeRollout"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 400, 422]

            [[operations]]
            include-operation-id = "previewRollout"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 400]

            [[operations]]
            include-operation-id = "acknowledgeAlarm"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 422]

            [[operations]]
            include-operation-id = "inviteGuest"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 422]

            [[operations]]
            include-operation-id = "removeGuest"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 400]

            [[operations]]
            include-operation-id = "changePreferences"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 400]

            [[operations]]
            include-operation-id = "addPushSubscription"
            checks.positive_data_acceptance.expected-statuses = [\(usual), 400]
            """
        try Data(settings.utf8).write(to: URL(filePath: folder.file("schemathesis.toml")))
        let run = try ChildProcess(
            Peers.tool("env"),
            [
                // it keeps notes of its runs where it is started
                "-C", folder.path, try Peers.python(importing: "schemathesis"), "-m",
                "schemathesis.cli", "--config-file", folder.file("schemathesis.toml"), "run",
                Repository.root + "/Schemas/fleet.openapi.json", "--url",
                "http://127.0.0.1:\(api)", "-H", "Authorization: Bearer \(token)", "--checks",
                "all", "--phases",
                "examples,coverage,fuzzing,stateful", "--seed",
                ProcessInfo.processInfo.environment["AMPHORA_SEED"] ?? "1",
                // a stream goes on for ever
                "--max-examples", "60", "--no-color", "--exclude-operation-id", "listen",
                // and signing out would end the token that all others are asked with
                "--exclude-operation-id", "endSession",
            ])
        let status = try run.waitForExit(within: 400_000)
        #expect(status == .exited(0), "\(run.output.suffix(4000)) \(run.errors.suffix(1000))")
        #expect(run.output.contains("generated"), "\(run.output.suffix(1000))")
        #expect(server.terminate() == .exited(0))
    }
}
