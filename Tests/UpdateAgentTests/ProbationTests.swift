import Testing
import UpdateAgent

@Suite struct ProbationTests {
    private func view(_ inverter: HouseView.Inverter, keepAlives: UInt64) -> HouseView {
        var view = HouseView()
        view.packs = 2
        view.inverter = inverter
        view.silence = 60_000_000_000
        view.keepAlives = keepAlives
        view.isSending = true
        return view
    }

    @Test func `an inverter is watched for longer than its silence takes to show`() {
        let before = view(.present, keepAlives: 40)
        let probation = Probation(before: before, first: before, now: 0, seconds: 5)
        // one more sign of life, and then none
        let last = view(.present, keepAlives: 41)
        for second in [5, 30, 60, 69] as [Int64] {
            #expect(probation.judge(last, now: second * 1_000_000_000) == .watching, "\(second) s")
        }
        let silent = view(.silent, keepAlives: 41)
        #expect(
            probation.judge(silent, now: 61_000_000_000)
                == .unwell("the inverter does not answer any more"))
        let good = view(.present, keepAlives: 100)
        #expect(probation.judge(good, now: 70_000_000_000) == .well)
    }

    @Test func `without signs of life before, the time is the one that is asked for`() {
        let before = view(.unseen, keepAlives: 0)
        let probation = Probation(before: before, first: before, now: 0, seconds: 5)
        #expect(probation.judge(before, now: 4_000_000_000) == .watching)
        #expect(probation.judge(before, now: 5_000_000_000) == .well)
    }
}
