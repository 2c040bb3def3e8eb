import Numbering
import Glibc
import Outbox
import TestKit
import Testing

@Suite struct OutboxReaderTests {
    @Test func `records come in order, with class, time and payload`() throws {
        let fixture = try OutboxFixture()
        var nothing = SequenceRanges()
        try fixture.outbox.append(
            OutboxFixture.records(2) + OutboxFixture.records(1, .event), freeing: &nothing)
        let reader = try OutboxReader(path: fixture.path)
        var lines: [String] = []
        let batch = try reader.read(after: 1, limit: 10) {
            let text = String(decoding: $0.payload, as: UTF8.self)
            lines.append("\($0.sequence) \($0.recordClass) \($0.wallMilliseconds) \(text)")
            return true
        }
        #expect(lines == ["2 telemetry 5000 {\"n\":1}", "3 event 5000 {\"n\":0}"])
        #expect(batch == OutboxBatch(count: 2, last: 3))
    }

    @Test func `a read stops at its limit, at its bytes and when told`() throws {
        let fixture = try OutboxFixture()
        try fixture.append(10, size: 100)
        let reader = try OutboxReader(path: fixture.path)
        #expect(try reader.read(after: 0, limit: 4) { _ in true }.last == 4)
        #expect(try reader.read(after: 4, limit: 9, maximumBytes: 250) { _ in true }.last == 7)
        #expect(try reader.read(after: 7, limit: 9) { $0.sequence < 9 }.last == 8)
        #expect(
            try reader.read(after: 10, limit: 9) { _ in true } == OutboxBatch(count: 0, last: 10))
    }

    @Test func `a reader sees what another thread appends`() throws {
        let fixture = try OutboxFixture()
        let reader = try OutboxReader(path: fixture.path)
        #expect(try reader.read(after: 0, limit: 9) { _ in true }.count == 0)
        try fixture.append(3)
        #expect(try reader.read(after: 0, limit: 9) { _ in true }.count == 3)
    }

    @Test func `an empty payload is read back empty`() throws {
        let fixture = try OutboxFixture()
        var nothing = SequenceRanges()
        let record = OutboxRecord(.event, wallMilliseconds: 1, payload: [])
        try fixture.outbox.append([record], freeing: &nothing)
        let reader = try OutboxReader(path: fixture.path)
        var sizes: [Int] = []
        _ = try reader.read(after: 0, limit: 1) {
            sizes.append($0.payload.count)
            return true
        }
        #expect(sizes == [0])
    }
}

@Suite struct AcknowledgementBoxTests {
    @Test func `the box gives everything once`() {
        let box = AcknowledgementBox()
        #expect(box.insert(4) == 1)
        #expect(box.insert(5) == 2)
        #expect(box.take().ranges == [4...5])
        #expect(box.take().isEmpty)
    }
}
