import Modbus
@testable import PackMap
import Quantities
import Testing

@Suite struct PollScheduleTests {
    private func schedule(
        units: Int, cycle: Int64 = 1000, change: (inout ReadPlan) -> Void = { _ in }
    ) -> PollSchedule {
        var plan = ReadPlan()
        plan.blocks = [
            PlanBlock(
                function: .readHoldingRegisters, address: 0, count: 13, poll: .every(1),
                isRequired: true, mayFail: false, rejectsZero: false),
            PlanBlock(
                function: .readHoldingRegisters, address: 15, count: 22, poll: .every(4),
                isRequired: true, mayFail: false, rejectsZero: false),
            PlanBlock(
                function: .readHoldingRegisters, address: 150, count: 30, poll: .once,
                isRequired: false, mayFail: true, rejectsZero: false),
        ]
        change(&plan)
        return PollSchedule(
            plans: [plan], unitPlans: [Int](repeating: 0, count: units),
            cycle: .milliseconds(cycle))
    }

    /// Runs the schedule on a virtual clock; each exchange takes 20 ms, a time-out 150 ms.
    private func run(
        _ schedule: inout PollSchedule, seconds: Int64, from start: Int64 = 0,
        outcome: (Int, Int) -> PollOutcome
    ) -> [(at: Int64, position: Int, block: Int)] {
        var log: [(at: Int64, position: Int, block: Int)] = []
        var now = Instant(nanoseconds: start * 1_000_000_000 + 1)
        let end = now + .seconds(seconds)
        while now < end {
            switch schedule.next(now: now) {
            case .wait(let until): now = until
            case .exchange(let position, let block):
                log.append((now.nanoseconds / 1_000_000, position, block))
                let result = outcome(position, block)
                now = now + .milliseconds(result == .timeout ? 150 : 20)
                schedule.finish(result, now: now)
            }
        }
        return log
    }

    @Test func `fast blocks are read in every cycle, cells every fourth, identity once`() {
        var schedule = schedule(units: 4)
        let log = run(&schedule, seconds: 40) { _, _ in .accepted }
        for position in 0..<4 {
            #expect(log.filter { $0.position == position && $0.block == 0 }.count == 40)
            #expect(
                (10...12).contains(log.filter { $0.position == position && $0.block == 1 }.count))
            #expect(log.filter { $0.position == position && $0.block == 2 }.count == 1)
        }
    }

    @Test func `slow blocks are spread over the cycles`() {
        var schedule = schedule(units: 16)
        _ = run(&schedule, seconds: 6) { _, _ in .accepted }
        let log = run(&schedule, seconds: 8, from: 6) { _, _ in .accepted }
        let perSecond = Dictionary(grouping: log) { $0.at / 1000 }.mapValues(\.count)
        #expect(perSecond.values.max() ?? 0 <= 21)
    }

    @Test func `rule 7: a silent unit costs one time-out in each back-off period`() {
        var schedule = schedule(units: 16)
        let log = run(&schedule, seconds: 300) { position, _ in position == 6 ? .timeout : .accepted
        }
        let asked = log.filter { $0.position == 6 }
        #expect(asked.count <= 16)
        #expect(asked.allSatisfy { $0.block == 0 })
        #expect(log.filter { $0.position == 7 && $0.block == 0 }.count >= 295)
        #expect(schedule.state(of: 6) == .backedOff)
    }

    @Test func `one missed answer does not begin a back-off`() {
        var schedule = schedule(units: 1)
        var asked = 0
        let log = run(&schedule, seconds: 10) { _, _ in
            asked += 1
            return asked == 8 ? .timeout : .accepted
        }
        #expect(log.filter { $0.block == 0 }.count == 10)
    }

    @Test func `a pack that comes back is asked who it is`() {
        var schedule = schedule(units: 1)
        _ = run(&schedule, seconds: 5) { _, _ in .accepted }
        _ = run(&schedule, seconds: 60, from: 5) { _, _ in .timeout }
        #expect(schedule.state(of: 0) == .backedOff)
        let log = run(&schedule, seconds: 40, from: 65) { _, _ in .accepted }
        #expect(log.filter { $0.block == 2 }.count == 1)
        #expect(schedule.isComplete(0))
    }

    @Test func `a damaged answer is asked for once more in the same cycle`() {
        var schedule = schedule(units: 1)
        var count = 0
        let log = run(&schedule, seconds: 1) { _, block in
            count += 1
            return block == 0 && count == 1 ? .damaged : .accepted
        }
        #expect(log.prefix(2).map(\.block) == [0, 0])
    }

    @Test func `a damaged answer is asked for as often as the map says`() {
        for retries in 0...3 {
            var schedule = schedule(units: 1) { $0.retries = UInt8(retries) }
            let log = run(&schedule, seconds: 1) { _, block in block == 0 ? .damaged : .accepted }
            #expect(log.count == retries + 1)
        }
    }

    @Test func `rule 7: a sleeping pack is woken with the pauses of its map, then left alone`() {
        var schedule = schedule(units: 1, cycle: 100) {
            $0.wakePauses = [1, 2, 4].map { TimeSpan.seconds($0) }
        }
        let log = run(&schedule, seconds: 60) { _, _ in .timeout }
        let pauses = zip(log, log.dropFirst()).map { ($1.at - $0.at + 50) / 1000 }
        #expect(pauses.prefix(5) == [1, 2, 4, 8, 16])
        var woken = false
        let later = run(&schedule, seconds: 200, from: 60) { _, _ in
            defer { woken = true }
            return woken ? .timeout : .accepted
        }
        // It answered once and fell asleep again: the pauses begin anew.
        let silent = later.drop { $0.block == 0 && $0.at == later[0].at }.filter { $0.block == 0 }
        let again = zip(silent, silent.dropFirst()).map { ($1.at - $0.at + 50) / 1000 }
        #expect(again.contains(1) && again.contains(2) && again.contains(4))
    }

    @Test func `a refused optional block is left alone for a long time`() {
        var schedule = schedule(units: 1)
        let log = run(&schedule, seconds: 100) { _, block in block == 2 ? .exception : .accepted }
        #expect(log.filter { $0.block == 2 }.count == 1)
    }

    @Test func `a block that was read and is refused for a while is asked again soon`() {
        var schedule = schedule(units: 1) { plan in
            plan.blocks[2].poll = .every(4)
        }
        _ = run(&schedule, seconds: 20) { _, _ in .accepted }
        let refused = run(&schedule, seconds: 65, from: 20) { _, block in
            block == 2 ? .exception : .accepted
        }
        #expect((2...3).contains(refused.filter { $0.block == 2 }.count))
        let again = run(&schedule, seconds: 60, from: 85) { _, _ in .accepted }
        #expect(again.filter { $0.block == 2 }.count >= 7)
    }

    @Test func `the first cycle reads only what the first frame waits for`() {
        var schedule = schedule(units: 16)
        let log = run(&schedule, seconds: 6) { _, _ in .accepted }
        #expect(log.prefix(32).map(\.position) == (0..<16).flatMap { [$0, $0] })
        #expect(log.prefix(32).map(\.block) == (0..<16).flatMap { _ in [0, 1] })
        let identities = Dictionary(grouping: log.filter { $0.block == 2 }) { $0.at / 1000 }
        #expect(identities.values.map(\.count).max() == 4)
        #expect(Set(identities.values.joined().map(\.position)) == Set(0..<16))
    }

    @Test func `rule 7: a block without any answer costs little and stops no other`() {
        var schedule = schedule(units: 2)
        let log = run(&schedule, seconds: 300) { position, block in
            position == 0 && block == 2 ? .timeout : .accepted
        }
        #expect(log.filter { $0.position == 0 && $0.block == 2 }.count <= 15)
        #expect(log.filter { $0.position == 0 && $0.block == 0 }.count == 300)
        #expect(log.filter { $0.position == 0 && $0.block == 1 }.count >= 70)
        #expect(schedule.isComplete(0))
    }

    @Test(arguments: [PollOutcome.exception, .implausible])
    func `a pack that comes back with trouble is still asked who it is`(first: PollOutcome) {
        var schedule = schedule(units: 1)
        _ = run(&schedule, seconds: 5) { _, _ in .accepted }
        _ = run(&schedule, seconds: 60, from: 5) { _, _ in .timeout }
        _ = run(&schedule, seconds: 40, from: 65) { _, _ in first }
        #expect(schedule.state(of: 0) == .answering)
        #expect(!schedule.isComplete(0))
        let log = run(&schedule, seconds: 3601, from: 105) { _, _ in .accepted }
        #expect(log.contains { $0.block == 2 })
        #expect(schedule.isComplete(0))
    }

    @Test func `with every unit silent nothing spins`() {
        var schedule = schedule(units: 2, cycle: 0)
        var now = Instant(nanoseconds: 1)
        var steps = 0
        while now < Instant(nanoseconds: 10_000_000_000), steps < 100_000 {
            steps += 1
            switch schedule.next(now: now) {
            case .wait(let until):
                #expect(until > now)
                now = until
            case .exchange:
                now = now + .milliseconds(150)
                schedule.finish(.timeout, now: now)
            }
        }
        #expect(steps < 1200)
    }
}
