import Testing

@testable import Rollouts

@Suite struct WatchingTests {
    private let start: Int64 = 1_790_000_000_000
    private let before = Baseline(
        packsOnline: 4, isAnswered: true, isOnBus: true, sendsFrames: true, alarms: ["cell_low"])

    /// Measurements ten seconds apart.
    private func banks(_ frames: [Int64?], _ change: (inout BankView) -> Void = { _ in })
        -> [BankView]
    {
        frames.enumerated().map { index, frames in
            var bank = BankView(
                timeMilliseconds: start + Int64(index) * 10_000, packsOnline: 4,
                keepAlive: "present", bus: "active", framesSent: frames)
            change(&bank)
            return bank
        }
    }

    private func judge(_ banks: [BankView], raised: Set<String> = [], seconds: Int64 = 60)
        -> Finding
    {
        Watching.judge(
            banks, raised: raised, against: before, from: start, until: start + seconds * 1000,
            patience: 20_000)
    }

    private func kind(_ finding: Finding) -> AttemptFailure? {
        guard case .bad(let kind, _) = finding else { return nil }
        return kind
    }

    @Test func `frames that go on and packs that answer are good`() {
        #expect(judge(banks([10, 110, 210, 310, 410, 510, 610])) == .good)
        // a program that began anew counts anew
        #expect(judge(banks([10, 110, 5, 105, 205, 305, 405])) == .good)
        // once without news is no stop
        #expect(judge(banks([10, 110, 110, 210, 310, 410, 510])) == .good)
    }

    @Test func `frames that stop are found, also when they come back`() {
        #expect(
            judge(banks([10, 110, 110, 110, 110, 110, 110]))
                == .bad(.frames, "no frame went out for 20 s, the count stands at 110"))
        #expect(kind(judge(banks([10, 110, 110, 110, 110, 210, 310]))) == .frames)
        #expect(kind(judge(banks([0, 0, 0, 0, 0, 0, 0]))) == .frames)
    }

    @Test func `too little is not good`() {
        #expect(judge([]) == .unknown)
        #expect(judge(banks([10])) == .unknown)
        #expect(judge(banks([10, 110, 210])) == .unknown, "it ended after a third of the time")
        #expect(judge(banks([10, 110, 210, 310, 410, 510])) == .good)
    }

    @Test func `what is worse than before is found, what was so before is not`() {
        let frames: [Int64?] = [1, 2, 3, 4, 5, 6, 7]
        #expect(kind(judge(banks(frames) { $0.packsOnline = 3 })) == .packs)
        #expect(kind(judge(banks(frames) { $0.keepAlive = "silent" })) == .inverter)
        #expect(kind(judge(banks(frames) { $0.bus = "bus_off" })) == .inverter)
        #expect(kind(judge(banks(frames) { $0.alarms = ["cell_high"] })) == .alarm)
        #expect(judge(banks(frames) { $0.alarms = ["cell_low"] }) == .good)
        #expect(kind(judge(banks(frames), raised: ["cell_high"])) == .alarm)
        #expect(judge(banks(frames), raised: ["cell_low"]) == .good)
        #expect(judge(banks(frames) { $0.packsOnline = 5 }) == .good)
        let quiet = Baseline(
            packsOnline: 4, isAnswered: false, isOnBus: false, sendsFrames: false, alarms: [])
        let still = banks([0, 0, 0, 0, 0, 0, 0]) { ($0.keepAlive, $0.bus) = ("unseen", "down") }
        #expect(
            Watching.judge(
                still, raised: [], against: quiet, from: start, until: start + 60_000,
                patience: 20_000) == .good)
    }

    @Test func `from look to look one bad moment is borne, a lasting one is not`() {
        var suspicion = Suspicion()
        func look(_ bank: BankView) -> AttemptFailure? {
            kind(suspicion.look(bank, against: before, patience: 20_000))
        }
        let frames: [Int64?] = [1, 2, 3, 4, 5, 6, 7, 8]
        let bad = banks(frames) { $0.packsOnline = 3 }
        let good = banks(frames)
        #expect(look(bad[0]) == nil && look(bad[1]) == nil && look(good[2]) == nil)
        #expect(look(bad[3]) == nil && look(bad[3]) == nil && look(bad[4]) == nil)
        #expect(look(bad[5]) == .packs)
        var frozen = Suspicion()
        let still = banks([5, 5, 5, 5])
        #expect(
            still.map { kind(frozen.look($0, against: before, patience: 20_000)) } == [
                nil, nil, .frames, .frames,
            ])
    }
}
