import Bank
import Foundation
import Quantities
import Telemetry
import TestKit
import Testing

@testable import GatewayRuntime

/// What `watch` shows of the inverter's side, from the bridge to the table.
@Suite struct WatchTableTests {
    private func document(_ change: (inout BridgeSnapshot) -> Void) -> [UInt8] {
        var snapshot = BridgeSnapshot(count: 1)
        snapshot.profile = "acme-can"
        snapshot.state.packsConfigured = 1
        change(&snapshot)
        var writer = JSONWriter()
        StatusDocument(
            gateway: "hut", startedAt: Instant(nanoseconds: 0), profile: "acme-can"
        ).write(snapshot, [], UplinkStatus(), now: Instant(nanoseconds: 5), to: &writer)
        return writer.bytes
    }

    private func table(_ change: (inout BridgeSnapshot) -> Void) throws -> [Substring] {
        let status = try WatchedStatus.decode(document(change))
        return WatchTable(status: status, hasColor: false).render().split(separator: "\n")
    }

    private static func everything(_ snapshot: inout BridgeSnapshot) {
        snapshot.quirks = ["no-keep-alive", "wide"]
        snapshot.requests = "rapid shutdown"
        snapshot.foreign = "frame 151 belongs to BYD: choose 48 V"
    }

    @Test func `quirks in use, requests and foreign traffic are shown`() throws {
        let lines = try table(Self.everything)
        #expect(
            lines.contains { $0.hasPrefix("inverter  acme-can with no-keep-alive, wide, bus ") })
        #expect(lines.contains("! inverter: asks for 'rapid shutdown'"))
        #expect(lines.contains("! CAN: frame 151 belongs to BYD: choose 48 V"))
    }

    @Test func `what is not there is not shown`() throws {
        let lines = try table { _ in }
        #expect(lines.contains { $0.hasPrefix("inverter  acme-can, bus ") })
        #expect(!lines.contains { $0.hasPrefix("!") })
    }

    @Test func `the document keeps its schema`() throws {
        let documents = [document(Self.everything), document { _ in }]
        let found = try SchemaJudge.verdicts(
            "status-v1", documents.map { String(decoding: $0, as: UTF8.self) })
        #expect(found == ["ok", "ok"])
    }
}
