@testable import FleetRuntime
import FleetIngest
import FoundationEssentials
import TestKit
import Testing

@Suite struct IngestPlanTests {
    private func plan(_ options: String...) throws -> IngestPlan {
        try IngestPlan(
            try #require(
                FleetCommand.parseAsRoot(
                    ["ingest", "--broker", "[::1]:1883", "--store", "sqlite:/tmp/x"] + options)
                    as? IngestCommand), opensStore: false)
    }

    /// Every fault the options have, without the program's name.
    private func faults(_ options: String...) throws -> [String] {
        let command = try #require(
            FleetCommand.parseAsRoot(["ingest", "--store", "sqlite:/tmp/x"] + options)
                as? IngestCommand)
        do throws(IngestPlan.Faults) {
            _ = try IngestPlan(command, opensStore: false)
            return []
        } catch {
            return error.list.map { String($0.dropFirst("amphora-fleet: ".count)) }
        }
    }

    @Test func `defaults are those of the help`() throws {
        let plan = try plan()
        #expect(plan.configuration.host == "::1" && plan.configuration.port == 1883)
        #expect(plan.configuration.root == "amphora" && plan.configuration.group == "ingest")
        #expect(plan.configuration.name.hasPrefix("ingest-"))
        #expect(plan.configuration.batchRows == 1000)
        #expect(plan.configuration.batchMilliseconds == 200)
        #expect(plan.configuration.retryMaximumMilliseconds == 30_000)
        #expect(plan.workers == 1 && plan.store == "sqlite:/tmp/x" && plan.logLevel == .info)
        #expect(plan.rollUpSeconds == 30)
        #expect(try self.plan("--roll-up-s", "0").rollUpSeconds == nil)
        #expect(plan.configuration.tls == nil && plan.configuration.password == nil)
    }

    @Test func `files that options name are read, and a password does not print`() throws {
        let folder = try TemporaryDirectory("plan")
        try Data("secret\nrest\n".utf8).write(to: URL(filePath: folder.file("password")))
        try Data().write(to: URL(filePath: folder.file("pem")))
        let pem = folder.file("pem")
        let plan = try plan(
            "--username", "fleet", "--password-file", folder.file("password"), "--ca", pem,
            "--cert", pem, "--key", pem, "--retry-max-s", "7", "--root", "a/b", "--name", "n")
        #expect(plan.configuration.username == "fleet" && plan.configuration.root == "a/b")
        #expect(plan.configuration.tls?.certificateFile == pem)
        #expect(plan.configuration.retryMaximumMilliseconds == 7000)
        #expect("\(plan)".contains("••••") && !"\(plan)".contains("secret"))
    }

    @Test func `each worker may have a certificate of its own`() throws {
        let folder = try TemporaryDirectory("plan")
        for name in ["ca", "1.pem", "1.key", "2.pem"] {
            try Data().write(to: URL(filePath: folder.file(name)))
        }
        let options = [
            "--workers", "2", "--ca", folder.file("ca"), "--cert", folder.file("{worker}.pem"),
            "--key", folder.file("{worker}.key"),
        ]
        let command = try #require(
            FleetCommand.parseAsRoot(
                ["ingest", "--broker", "a:1", "--store", "sqlite:/tmp/x"] + options)
                as? IngestCommand)
        #expect {
            _ = try IngestPlan(command, opensStore: false)
        } throws: { error in
            "\(error)"
                == "amphora-fleet: cannot read '\(folder.file("2.key"))': No such file or directory"
        }
        try Data().write(to: URL(filePath: folder.file("2.key")))
        let tls = try #require(try IngestPlan(command, opensStore: false).configuration.tls)
        #expect(tls.files(ofWorker: 2).keyFile == folder.file("2.key"))
        #expect(tls.files(ofWorker: 1).certificateFile == folder.file("1.pem"))
    }

    @Test func `all faults are told at once, each with what was found`() throws {
        #expect(
            try faults(
                "--broker", "localhost", "--workers", "0", "--batch-rows", "0",
                "--batch-milliseconds", "10001", "--retry-max-s", "3601", "--health", "0",
                "--roll-up-s", "3601", "--root", "/a", "--group", "a/b",
                "--log-level",
                "loud", "--cert", "/no/such", "--password-file", "/no/such") == [
                    "'--broker' is 'localhost', expected 'host:port'",
                    "'--workers' is 0, allowed 1…64",
                    "'--batch-rows' is 0, allowed 1…100000",
                    "'--batch-milliseconds' is 10001, allowed 1…10000",
                    "'--retry-max-s' is 3601, allowed 1…3600",
                    "'--health' is 0, allowed 1…65535",
                    "'--roll-up-s' is 3601, allowed 0…3600",
                    "'--root' is '/a', expected a topic without '+', '#' and '$', and without '/' "
                        + "at its ends",
                    "'--group' is 'a/b', expected a name without '/', '+', '#' and '$'",
                    "'--log-level' is 'loud', expected 'debug', 'info', 'warning' or 'error'",
                    "'--password-file' needs '--username'",
                    "cannot read the password file '/no/such': No such file or directory",
                    "'--cert' and '--key' belong together", "'--cert' needs '--ca'",
                    "cannot read '/no/such': No such file or directory",
                ])
    }

    @Test(arguments: ["localhost", ":1", "a:", "a:0", "a:65536", "[]:1", ""])
    func `a broker is a host and a port`(text: String) {
        #expect(IngestPlan.endpoint(text) == nil)
    }
}
