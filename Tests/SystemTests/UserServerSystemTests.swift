import FleetStore
import Foundation
import TestKit
import Testing

/// `amphora-fleet serve --api` as an operator starts it.
@Suite struct UserServerSystemTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("api") }

    private var store: String { "sqlite:" + folder.file("fleet.db") }

    private func run(_ program: String, _ words: [String]) throws -> (
        code: Int32, output: String, errors: String
    ) {
        let child = try ChildProcess(program, words)
        guard case .exited(let code) = try child.waitForExit(within: 60_000) else {
            return (-1, child.output, child.errors)
        }
        return (code, child.output, child.errors)
    }

    private func fleet(_ words: String...) throws -> (code: Int32, output: String, errors: String) {
        try run(House.programs + "/amphora-fleet", words + ["--store", store])
    }

    @Test func `a token that was just made opens the door, and one taken back does not`() throws {
        #expect(try fleet("tenants", "add", "north").code == 0)
        #expect(try fleet("tenants", "assign", "north", "gw-1").code == 0)
        #expect(
            try fleet("users", "add", "otto", "--tenant", "north", "--role", "operator").code == 0)
        let made = try fleet("users", "token", "otto").output
        let token = try #require(made.firstMatch(of: /amphora_[0-9a-z]{26}/)).output
        let (api, health) = (try Peers.freePort(), try Peers.freePort())
        let server = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "serve", "--store", store, "--listen", "127.0.0.1:\(health)", "--api",
                "127.0.0.1:\(api)",
            ])
        let line = try server.waitForLine(containing: "serving", within: 60_000)
        #expect(line.contains("http://127.0.0.1:\(api)"), "\(line)")
        let words = [
            "-s", "-m", "60", "-H", "Authorization: Bearer \(token)",
            "http://127.0.0.1:\(api)/v1/gateways",
        ]
        let curl = try Peers.tool("curl")
        let answer = try run(curl, words)
        #expect(answer.output.contains("\"id\":\"gw-1\""), "\(answer)")
        #expect(answer.output.contains("\"freshness\":\"never\""))
        #expect(try fleet("users", "remove", "otto").code == 0)
        #expect(try run(curl, words).output.contains("problem:token_invalid"))
        #expect(server.terminate() == .exited(0))
    }

    @Test func `plain HTTP stays on this machine`() throws {
        let wide = try fleet("serve", "--api", "0.0.0.0:8443")
        #expect(wide.code == 3)
        #expect(
            wide.errors == """
                amphora-fleet: '--api' is '0.0.0.0:8443' without a certificate, allowed are 127.0.0.1, \
                ::1 and localhost; give '--api-cert' and '--api-key', or put a proxy that speaks TLS in \
                front

                """)
        let half = try fleet("serve", "--api", "127.0.0.1:1", "--api-cert", "x")
        #expect(half.errors.contains("'--api-cert' and '--api-key' belong together"))
        let none = try fleet(
            "serve", "--api", "0.0.0.0:1", "--api-cert", "/none", "--api-key", "/none")
        #expect(none.code == 4 && none.errors.contains("/none"), "\(none)")
    }
}
