import Testing

@testable import Provisioning

@Suite struct RenewalPlanTests {
    static let day: Int64 = 86_400
    let plan = RenewalPlan(gateway: "gw-1", life: 0...90 * day)

    @Test func `renewal begins between 60 and 70 percent, spread by the id`() {
        let moments = (0..<1000).map {
            RenewalPlan(gateway: "gw-\($0)", life: 0...90 * Self.day).renewAt
        }
        #expect(moments.allSatisfy { (54 * Self.day...63 * Self.day).contains($0) })
        for tenth in 0..<10 {
            let slice = 54 * Self.day + Int64(tenth) * 9 * Self.day / 10
            let count = moments.filter { (slice..<slice + 9 * Self.day / 10).contains($0) }.count
            #expect((60...140).contains(count), "\(count) of 1000 in tenth \(tenth)")
        }
        #expect(RenewalPlan(gateway: "gw-1", life: 0...90 * Self.day) == plan)
    }

    @Test func `before its moment it waits, after it renews, at the end it has expired`() {
        #expect(plan.step(now: 0) == .wait(until: plan.renewAt))
        #expect(plan.step(now: plan.renewAt) == .renew)
        #expect(plan.step(now: 90 * Self.day) == .renew)
        #expect(plan.step(now: 90 * Self.day + 1) == .expired)
    }

    @Test func `from 85 percent on it alarms`() {
        #expect(plan.alarmAt == 90 * Self.day * 85 / 100)
        #expect(!plan.isAlarming(now: plan.alarmAt - 1))
        #expect(plan.isAlarming(now: plan.alarmAt))
    }

    @Test func `failures back off up to twelve hours and no further`() {
        let now = plan.renewAt
        for failures in 1...40 {
            let delay = plan.delay(afterFailures: failures)
            #expect((30...12 * 3600).contains(delay))
            #expect(
                plan.step(now: now + delay - 1, failures: failures, lastFailure: now)
                    == .wait(until: now + delay))
            #expect(plan.step(now: now + delay, failures: failures, lastFailure: now) == .renew)
        }
        #expect(plan.delay(afterFailures: 40) >= 6 * 3600)
    }

    @Test func `a failure stamped by another clock does not hold it up`() {
        let now = plan.renewAt
        #expect(plan.step(now: now, failures: 3, lastFailure: now + 1_000_000) == .renew)
        #expect(plan.step(now: now, failures: 3, lastFailure: .max) == .renew)
    }

    @Test(arguments: [0...0, 0...1, -5...Int64.max, Int64.min...Int64.max, .max...(.max)])
    func `no life of a certificate is beyond it`(_ life: ClosedRange<Int64>) {
        let plan = RenewalPlan(gateway: "gw-1", life: life)
        #expect(plan.life.contains(plan.renewAt))
        #expect(plan.delay(afterFailures: .max) >= 1)
        _ = plan.step(now: .max, failures: .max, lastFailure: .min)
    }
}
