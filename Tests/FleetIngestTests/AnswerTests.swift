import FleetIngest
import FleetStore
import TestKit
import Testing

@Suite struct AnswerTests {
    private func key(_ sequence: Int64, _ gateway: String = "gw-1", epoch: Int64 = 7) -> RecordKey {
        RecordKey(gateway: gateway, epoch: epoch, sequence: sequence)
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `numbers in any order become ranges that are apart`() throws {
        var generator = SeededGenerator(announcedAs: "AnswerTests")
        for _ in 0..<200 {
            var table = AcknowledgementTable()
            var numbers: Set<Int64> = []
            for _ in 0..<Int.random(in: 1...60, using: &generator) {
                let number = Int64.random(in: 1...50, using: &generator)
                numbers.insert(number)
                table.stored(key(number))
            }
            let answer = try #require(table.take().first)
            #expect(Set(answer.ranges.flatMap { Array($0) }) == numbers)
            for (left, right) in zip(answer.ranges, answer.ranges.dropFirst()) {
                #expect(left.upperBound + 1 < right.lowerBound)
            }
            #expect(table.take().isEmpty)
        }
    }

    @Test func `each gateway and epoch has an answer of its own`() {
        var table = AcknowledgementTable()
        table.stored(key(1))
        table.stored(key(2))
        table.stored(key(2, "gw-2"))
        table.rejected(key(3, epoch: 8), reason: "seq: expected")
        let answers = table.take().sorted { ($0.gateway, $0.epoch) < ($1.gateway, $1.epoch) }
        #expect(answers.map(\.gateway) == ["gw-1", "gw-1", "gw-2"])
        #expect(answers.map(\.epoch) == [7, 8, 7])
        #expect(
            answers.map { text($0.documents()[0]) } == [
                #"{"schema":"amphora/ack/v1","epoch":7,"ranges":[[1,2]]}"#,
                #"{"schema":"amphora/ack/v1","epoch":8,"ranges":[],"#
                    + #""rejected":[{"seq":3,"reason":"seq: expected"}]}"#,
                #"{"schema":"amphora/ack/v1","epoch":7,"ranges":[[2,2]]}"#,
            ])
    }

    @Test func `a number of which one copy is stored is not rejected`() {
        var table = AcknowledgementTable()
        table.rejected(key(3), reason: "broken on the way")
        table.stored(key(3))
        #expect(table.take().first?.rejected == [])
    }

    @Test func `every answer and command follows its schema`() throws {
        var table = AcknowledgementTable()
        for number in 1...5 { table.stored(key(Int64(number * 3))) }
        for number in 100..<350 {
            table.rejected(key(Int64(number)), reason: String(repeating: "\"é", count: 200))
        }
        let documents = try #require(table.take().first).documents().map(text)
        #expect(documents.count == 3)
        #expect(
            try SchemaJudge.verdicts("ack-v1", documents) == ["ok", "ok", "ok"])
        let commands = [0, 1, 60, 3600, 9000].map {
            text(GatewayCommand.holdBacklog(seconds: $0).document())
        }
        #expect(
            commands[2]
                == #"{"schema":"amphora/command/v1","command":"hold_backlog","seconds":60}"#)
        #expect(
            try SchemaJudge.verdicts("command-v1", commands)
                == [String](repeating: "ok", count: 5))
        let live = text(GatewayCommand.live(seconds: 15).document())
        #expect(live == #"{"schema":"amphora/command/v1","command":"live","seconds":15}"#)
        #expect(try SchemaJudge.verdicts("command-v1", [live]) == ["ok"])
    }

    @Test func `the schemas refuse what is no answer and no command`() throws {
        let verdicts = try SchemaJudge.verdicts(
            "ack-v1",
            [
                #"{"schema":"amphora/ack/v1","epoch":7,"ranges":[]}"#,
                #"{"schema":"amphora/ack/v1","epoch":7,"ranges":[[1]]}"#,
                #"{"schema":"amphora/ack/v1","epoch":7,"ranges":[[1,2,3]]}"#,
                #"{"schema":"amphora/ack/v1","epoch":0,"ranges":[[1,2]]}"#,
            ])
        #expect(!verdicts.contains("ok"))
        let commands = try SchemaJudge.verdicts(
            "command-v1",
            [
                #"{"schema":"amphora/command/v1","command":"hold_backlog"}"#,
                #"{"schema":"amphora/command/v1","command":"hold_backlog","seconds":3601}"#,
                #"{"schema":"amphora/command/v1","command":"live"}"#,
                #"{"schema":"amphora/command/v1","command":"dance","seconds":1}"#,
            ])
        #expect(!commands.contains("ok"))
    }
}
