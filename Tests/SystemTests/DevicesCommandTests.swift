import FleetStore
import Foundation
import TestKit
import Testing

/// `amphora-fleet devices` and `makers` as an operator types them.
@Suite struct DevicesCommandTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("devices") }

    private func fleet(_ words: String...) throws -> (code: Int32, output: String, errors: String) {
        let store = ["--store", "sqlite:" + folder.file("fleet.db")]
        let child = try ChildProcess(House.programs + "/amphora-fleet", words + store)
        guard case .exited(let code) = try child.waitForExit(within: 60_000) else {
            return (-1, child.output, child.errors)
        }
        return (code, child.output, child.errors)
    }

    @Test func `devices are added, listed, given tokens, approved and removed`() throws {
        let added = try fleet(
            "devices", "add", "gw-1", "--label", "Cellar", "--group", "pilots", "--fleet",
            "https://fleet.example:8443")
        #expect(added.code == 0 && added.output.hasPrefix("device   gw-1\ntoken    "))
        #expect(
            added.output.contains(
                "amphora://enrol?fleet=https://fleet.example:8443&id=gw-1&token="))
        let twice = try fleet("devices", "add", "gw-1")
        #expect(twice.code == 1 && twice.errors.contains("'gw-1' was added before"))
        let wrong = try fleet("devices", "add", "GW")
        #expect(wrong.code == 3 && wrong.errors.contains("found 'GW'"))
        let list = try fleet("devices", "list")
        #expect(list.output.contains("gw-1                  pilots            new "))
        let json = try fleet("devices", "list", "--json").output
        #expect(json.contains("\"device\":\"gw-1\",\"state\":\"new\",\"known\":true"))
        let token = try fleet("devices", "token", "gw-1")
        #expect(token.code == 0 && token.output.contains("\ntoken    "))
        #expect(try fleet("devices", "token", "gw-9").code == 1)
        let approve = try fleet("devices", "approve", "gw-1")
        #expect(approve.code == 1 && approve.errors.contains("nothing waits for 'gw-1'"))
        let store = try FleetStores.openDevices("sqlite:" + folder.file("fleet.db"))
        let attempt = EnrolmentAttempt(
            gateway: "gw-7", requestHash: "r", door: .factory, nowMilliseconds: 1)
        #expect(try store.enrol(attempt) { nil } == .waiting)
        #expect(try fleet("devices", "list").output.contains("gw-7"))
        #expect(try fleet("devices", "approve", "gw-7", "--by", "eve").output == "approved gw-7\n")
        #expect(try store.pendingEnrolments().map(\.decidedBy) == ["eve"])
        #expect(try fleet("devices", "remove", "gw-1").output == "removed gw-1\n")
        #expect(try store.devices().map(\.id) == ["gw-7"])
    }

    @Test func `a file of devices is added whole, and with a fault not at all`() throws {
        let file = folder.file("homes.csv")
        try "id,label\ngw-1,A\ngw-2,\"B, C\"\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        let added = try fleet("devices", "add", "--csv", file)
        let lines = added.output.split(separator: "\n")
        #expect(added.code == 0 && lines.first == "id,token,expires,address")
        #expect(lines.dropFirst().map { $0.prefix(5) } == ["gw-1,", "gw-2,"])
        try "id\ngw-3\nGW\n".write(toFile: file, atomically: true, encoding: .utf8)
        let wrong = try fleet("devices", "add", "--csv", file)
        #expect(wrong.code == 3 && wrong.errors.contains("line 3: expected an id"))
        #expect(try !fleet("devices", "list").output.contains("gw-3"))
    }

    @Test func `a maker is registered by the certificate of an authority`() throws {
        let file = folder.file("maker.pem")
        let openssl = try ChildProcess(
            Peers.tool("openssl"),
            [
                "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-keyout", folder.file("key.pem"), "-subj", "/CN=acme",
                "-out", file,
            ])
        #expect(try openssl.waitForExit() == .exited(0))
        #expect(try fleet("makers", "add", file, "--name", "acme").output == "added acme\n")
        #expect(try fleet("makers", "add", file, "--name", "other").code == 1)
        let key = try fleet("makers", "add", folder.file("key.pem"), "--name", "key")
        #expect(key.code == 3 && key.errors.contains("expected certificates only"))
        #expect(try fleet("makers", "list").output.hasSuffix("  acme\n"))
        #expect(try fleet("makers", "remove", "acme").output == "removed acme\n")
        #expect(try fleet("makers", "remove", "acme").code == 1)
    }
}
