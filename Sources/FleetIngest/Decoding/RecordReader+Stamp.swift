import FleetStore

/// The members every record begins with.
struct RecordHead {
    var epoch: Int64 = 0
    var sequence: Int64 = 0
    var clock = RecordClock(
        wallMilliseconds: 0, isTrusted: false, boot: "", monotonicMilliseconds: 0)
    var outbox: OutboxReport?

    func record(from gateway: String, _ body: FleetRecord.Body) -> FleetRecord {
        FleetRecord(
            key: RecordKey(gateway: gateway, epoch: epoch, sequence: sequence), clock: clock,
            receivedMilliseconds: 0, body: body, outbox: outbox)
    }
}

private enum TimeMember: String, CaseIterable {
    case wall, trusted, boot
    case monotonic = "monotonic_ms"
}

private enum OutboxMember: String, CaseIterable {
    case depth, oldest, bytes
    case budget = "budget_bytes"
    case losses
}

extension RecordReader {
    private static let timeTable = MemberTable<TimeMember>()
    private static let outboxTable = MemberTable<OutboxMember>()
    private static let counts: ClosedRange<Int64> = 0...largest

    /// Reads epoch or sequence number.
    mutating func number() throws(RecordFault) -> Int64 { try integer(1...Self.largest) }

    /// Reads the id of the gateway, which must be that of the topic.
    mutating func gateway(_ expected: String) throws(RecordFault) {
        let start = position
        let text = try readText("the id of the gateway")
        guard unescapedEquals(text, expected) else {
            throw .expected("'\(expected)' as in the topic", at: start)
        }
    }

    private func unescapedEquals(_ text: RawText, _ expected: String) -> Bool {
        text.hasEscapes
            ? unescaped(text).elementsEqual(expected.utf8)
            : bytes[text.range].elementsEqual(expected.utf8)
    }

    /// Reads the clocks of the gateway.
    mutating func clock() throws(RecordFault) -> RecordClock {
        var clock = RecordClock(
            wallMilliseconds: 0, isTrusted: false, boot: "", monotonicMilliseconds: 0)
        var object = try begin(Self.timeTable)
        while let member = try next(&object) {
            switch member {
            case .wall: clock.wallMilliseconds = try date()
            case .trusted: clock.isTrusted = try bool()
            case .boot: clock.boot = try boot()
            case .monotonic: clock.monotonicMilliseconds = try integer(Self.counts)
            }
        }
        return clock
    }

    /// Reads a date as Unix time in milliseconds.
    private mutating func date() throws(RecordFault) -> Int64 {
        let start = position
        let text = try readText("a date such as '2026-11-24T13:05:00.123Z'")
        guard let milliseconds = Timestamp.milliseconds(bytes[text.range]) else {
            throw .expected("a date such as '2026-11-24T13:05:00.123Z'", at: start)
        }
        return milliseconds
    }

    /// Reads the id of a boot; the store keeps it in lower case.
    private mutating func boot() throws(RecordFault) -> String {
        let words = "32 hexadecimal digits in the form 8-4-4-4-12"
        let start = position
        let text = try readText(words)
        guard text.range.count == 36 else { throw .expected(words, at: start) }
        var digits: [UInt8] = []
        digits.reserveCapacity(36)
        for (index, byte) in bytes[text.range].enumerated() {
            let isDash = index == 8 || index == 13 || index == 18 || index == 23
            switch byte {
            case UInt8(ascii: "-") where isDash: digits.append(byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9") where !isDash: digits.append(byte)
            case UInt8(ascii: "a")...UInt8(ascii: "f") where !isDash: digits.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "F") where !isDash: digits.append(byte | 0x20)
            default: throw .expected(words, at: start)
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// Reads what the gateway says of its outbox.
    mutating func outbox() throws(RecordFault) -> OutboxReport {
        var report = OutboxReport(
            depth: 0, oldestWallMilliseconds: nil, bytes: 0, budgetBytes: 0, losses: [:])
        var object = try begin(Self.outboxTable)
        while let member = try next(&object) {
            switch member {
            case .depth: report.depth = try integer(Self.counts)
            case .oldest: report.oldestWallMilliseconds = try takeNull() ? nil : date()
            case .bytes: report.bytes = try integer(Self.counts)
            case .budget: report.budgetBytes = try integer(Self.counts)
            case .losses: report.losses = try losses()
            }
        }
        return report
    }

    /// Reads counts by reason; reasons are the gateway's own words.
    private mutating func losses() throws(RecordFault) -> [String: Int64] {
        try take(UInt8(ascii: "{"), "an object")
        var losses: [String: Int64] = [:]
        skipSpace()
        while peek != UInt8(ascii: "}") {
            if !losses.isEmpty {
                try take(UInt8(ascii: ","), "',' or '}'")
                skipSpace()
            }
            let start = position
            guard losses.count < 32 else { throw .expected("at most 32 reasons", at: start) }
            let reason = String(decoding: bytes[try code()], as: UTF8.self)
            skipSpace()
            try take(UInt8(ascii: ":"), "':'")
            skipSpace()
            let count = try integer(Self.counts)
            guard losses.updateValue(count, forKey: reason) == nil else {
                throw RecordFault(offset: start, kind: .repeated(reason))
            }
            skipSpace()
        }
        position += 1
        return losses
    }
}
