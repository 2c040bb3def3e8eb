import ArgumentParser
import TestKit
import Testing

@testable import Simulation

@Suite struct FleetDocumentTests {
    private let identity = FleetIdentity(
        name: "gw-0001", position: 0, seed: 7, earliest: 1_790_000_000_000)

    private func text(
        _ document: inout FleetDocument, at wall: Int64, _ kind: RecordBook.Kind = .telemetry
    ) -> String {
        let record = RecordBook.Record(wallMilliseconds: wall, madeAt: nil, kind: kind)
        return document.write(record, 3, of: identity) { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `a record written again has the same bytes`() {
        var document = FleetDocument(packs: 16)
        let first = text(&document, at: 1_790_000_001_234)
        let other = text(&document, at: 1_790_000_002_234)
        let again = text(&document, at: 1_790_000_001_234)
        #expect(first == again)
        #expect(first != other)
        #expect(first.contains("\"wall\":\"2026-09-21T14:13:21.234Z\",\"trusted\":true"))
        #expect((10_000...12_000).contains(first.utf8.count), "\(first.utf8.count) bytes")
    }

    @Test func `values of a whole day and of any gateway are as the schemas ask`() throws {
        var generator = SeededGenerator(announcedAs: "FleetDocumentTests")
        var documents: [String] = []
        for position in 0..<60 {
            var document = FleetDocument(packs: Int.random(in: 1...16, using: &generator))
            let earliest: Int64 = 1_790_000_000_000
            let identity = FleetIdentity(
                name: "gw-\(position)", position: position, seed: generator.next(),
                earliest: earliest)
            let record = RecordBook.Record(
                wallMilliseconds: earliest + Int64.random(in: 0...86_400_000, using: &generator),
                madeAt: nil, kind: .telemetry)
            documents.append(
                document.write(record, 1, of: identity) { String(decoding: $0, as: UTF8.self) })
        }
        let verdicts = try SchemaJudge.verdicts("telemetry-v1", documents)
        #expect(verdicts == documents.map { _ in "ok" })
    }

    @Test func `an event is raised with odd numbers and names a pack there is`() throws {
        var document = FleetDocument(packs: 1)
        let event = text(&document, at: 1_790_000_001_234, .event)
        #expect(event.contains("\"change\":\"raised\",\"level\":\"warning\""))
        #expect(event.contains("\"pack\":1,"))
        #expect(try SchemaJudge.verdicts("event-v1", [event]) == ["ok"])
    }

    @Test func `gateways of one seed differ, and are the same in the next run`() {
        func identity(_ position: Int, _ seed: UInt64) -> FleetIdentity {
            FleetIdentity(name: "gw", position: position, seed: seed, earliest: 0)
        }
        let epochs = (0..<1000).map { identity($0, 1).epoch } + [identity(0, 2).epoch]
        #expect(Set(epochs).count == 1001)
        #expect(epochs.allSatisfy { $0 > 0 && $0 < 1 << 53 })
        #expect(identity(5, 1).epoch == epochs[5])
        #expect(identity(5, 1).bootID == identity(5, 1).bootID)
        #expect(identity(5, 1).bootID.utf8.count == 36)
    }

    @Test func `a waiting record takes 32 bytes`() {
        #expect(MemoryLayout<RecordBook.Record>.stride == 32)
    }

    @Test func `names have four digits or more`() {
        var settings = FleetSettings(host: "127.0.0.1", port: 1883)
        #expect(settings.name(0) == "gw-0001")
        settings.prefix = "load-"
        settings.firstNumber = 9_999
        #expect((0...1).map(settings.name) == ["load-9999", "load-10000"])
    }

    @Test(arguments: [
        (["--gateways", "0"], "--gateways is 0, allowed 1…100000"),
        (["--gateways", "2", "--packs", "17"], "--packs is 17, allowed 1…16"),
        (
            ["--gateways", "2", "--prefix", "GW_"],
            "--prefix is 'GW_', allowed up to 50 of a…z, 0…9 and '-'"
        ),
        (["--gateways", "2", "--root", "a/b"], "--root is 'a/b', expected one topic segment"),
    ])
    func `an option out of range is refused`(arguments: [String], fault: String) {
        #expect {
            try FleetSimCommand.parse(arguments)
        } throws: {
            FleetSimCommand.message(for: $0) == fault
        }
    }
}
