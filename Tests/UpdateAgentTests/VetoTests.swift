import Telemetry
import Testing

@testable import UpdateAgent

@Suite struct VetoTests {
    @Test func `every veto waits, and only the owner's lasts`() {
        for veto in SwapVeto.allCases {
            guard case .wait = SwapVeto.decide([veto], waited: 59, most: 60) else {
                Issue.record("\(veto) does not wait")
                continue
            }
            let over = SwapVeto.decide([veto], waited: 60, most: 60)
            if veto == .noConsent {
                #expect(over == .giveUp(UpdateReason.notAgreed.filled(["hours": 0])))
            } else if veto == .configurationTrial {
                #expect(over == .wait("a configuration is on trial"))
            } else {
                #expect(over == .go, "\(veto)")
            }
        }
        #expect(
            SwapVeto.decide([.configurationTrial, .noConsent], waited: 60, most: 60)
                == .giveUp("a configuration is on trial, the owner has not agreed for 0 h"))
        #expect(SwapVeto.rows.map(\.veto) == SwapVeto.allCases)
        #expect(SwapVeto.decide([], waited: 0, most: 60) == .go)
    }

    @Test func `a set waits for each veto in the house and goes on when it ends`() throws {
        let changes: [(String, (inout TestHouse.State, Bool) -> Void)] = [
            ("a limit is on its way up", { $0.view.isRising = $1 }),
            ("a pack is in protection", { $0.view.isProtected = $1 }),
            ("a configuration is on trial", { $0.view.isConfiguring = $1 }),
            ("the owner has not agreed", { $0.consent = !$1 }),
        ]
        for (words, change) in changes {
            let fixture = try UpdateFixture()
            let set = try TestSet(release: 2)
            try set.assign(in: fixture.source)
            fixture.house.change { change(&$0, true) }
            var updater = fixture.begin()
            fixture.run(&updater, steps: 30) { _ in false }
            #expect(updater.record.phase == .staged)
            #expect(updater.trouble.hasSuffix(words), "\(updater.trouble)")
            fixture.house.change { change(&$0, false) }
            try fixture.wait(&updater, for: set)
        }
    }

    @Test func `no set is tried beside a document, however long it waits and whenever that came`()
        throws
    {
        let fixture = try UpdateFixture()
        let set = try TestSet(release: 2)
        try set.assign(in: fixture.source)
        // begun between the look and the swap
        fixture.house.change { $0.isTrying = true }
        var updater = fixture.begin()
        try fixture.wait(&updater) { $0.record.phase == .staged }
        fixture.house.pass(4000)
        fixture.run(&updater, steps: 50) { _ in false }
        #expect(updater.record.phase == .staged && fixture.house.running == nil)
        fixture.house.change { $0.isTrying = false }
        for phase in [UpdatePhase.swapping, .probation] {
            try fixture.wait(&updater) { $0.record.phase == phase }
            #expect(fixture.house.state.withLock { $0.hasTrial }, "\(phase)")
        }
        try fixture.wait(&updater, for: set)
        #expect(!fixture.house.state.withLock { $0.hasTrial })
    }

    @Test func `documents wait until a set is reverted as well`() throws {
        let fixture = try UpdateFixture()
        let set = try TestSet(release: 2)
        var silent = TestHouse.healthy
        silent.inverter = .silent
        fixture.house.change { $0.sabotage = (set.sha256, silent) }
        try set.assign(in: fixture.source)
        var updater = fixture.begin()
        try fixture.wait(&updater) { $0.record.phase == .reverting }
        #expect(fixture.house.state.withLock { $0.hasTrial })
        try fixture.wait(&updater) { $0.record.phase == .failed }
        #expect(!fixture.house.state.withLock { $0.hasTrial })
    }

    @Test func `the longest wait counts over restarts`() throws {
        let fixture = try UpdateFixture()
        let set = try TestSet(release: 2)
        try set.assign(in: fixture.source)
        fixture.house.change { $0.view.isProtected = true }
        var updater = fixture.begin()
        try fixture.wait(&updater) { $0.record.stagedAt != nil }
        fixture.house.pass(3000)
        updater = fixture.begin()
        fixture.run(&updater, steps: 10) { _ in false }
        #expect(updater.record.phase == .staged)
        fixture.house.pass(600)
        try fixture.wait(&updater, for: set)
    }

    @Test func `without consent for the longest wait the set is given up`() throws {
        let fixture = try UpdateFixture()
        try TestSet(release: 2).assign(in: fixture.source)
        fixture.house.change { $0.consent = false }
        var updater = fixture.begin()
        try fixture.wait(&updater) { $0.record.phase == .staged }
        fixture.house.pass(3600)
        fixture.run(&updater, steps: 60) { _ in false }
        #expect(fixture.house.codes == ["update_delivered", "update_failed"])
        #expect(updater.record.phase == .idle && fixture.house.running == nil)
    }

    @Test func `a window is kept in the site's own zone, by a clock that can be trusted`() throws {
        let fixture = try UpdateFixture()
        let set = try TestSet(release: 2)
        // 02:30 in Berlin is 01:30 UTC in November
        try set.assign(
            in: fixture.source,
            ["window": ["from": "02:30", "to": "03:00", "zone": "Europe/Berlin"]])
        let midnight: Int64 = 1_795_046_400
        fixture.house.change { $0.clock.wall = midnight + 3600 }
        var updater = fixture.begin()
        fixture.run(&updater, steps: 30) { _ in false }
        #expect(updater.record.phase == .staged)
        fixture.house.change {
            $0.clock.wall = midnight + 5400
            $0.clock.isTrusted = false
        }
        fixture.run(&updater, steps: 5) { _ in false }
        #expect(updater.record.phase == .staged)
        fixture.house.change { $0.clock.isTrusted = true }
        try fixture.wait(&updater, for: set)
    }
}
