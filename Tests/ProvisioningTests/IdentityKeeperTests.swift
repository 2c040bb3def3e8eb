import HTTPSClient
import Synchronization
import TestKit
import Testing

@testable import Provisioning

@Suite struct IdentityKeeperTests {
    /// A gateway with a pair from a fleet in memory, and a clock that the test moves.
    private final class Kept: Sendable {
        let directory: TemporaryDirectory
        let fleet: MemoryFleet
        let store: IdentityStore
        let now = Mutex(TestAuthority.now)
        let isAway = Mutex(false)

        init() throws {
            directory = try TemporaryDirectory("keeper")
            fleet = try MemoryFleet()
            let folder = IdentityFolder(directory.file("identity"), step: { 0 })
            try folder.make()
            store = IdentityStore(folder: folder, gateway: "gw-1")
            let enrolment = Enrolment(store: store, floor: floor, connect: fleet.connect)
            let note = try EnrolmentNote(fleet: "https://memory", gateway: "gw-1", token: "once")
            _ = try enrolment.advance(try enrolment.begin(note, trust: try fleet.trust))
        }

        var floor: TimeFloor {
            TimeFloor(folder: store.folder) { [self] in now.withLock { $0 } }
        }

        func keeper() -> IdentityKeeper {
            IdentityKeeper(store: store, floor: floor, fleet: "https://memory") {
                [self] connection throws(HTTPSFailure) in
                if isAway.withLock({ $0 }) { throw HTTPSFailure(.network, "the fleet is away") }
                return try fleet.connect(connection)
            }
        }

        func pass(_ seconds: Int64) { now.withLock { $0 += seconds } }
    }

    @Test func `a fresh pair is left alone until its moment, then renewed`() throws {
        let kept = try Kept()
        var keeper = kept.keeper()
        let first = try kept.store.select(clock: kept.floor.reading).pair
        #expect(keeper.step().wait == 86_400)
        let plan = RenewalPlan(gateway: "gw-1", life: first.life)
        kept.pass(plan.renewAt - TestAuthority.now - 100)
        #expect(keeper.step().wait == 100)
        kept.pass(100)
        let report = keeper.step()
        #expect(report.adopted != nil)
        #expect(report.adopted?.name != first.name)
        #expect(!report.isAlarming)
    }

    @Test func `a fleet that is away is asked less and less, alarms at 85 percent, and heals`()
        throws
    {
        let kept = try Kept()
        var keeper = kept.keeper()
        let plan = RenewalPlan(
            gateway: "gw-1", life: try kept.store.select(clock: kept.floor.reading).pair.life)
        kept.isAway.withLock { $0 = true }
        kept.pass(plan.renewAt - TestAuthority.now)
        var (asked, alarmedAt) = (0, Int64?.none)
        while kept.now.withLock({ $0 }) < plan.life.upperBound {
            let report = keeper.step()
            if report.error != nil { asked += 1 }
            if report.isAlarming, alarmedAt == nil { alarmedAt = kept.now.withLock { $0 } }
            kept.pass(report.wait)
        }
        // About 30 days at 6 to 12 hours each, after a quick start.
        #expect((60...160).contains(asked), "\(asked)")
        let alarm = try #require(alarmedAt)
        #expect((plan.alarmAt...plan.alarmAt + 12 * 3600).contains(alarm))
        // Over, and the first pair is still there for the door; the fleet in memory takes it.
        kept.isAway.withLock { $0 = false }
        kept.pass(-10 * 86_400)
        #expect(keeper.step().adopted != nil)
    }

    @Test func `by a clock far ahead each pair is due at once, and the fleet is left in peace`()
        throws
    {
        let kept = try Kept()
        var keeper = kept.keeper()
        let plan = RenewalPlan(
            gateway: "gw-1", life: try kept.store.select(clock: kept.floor.reading).pair.life)
        kept.pass(plan.renewAt - TestAuthority.now)
        #expect(keeper.step().adopted != nil)
        let next = keeper.step()
        #expect(next.adopted == nil && next.error == nil && next.wait == 12 * 3600)
        kept.pass(next.wait)
        #expect(keeper.step().adopted != nil)
    }

    @Test func `while another process changes the identity it waits a moment, and no longer`()
        throws
    {
        let kept = try Kept()
        var keeper = kept.keeper()
        kept.isAway.withLock { $0 = true }
        kept.pass(60 * 86_400)
        do {
            let lock = try IdentityLock(kept.store.folder)
            defer { withExtendedLifetime(lock) {} }
            let report = keeper.step()
            #expect(report.error == nil && report.wait == 5)
        }
        kept.isAway.withLock { $0 = false }
        #expect(keeper.step().adopted != nil)
    }

    @Test func `what somebody else changed counts at once, whatever failed before`() throws {
        let kept = try Kept()
        var keeper = kept.keeper()
        kept.isAway.withLock { $0 = true }
        kept.pass(60 * 86_400)
        let mark = kept.store.mark
        #expect(keeper.step().error?.kind == .network)
        #expect(kept.store.mark != mark, "a pair waits now")
        kept.isAway.withLock { $0 = false }
        #expect(keeper.step().adopted == nil, "its wait is not over")
        keeper.noteChange()
        #expect(keeper.step().adopted != nil)
    }
}
