import FleetStore
import Foundation
import TestKit
import Testing

@testable import FleetAPI

/// What `GET /v1/session/export` holds in memory while it is on its way; numbers are rules of ``ExportDesk``.
@Suite(.ownThreads) struct ExportMemoryTests {
    /// What this process holds in memory, bytes.
    private func resident() throws -> Int {
        let words = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(
            separator: " ")
        return (Int(words[1]) ?? 0) * 4096
    }

    @Test func `memory does not grow with the years, and one file is on the way (rules 1 and 2)`()
        async throws
    {
        let rig = try await UserRig()
        try rig.measureMinutes(8000)
        let (curl, port) = (try Peers.tool("curl"), rig.server.port)
        let file = rig.folder.file("export")
        func begin(_ rate: String) async throws -> ChildProcess {
            try await UserRig.apart {
                try ChildProcess(
                    curl,
                    [
                        "-s", "-m", "120", "--limit-rate", rate, "-o", file, "-H",
                        "Authorization: Bearer amphora_anna",
                        "http://127.0.0.1:\(port)/v1/session/export",
                    ])
            }
        }
        let slow = try await begin("300k")
        #expect(await UserRig.until { rig.server.exported == 1 })
        let before = try resident()
        let second = try await rig.ask("/v1/session/export", as: "anna")
        #expect(second.status == 503 && second.body.contains("a file for you is on the way"))
        #expect(second.headers["retry-after"] == "10")
        // somebody else may, and the rest is answered meanwhile
        #expect(try await rig.ask("/v1/session/export", as: "stan").status == 200)
        #expect(try await rig.ask("/v1/gateways/gw-1/live", as: "anna").status == 200)
        try await Task.sleep(for: .seconds(3))
        #expect(rig.server.exported == 1)
        let held = try resident() - before
        #expect(held < 32 << 20, "\(held >> 10) KiB more")
        // who hangs up ends it (rule 3)
        _ = slow.terminate()
        #expect(await UserRig.until { rig.server.exported == 0 })
        let whole = try await begin("1G")
        #expect(try await UserRig.apart { try whole.waitForExit(within: 120_000) } == .exited(0))
        let grown = try resident() - before
        #expect(grown < 32 << 20, "\(grown >> 10) KiB more")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.utf8.count > 40 << 20)
        let measured = text.split(separator: "\n").filter {
            $0.hasPrefix("{\"kind\":\"measurement\"")
        }
        #expect(measured.count == 8003 && Set(measured).count == 8003)
        #expect(text.hasSuffix("}\n") && text.contains("{\"kind\":\"end\",\"lines\":"))
        await rig.stop()
    }
}
