import Numbering
import Outbox
import Quantities
import Testing

@testable import GatewayRuntime

@Suite struct FleetAnswerTests {
    private func read(_ text: String) throws -> FleetAnswer {
        try FleetAnswer.read(Array(text.utf8))
    }

    @Test func `an acknowledgement gives its epoch, ranges and rejections`() throws {
        let answer = try read(
            """
            {"schema":"amphora/ack/v1","epoch":9007199254740991,"ranges":[[1,5],[7,7]],
             "rejected":[{"seq":6,"reason":"bank.soc_pct: expected 0 to 100, found 700","more":1}],
             "later":{"x":[1]}}
            """)
        var stored = SequenceRanges()
        stored.insert(1...5)
        stored.insert(7)
        let reason = "bank.soc_pct: expected 0 to 100, found 700"
        #expect(
            answer
                == .stored(
                    epoch: 9_007_199_254_740_991, stored,
                    rejected: [Rejection(sequence: 6, reason: reason)]))
    }

    @Test func `a command gives what it asks for`() throws {
        #expect(
            try read(#"{"schema":"amphora/command/v1","command":"hold_backlog","seconds":30}"#)
                == .holdBacklog(seconds: 30))
        #expect(
            try read(#"{"schema":"amphora/command/v1","command":"live","seconds":15}"#)
                == .live(seconds: 15))
    }

    @Test(arguments: [
        ("", "column 1"),
        ("[]", "the document is a list, expected an object"),
        (#"{"schema":"amphora/ack/v2"}"#, "'schema' is 'amphora/ack/v2', allowed"),
        (#"{"schema":"amphora/ack/v1","ranges":[]}"#, "'epoch' is missing"),
        (#"{"schema":"amphora/ack/v1","epoch":0,"ranges":[]}"#, "'epoch' is 0, allowed"),
        (#"{"schema":"amphora/ack/v1","epoch":1}"#, "'ranges' is missing, expected a list"),
        (#"{"schema":"amphora/ack/v1","epoch":1,"ranges":[[2,1]]}"#, "no pair of numbers"),
        (#"{"schema":"amphora/ack/v1","epoch":1,"ranges":[[1]]}"#, "no pair of numbers"),
        (#"{"schema":"amphora/ack/v1","epoch":1,"ranges":[[0,1]]}"#, "no pair of numbers"),
        (
            #"{"schema":"amphora/ack/v1","epoch":1,"ranges":[[1,9223372036854775807]]}"#,
            "no pair of numbers"
        ),
        (
            #"{"schema":"amphora/ack/v1","epoch":1,"ranges":[],"rejected":[{"seq":1}]}"#,
            "'rejected[0].reason' is missing"
        ),
        (
            #"{"schema":"amphora/command/v1","command":"explode"}"#,
            "'command' is 'explode', allowed"
        ),
        (
            #"{"schema":"amphora/command/v1","command":"hold_backlog","seconds":9999}"#,
            "'seconds' is 9999, allowed 1…3600"
        ),
    ])
    func `what is no answer is refused in words`(text: String, words: String) throws {
        let fault = #expect(throws: FleetAnswer.Fault.self) { try read(text) }
        #expect(fault?.description.contains(words) == true, "\(fault?.description ?? "nothing")")
    }
}

@Suite struct LossReportTests {
    @Test func `outbox rule 6: losses are told at once, then summed up`() {
        var report = LossReport()
        let start = Instant(nanoseconds: 1_000_000_000)
        var told: [LossReason: Int64] = [.damaged: 3]
        func words(_ losses: [LossReason: Int64], after seconds: Int64) -> String? {
            let words = report.words(losses, told: told, now: start + .seconds(seconds))
            if words != nil { told = losses }
            return words
        }
        #expect(words([.damaged: 3], after: 0) == nil, "told before the start")
        let first: [LossReason: Int64] = [.damaged: 3, .diskFull: 1]
        #expect(words(first, after: 0) == "outbox lost 1 record: 1 disk full")
        let more: [LossReason: Int64] = [.damaged: 3, .diskFull: 5, .thinnedTelemetry: 40]
        #expect(words(more, after: 599) == nil)
        #expect(
            words(more, after: 600) == "outbox lost 44 records: 4 disk full, 40 thinned telemetry")
        #expect(words(more, after: 5_000) == nil)
    }

    @Test func `outbox rule 6: what was lost before the start and not told is told at once`() {
        var report = LossReport()
        let words = report.words(
            [.damaged: 3, .diskFull: 2], told: [.diskFull: 1], now: Instant(nanoseconds: 1))
        #expect(words == "outbox lost 4 records: 1 disk full, 3 damaged")
    }
}
