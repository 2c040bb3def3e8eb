import FleetAPI
import FleetStore
import Foundation
import TestKit
import Testing

/// `amphora-fleet devices` and `makers` as an operator types them.
@Suite struct DevicesCommandTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("devices") }

    private func fleet(_ words: String...) throws -> (code: Int32, output: String, errors: String) {
        try fleet(words)
    }

    private func fleet(_ words: [String]) throws -> (code: Int32, output: String, errors: String) {
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

    @Test func `a label is a code for a device that is there, and the newest one counts`() throws {
        let none = try fleet("devices", "label", "gw-1")
        #expect(none.code == 1 && none.output.isEmpty)
        #expect(none.errors == "there is no device 'gw-1'; 'devices add' adds one\n")
        #expect(try fleet("devices", "add", "gw-1").code == 0)
        let code = /([0-9a-z]{4}-){3}[0-9a-z]{4}/
        let first = try fleet("devices", "label", "gw-1", "--author", "root")
        #expect(first.code == 0 && first.errors.isEmpty)
        let old = try #require(first.output.firstMatch(of: code)).output.0
        #expect(first.output == "gateway  gw-1\ncode     \(old)\n")
        let again = try fleet("devices", "label", "gw-1", "--address", "https://app.example/")
        let new = try #require(again.output.firstMatch(of: code)).output.0
        #expect(
            again.output
                == "gateway  gw-1\ncode     \(new)\naddress  https://app.example/claim#code="
                + "\(new.filter { $0 != "-" })\n")
        #expect(again.code == 0 && old != new)
        let kept = String(
            decoding: try Data(contentsOf: URL(filePath: folder.file("fleet.db"))), as: UTF8.self)
        #expect(!kept.contains(new) && !kept.contains(new.filter { $0 != "-" }))
        let store = try FleetStores.openUsers("sqlite:" + folder.file("fleet.db"))
        let author = Author("anna", at: 1)
        #expect(try store.addTenant(Tenant(id: "north", createdMilliseconds: 1), by: author))
        let anna = User(name: "anna", tenant: "north", role: .owner, createdMilliseconds: 1)
        #expect(try store.addUser(anna, by: author) == .added)
        func claim(_ code: Substring) throws -> String? {
            try store.claim(codeHash: LabelCode.hash(String(code)), by: author)
        }
        #expect(try claim(old) == nil)
        #expect(try claim(new) == "gw-1")
        #expect(try claim(new) == nil)
        #expect(try store.gateways(ofTenant: "north") == ["gw-1"])
        // one of a tenant is told there
        #expect(try fleet("devices", "label", "gw-1", "--author", "root").code == 0)
        let told = try store.audit(tenant: "north", limit: 1)
        #expect(
            told.map { "\($0.author.name) \($0.action) \($0.subject)" } == [
                "root gateway_labelled gw-1"
            ])
    }

    @Test func `a label that is asked for wrongly is none, and says what was expected`() throws {
        #expect(try fleet("devices", "add", "gw-1").code == 0)
        for (words, sentence) in [
            ([], "Missing expected argument '<id>'"),
            (["GW"], "'GW' is no id of a gateway, expected 1 to 64 characters 'a…z 0…9 -'"),
            ([""], "'' is no id of a gateway"),
            ([String(repeating: "a", count: 65)], "is no id of a gateway"),
            (["gw-1", "--address", "http://h"], "to begin with 'https://', found 'http://h'"),
            (["gw-1", "--address", "https://"], "the name of a machine, found 'https://'"),
            (["gw-1", "--author", ""], "'--author' is empty, expected a name"),
        ] as [([String], String)] {
            let asked = try fleet(["devices", "label"] + words)
            #expect(asked.code == 64 && asked.output.isEmpty, "\(words)")
            #expect(asked.errors.contains(sentence), "\(words): \(asked.errors)")
        }
        let path = folder.file("fleet.db")
        for name in [path + "-wal", path + "-shm"] {
            try? FileManager.default.removeItem(atPath: name)
        }
        try Data("this is no database, whatever it is called".utf8).write(to: URL(filePath: path))
        let damaged = try fleet("devices", "label", "gw-1")
        #expect(damaged.code == 4 && damaged.output.isEmpty)
        #expect(damaged.errors.contains("is not a fleet store of this version"))
        #expect(damaged.errors.contains("file is not a database"))
    }
}
