import Numbering
import Testing

@testable import Simulation

@Suite struct FleetWordTests {
    private func ranges(_ list: ClosedRange<Int64>...) -> SequenceRanges {
        var ranges = SequenceRanges()
        for range in list { ranges.insert(range) }
        return ranges
    }

    @Test func `an acknowledgement names stored ranges and rejected records`() throws {
        let text = """
            {"schema":"amphora/ack/v1","epoch":9,"ranges":[[1,3],[5,5]],\
            "rejected":[{"seq":4,"reason":"no such pack"}]}
            """
        #expect(
            try FleetWord.acknowledgement(Array(text.utf8))
                == .stored(epoch: 9, ranges(1...3, 5...5), rejected: [4]))
    }

    @Test func `a list of rejections may be left out`() throws {
        let text = #"{"schema":"amphora/ack/v1","epoch":9,"ranges":[]}"#
        #expect(
            try FleetWord.acknowledgement(Array(text.utf8))
                == .stored(epoch: 9, SequenceRanges(), rejected: []))
    }

    @Test func `a command holds the backlog`() throws {
        let text = #"{"schema":"amphora/command/v1","command":"hold_backlog","seconds":30}"#
        #expect(try FleetWord.command(Array(text.utf8)) == .holdBacklog(seconds: 30))
        let live = #"{"schema":"amphora/command/v1","command":"live","seconds":15}"#
        #expect(try FleetWord.command(Array(live.utf8)) == .live(seconds: 15))
    }

    @Test(arguments: [
        ("", "line 1: column 1: expected a value, found the end of the text"),
        (
            #"{"schema":"amphora/ack/v2","epoch":9,"ranges":[]}"#,
            "line 1: 'schema' is 'amphora/ack/v2', allowed 'amphora/ack/v1'"
        ),
        (
            #"{"schema":"amphora/ack/v1","ranges":[]}"#,
            "line 1: 'epoch' is missing or no whole number 1…9007199254740991"
        ),
        (
            #"{"schema":"amphora/ack/v1","epoch":"9","ranges":[]}"#,
            "line 1: 'epoch' is missing or no whole number 1…9007199254740991"
        ),
        (
            #"{"schema":"amphora/ack/v1","epoch":9}"#,
            "line 1: 'ranges' is missing, expected a list"
        ),
        (
            #"{"schema":"amphora/ack/v1","epoch":9,"ranges":[[2,1]]}"#,
            "line 1: 'ranges' has an entry that is no pair of numbers, smaller one first"
        ),
        (
            #"{"schema":"amphora/ack/v1","epoch":9,"ranges":[[1,2.5]]}"#,
            "line 1: 'ranges' has an entry that is no pair of numbers, smaller one first"
        ),
        (
            #"{"schema":"amphora/ack/v1","epoch":9,"ranges":[],"more":1}"#,
            "line 1: 'more' is not known here, allowed epoch, ranges, rejected, schema"
        ),
        (
            #"{"schema":"amphora/ack/v1","epoch":9,"ranges":[],"rejected":[{"seq":1}]}"#,
            "line 1: 'rejected[0].reason' is missing, expected a text"
        ),
    ])
    func `a faulty acknowledgement counts for nothing`(text: String, fault: String) {
        #expect(throws: FleetWord.Fault(description: fault)) {
            try FleetWord.acknowledgement(Array(text.utf8))
        }
    }

    @Test(arguments: [
        #"{"schema":"amphora/command/v1","command":"hold_backlog","seconds":0}"#,
        #"{"schema":"amphora/command/v1","command":"reboot","seconds":5}"#,
        #"{"schema":"amphora/command/v1","command":"hold_backlog"}"#,
    ])
    func `a command that no gateway knows is a fault`(text: String) {
        #expect(throws: FleetWord.Fault.self) { try FleetWord.command(Array(text.utf8)) }
    }
}
