import Numbering
import TestKit
import Testing

@testable import Simulation

@Suite struct RecordBookTests {
    private func record(_ madeAt: Int64? = 5) -> RecordBook.Record {
        RecordBook.Record(wallMilliseconds: 1000, madeAt: madeAt, kind: .telemetry)
    }

    private func ranges(_ range: ClosedRange<Int64>) -> SequenceRanges {
        var ranges = SequenceRanges()
        ranges.insert(range)
        return ranges
    }

    private func sequences(_ book: inout RecordBook, allowsBacklog: Bool = true) -> [Int64] {
        var found: [Int64] = []
        while let next = book.takeNext(allowsBacklog: allowsBacklog) { found.append(next.sequence) }
        return found
    }

    @Test func `new records go before those that waited`() {
        var book = RecordBook()
        let numbers = [false, true, false, true].map { book.append(record(), isLive: $0) }
        #expect(numbers == [1, 2, 3, 4])
        let live = sequences(&book, allowsBacklog: false)
        #expect(live == [2, 4])
        let rest = sequences(&book)
        #expect(rest == [1, 3])
    }

    @Test func `a record goes again when its time is over, and not before`() {
        var book = RecordBook()
        _ = book.append(record(), isLive: true)
        _ = book.takeNext(allowsBacklog: true)
        let wasRepeated = book.sent(1, at: 100, patience: 50)
        #expect(!wasRepeated)
        book.putBackOverdue(at: 149, patience: 50)
        #expect(book.backlog.isEmpty)
        book.putBackOverdue(at: 150, patience: 50)
        let again = sequences(&book)
        #expect(again == [1])
        let isRepeated = book.sent(1, at: 150, patience: 50)
        #expect(isRepeated)
    }

    @Test func `a lost connection puts back what is not acknowledged`() {
        var book = RecordBook()
        for number in 1...3 {
            _ = book.append(record(), isLive: true)
            _ = book.takeNext(allowsBacklog: true)
            _ = book.sent(Int64(number), at: 1, patience: 50)
        }
        _ = book.settle(ranges(2...2), rejected: []) { _ in }
        book.disconnected()
        #expect(book.unconfirmed == 0)
        #expect(book.backlog.description == "1, 3")
    }

    @Test func `an answer settles each record once and tells when it was made`() {
        var book = RecordBook()
        for _ in 0..<4 { _ = book.append(record(), isLive: false) }
        var made: [Int64?] = []
        var outcome = book.settle(ranges(1...3), rejected: [4]) { made.append($0) }
        #expect(outcome.acknowledged == 3)
        #expect(outcome.rejected == 1)
        #expect(!outcome.namesUnmade)
        #expect(made == [5, 5, 5])
        outcome = book.settle(ranges(1...4), rejected: [4]) { made.append($0) }
        #expect(outcome.acknowledged == 0)
        #expect(outcome.rejected == 0)
        #expect(book.waiting == 0)
        #expect(book.next == 5)
    }

    @Test func `an answer for a record that was never made is told`() {
        var book = RecordBook()
        _ = book.append(record(), isLive: false)
        let tooFar = book.settle(ranges(1...2), rejected: []) { _ in }
        #expect(tooFar.namesUnmade)
        #expect(tooFar.acknowledged == 1)
        let rejected = book.settle(SequenceRanges(), rejected: [7]) { _ in }
        #expect(rejected.namesUnmade)
        let absurd = book.settle(ranges(1...(.max)), rejected: []) { _ in }
        #expect(absurd.acknowledged == 0)
    }

    /// What a book must hold, kept the slow way.
    private struct Model {
        var toSend: Set<Int64> = []
        var sent: Set<Int64> = []
        var settled: Set<Int64> = []
        var last: Int64 = 0
    }

    @Test func `nothing is lost or sent twice in any order of events`() {
        var generator = SeededGenerator(announcedAs: "RecordBookTests")
        for _ in 0..<50 {
            var book = RecordBook()
            var model = Model()
            for _ in 0..<300 { step(&book, &model, &generator) }
        }
    }

    private func step(
        _ book: inout RecordBook, _ model: inout Model, _ generator: inout SeededGenerator
    ) {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<4:
            model.last += 1
            let sequence = book.append(record(), isLive: Bool.random(using: &generator))
            #expect(sequence == model.last)
            model.toSend.insert(sequence)
        case 4..<7:
            guard let next = book.takeNext(allowsBacklog: true) else {
                #expect(model.toSend.isEmpty)
                break
            }
            let wasWaiting = model.toSend.remove(next.sequence) != nil
            #expect(wasWaiting)
            _ = book.sent(next.sequence, at: 1, patience: 10)
            model.sent.insert(next.sequence)
        case 7..<9:
            guard model.last > 0 else { break }
            let lower = Int64.random(in: 1...model.last, using: &generator)
            let upper = min(model.last, lower + Int64.random(in: 0...8, using: &generator))
            let fresh = Set(lower...upper).subtracting(model.settled)
            let outcome = book.settle(ranges(lower...upper), rejected: []) { _ in }
            #expect(outcome.acknowledged == fresh.count)
            model.settled.formUnion(fresh)
            model.toSend.subtract(fresh)
            model.sent.subtract(fresh)
        default:
            if Bool.random(using: &generator) {
                book.disconnected()
            } else {
                book.putBackOverdue(at: 11, patience: 10)
            }
            model.toSend.formUnion(model.sent)
            model.sent = []
        }
        #expect(book.unconfirmed == model.sent.count)
        #expect(book.waiting == model.toSend.count + model.sent.count)
        #expect(book.live.count + book.backlog.count == model.toSend.count)
    }
}
