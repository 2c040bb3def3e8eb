import Numbering
import TestKit
import Testing

@testable import MQTTLink

private let second: Int64 = 1_000_000_000

private func set(_ ranges: ClosedRange<Int64>...) -> SequenceRanges {
    var set = SequenceRanges()
    for range in ranges { set.insert(range) }
    return set
}

@Suite struct PublishLanesTests {
    @Test func `few records are a short backlog, however far apart their numbers lie`() {
        var lanes = PublishLanes()
        lanes.begin(waiting: 1...5000, isFew: true)
        #expect(lanes.isShort)
        lanes.passed(5000)
        lanes.begin(waiting: 5001...9000)
        #expect(!lanes.isShort)
        lanes.passed(8990)
        #expect(lanes.isShort)
    }

    @Test func `what waits when a connection begins is backlog, what comes later is live`() {
        var lanes = PublishLanes()
        lanes.begin(waiting: 1...40)
        #expect(lanes.backlog == set(1...40))
        lanes.sentLive(41)
        lanes.sentLive(44)
        lanes.passed(10)
        lanes.begin(waiting: 1...50)
        #expect(lanes.backlog == set(11...40, 45...50))
        #expect(lanes.cursor == 50)
    }

    @Test func `what left the store before the connection is no backlog`() {
        var lanes = PublishLanes()
        lanes.begin(waiting: 990...1_000)
        #expect(lanes.backlog == set(990...1_000))
        #expect(lanes.isShort)
        lanes.begin(waiting: nil)
        lanes.begin(waiting: 900...1_000)
        #expect(lanes.backlog == set(990...1_000))
        lanes.begin(waiting: 900...1_006)
        #expect(lanes.backlog == set(990...1_006))
        #expect(!lanes.isShort)
    }

    @Test func `what must go again joins the backlog, what is settled leaves it`() {
        var lanes = PublishLanes()
        lanes.begin(waiting: 1...10)
        lanes.passed(10)
        lanes.putBack(3)
        lanes.putBack(set(5...7))
        lanes.settled(set(1...5))
        #expect(lanes.backlog == set(6...7))
    }

    @Test func `outbox rule 5: the backlog keeps to its rate, its burst and a hold`() {
        var pace = BacklogPace(rate: 100, burst: 20)
        var now: Int64 = 5 * second
        #expect(pace.allowance(at: now) == 20)
        pace.spend(20, at: now)
        #expect(pace.allowance(at: now) == 0)
        #expect(pace.next == now + second / 100)
        #expect(pace.allowance(at: pace.next) == 1)
        var sent = 0
        let end = now + 10 * second
        while now < end {
            now += 3_000_000
            let count = pace.allowance(at: now)
            pace.spend(count, at: now)
            sent += count
        }
        #expect((998...1001).contains(sent))
        pace.hold(until: now + 30 * second)
        pace.hold(atLeastUntil: now + second)
        #expect(pace.allowance(at: now + 30 * second - 1) == 0)
        #expect(pace.next == now + 30 * second)
        #expect(pace.allowance(at: now + 30 * second) == 20)
        pace.hold(until: now + second)
        #expect(pace.allowance(at: now + second) == 20, "a newer word ends an older one")
    }

    @Test func `without a rate nothing but a hold bounds the backlog`() {
        var pace = BacklogPace(rate: 0, burst: 20)
        pace.spend(1_000_000, at: 7)
        #expect(pace.allowance(at: 7) == .max)
        pace.hold(until: 9)
        #expect(pace.allowance(at: 8) == 0)
    }

    @Test func `the window opens in a few round trips and closes where records queue`() {
        var window = BacklogWindow(most: 97)
        var now: Int64 = 0
        for _ in 1...5 {
            now += 50_000_000
            for _ in 0..<window.limit { window.answered(after: 50_000_000, at: now) }
        }
        #expect(window.limit == 97)
        // a line that takes 84 ms for each record: what is under way makes the latency
        for _ in 1...200 {
            let latency = Int64(window.limit) * 84_000_000
            now += 84_000_000
            window.answered(after: latency, at: now)
        }
        #expect((1...4).contains(window.limit), "the window is \(window.limit)")
    }
}

@Suite struct BacklogStepTests {
    @Test func `one at a time goes far away, several at once go next door`() {
        var far = BacklogWindow(most: 97)
        for now in Int64(1)...200 { far.answered(after: 50_000_000, at: now) }
        #expect(far.step == 1)
        var near = BacklogWindow(most: 97)
        for now in Int64(1)...200 { near.answered(after: 300_000, at: now) }
        #expect(near.step == 6)
    }
}

@Suite struct UnconfirmedTests {
    @Test func `what a confirmation overtakes by more than the grace goes again`() {
        var unconfirmed = Unconfirmed(grace: 10 * second, patience: 900 * second)
        for token in Int64(1)...30 { unconfirmed.insert(token, at: token * second) }
        #expect(unconfirmed.count == 30)
        #expect(unconfirmed.confirm(set(1...2, 4...4)).isEmpty)
        #expect(unconfirmed.confirm(set(14...14)) == set(3...3))
        #expect(unconfirmed.confirm(set(20...30)) == set(5...13, 15...19))
        #expect(unconfirmed.count == 0)
        #expect(unconfirmed.deadline == .max)
    }

    @Test func `what nobody confirms goes again, ever more rarely`() {
        var unconfirmed = Unconfirmed(grace: 10 * second, patience: 100 * second)
        var now: Int64 = 0
        var waits: [Int64] = []
        for _ in 1...7 {
            unconfirmed.insert(8, at: now)
            let deadline = unconfirmed.deadline
            waits.append((deadline - now) / second)
            #expect(unconfirmed.overdue(at: deadline - 1).isEmpty)
            #expect(unconfirmed.overdue(at: deadline) == set(8...8))
            now = deadline
        }
        #expect(waits == [100, 200, 400, 800, 1600, 1600, 1600])
        unconfirmed.insert(9, at: now)
        #expect(unconfirmed.confirm(set(9...9)).isEmpty)
        unconfirmed.insert(10, at: now)
        #expect(unconfirmed.deadline == now + 100 * second)
    }

    @Test func `a broker without memory gets everything again`() {
        var unconfirmed = Unconfirmed(grace: 10 * second, patience: 100 * second)
        for token in Int64(1)...5 { unconfirmed.insert(token, at: token * 3 * second) }
        unconfirmed.insert(5, at: 15 * second)
        #expect(unconfirmed.count == 5)
        #expect(unconfirmed.removeAll() == set(1...5))
        #expect(unconfirmed.count == 0)
    }
}
