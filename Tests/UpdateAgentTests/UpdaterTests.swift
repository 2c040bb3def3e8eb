import Foundation
import ProfileSet
import TestKit
import Testing

@testable import UpdateAgent

@Suite struct UpdaterTests {
    private let fixture: UpdateFixture
    private let first: TestSet
    private let second: TestSet

    init() throws {
        fixture = try UpdateFixture()
        first = try TestSet(release: 2)
        second = try TestSet(release: 3)
    }

    @Test func `an assigned set is delivered, applied and good, and the one before stays`() throws {
        var updater = try fixture.install(first)
        #expect(fixture.house.codes == ["update_delivered", "update_applied", "update_good"])
        try second.assign(in: fixture.source)
        try fixture.wait(&updater, for: second)
        let sets = updater.sets
        #expect(sets.current == "sets/base-\(second.sha256)")
        #expect(sets.previous == "sets/base-\(first.sha256)")
        #expect(sets.folder.names(in: "incoming").isEmpty && sets.folder.names(in: "trash").isEmpty)
        let third = try TestSet(release: 4)
        try third.assign(in: fixture.source)
        try fixture.wait(&updater, for: third)
        #expect(
            sets.folder.names(in: "sets").sorted()
                == ["base-\(second.sha256)", "base-\(third.sha256)"].sorted())
    }

    @Test func `every transition of the table is made, and every phase has a way back to idle`() {
        for phase in UpdatePhase.allCases {
            var reached: Set<UpdatePhase> = [phase]
            while true {
                let more = UpdateTable.rows.filter { reached.contains($0.from) }.map(\.to)
                if Set(more).isSubset(of: reached) { break }
                reached.formUnion(more)
            }
            #expect(reached.contains(.idle), "\(phase)")
        }
        let pairs = UpdateTable.rows.map { "\($0.from) \($0.event)" }
        #expect(Set(pairs).count == pairs.count)
        #expect(UpdateTable.next(.idle, .swapped) == nil)
    }

    @Test func `an assignment that runs already is reported good once`() throws {
        var updater = try fixture.install(first)
        try Data(try first.document(["rollout": "r-2"])).write(
            to: URL(filePath: fixture.source + "/assignment.json"))
        fixture.run(&updater, steps: 60) { _ in false }
        #expect(fixture.house.codes.suffix(2) == ["update_good", "update_good"])
        #expect(fixture.house.codes.count == 4)
        let last = fixture.house.state.withLock { $0.reports.last?.report }
        #expect(last?.rollout == "r-2")
    }

    @Test(arguments: [
        ("gateway", "other", "it is for gateway 'other', this one is 'house'"),
        ("not_after", "2026-01-01T00:00:00Z", "it ended"),
        ("least_runtime", "9.0.0", "it needs gateway version 9.0.0, this is 0.1.0"),
    ])
    func `an assignment for others is refused, once, and changes nothing`(
        key: String, value: String, reason: String
    ) throws {
        var updater = try fixture.install(first)
        try second.assign(in: fixture.source, [key: value])
        fixture.run(&updater, steps: 60) { _ in false }
        #expect(fixture.house.running == first.sha256)
        #expect(fixture.house.codes.suffix(2) == ["update_good", "update_failed"])
        #expect(fixture.house.lastReason.contains(reason), "\(fixture.house.lastReason)")
    }

    @Test func `an assignment that has ended does not come back with a clock that is set back`()
        throws
    {
        var updater = try fixture.install(first)
        try second.assign(in: fixture.source, ["not_after": "2026-11-20T00:00:00Z"])
        // a board without a battery starts before that, and knows that it has passed
        fixture.house.change {
            $0.clock.wall = 1_790_000_000
            $0.clock.floor = 1_795_200_000
        }
        fixture.run(&updater, steps: 60) { _ in false }
        #expect(fixture.house.running == first.sha256)
        #expect(fixture.house.lastReason == "it ended 67200 s ago")
        // the same while it waits for its moment
        let third = try TestSet(release: 4)
        try third.assign(in: fixture.source, ["not_after": "2026-11-21T00:00:00Z"])
        fixture.house.change {
            $0.consent = false
            $0.clock.floor = 1_795_200_000
        }
        try fixture.wait(&updater) { $0.record.phase == .staged }
        fixture.house.change { $0.clock.floor = 1_795_219_200 }
        try fixture.wait(&updater) { $0.record.phase == .idle }
        #expect(fixture.house.lastReason == "the assignment has ended")
    }

    @Test func `wrong hardware is refused, right hardware is not`() throws {
        try first.assign(in: fixture.source, ["hardware": ["Acme A"]])
        var updater = fixture.begin()
        fixture.run(&updater, steps: 30) { _ in false }
        #expect(fixture.house.lastReason.contains("it is for 'Acme A', this machine is 'generic'"))
        try first.assign(in: fixture.source, ["hardware": ["Acme A", "generic"]])
        try fixture.wait(&updater, for: first)
    }

    @Test func `rule 3: a lower counter is never taken, and the same only with the same set`()
        throws
    {
        var updater = try fixture.install(second)
        try first.assign(in: fixture.source)
        fixture.run(&updater, steps: 60) { _ in false }
        #expect(
            fixture.house.lastReason == "'release' is 2, expected 3 or more, which was taken before"
        )
        try first.assign(in: fixture.source, ["release": 3])
        fixture.run(&updater, steps: 60) { _ in false }
        #expect(fixture.house.lastReason == "'release' is 3 again, with another set")
        #expect(fixture.house.running == second.sha256)
        // the fleet takes a set back with a counter of its own
        try first.assign(in: fixture.source, ["release": 4])
        try fixture.wait(&updater, for: first)
    }

    /// The fleet renews assignments by writing them again with a later end.
    @Test func `an assignment that is renewed under its counter does no harm`() throws {
        var updater = try fixture.install(first)
        func renew(_ set: TestSet, _ end: String) throws {
            try Data(try set.document(["not_after": end])).write(
                to: URL(filePath: fixture.source + "/assignment.json"))
            fixture.run(&updater, steps: 60) { _ in false }
        }
        // one that runs it says so again, and does nothing
        let before = updater.record
        try renew(first, "2037-01-01T00:00:00Z")
        #expect(fixture.house.codes.suffix(1) == ["update_good"] && fixture.house.codes.count == 4)
        #expect(updater.record.phase == .idle && updater.record.release == before.release)
        #expect(updater.sets.current == "sets/base-\(first.sha256)")
        // one that came too late for the first takes the second
        try second.assign(in: fixture.source, ["not_after": "2026-01-01T00:00:00Z"])
        fixture.run(&updater, steps: 60) { _ in false }
        #expect(fixture.house.running == first.sha256)
        try second.assign(in: fixture.source, ["not_after": "2037-01-01T00:00:00Z"])
        try fixture.wait(&updater, for: second)
    }

    @Test func `a set that was given up stays so when its assignment is renewed`() throws {
        var updater = try fixture.install(first)
        var silent = TestHouse.healthy
        silent.inverter = .silent
        fixture.house.change { $0.sabotage = (second.sha256, silent) }
        try second.assign(in: fixture.source)
        fixture.run(&updater, steps: 200) { _ in false }
        #expect(fixture.house.codes.last == "update_reverted")
        let swaps = fixture.house.state.withLock { $0.swaps.count }
        let reports = fixture.house.codes.count
        try second.assign(in: fixture.source, ["not_after": "2037-01-01T00:00:00Z"])
        fixture.run(&updater, steps: 200) { _ in false }
        #expect(fixture.house.state.withLock { $0.swaps.count } == swaps)
        #expect(fixture.house.codes.count == reports && fixture.house.running == first.sha256)
    }

    @Test func `another archive than the assigned one is refused`() throws {
        try first.assign(in: fixture.source)
        var bytes = first.archive
        bytes[600] ^= 1
        try Data(bytes).write(to: URL(filePath: "\(fixture.source)/\(first.sha256).tar"))
        var updater = fixture.begin()
        fixture.run(&updater, steps: 30) { _ in false }
        #expect(fixture.house.codes == ["update_failed"])
        #expect(fixture.house.lastReason.contains("another hash"))
        #expect(fixture.house.running == nil)
    }

    @Test func `an archive of another set or a later release is refused`() throws {
        try first.assign(in: fixture.source, ["version": "7.0.0"])
        var updater = fixture.begin()
        fixture.run(&updater, steps: 30) { _ in false }
        #expect(fixture.house.lastReason == "the archive is base 1.2.0, expected base 7.0.0")
        try second.assign(in: fixture.source, ["release": 2])
        fixture.run(&updater, steps: 30) { _ in false }
        #expect(fixture.house.lastReason == "the archive is release 3, expected 2 at most")
    }

    @Test func `a set that fails its proof is not used, nor tried again under its counter`() throws
    {
        fixture.house.change { $0.proof = .disproved(["vector 'x' fails"]) }
        try first.assign(in: fixture.source)
        var updater = fixture.begin()
        fixture.run(&updater, steps: 60) { _ in false }
        #expect(fixture.house.codes == ["update_failed"])
        #expect(fixture.house.lastReason == "vector 'x' fails")
        #expect(fixture.house.state.withLock { $0.proofs } == 1)
        #expect(updater.sets.folder.names(in: "sets").isEmpty)
        fixture.house.change { $0.proof = .proved }
        try first.assign(in: fixture.source, ["release": 5])
        try fixture.wait(&updater, for: first)
    }

    @Test func `rule 4: a set that silences the inverter is reverted by itself and stays bad`()
        throws
    {
        var updater = try fixture.install(first)
        var silent = TestHouse.healthy
        silent.inverter = .silent
        fixture.house.change { $0.sabotage = (second.sha256, silent) }
        try second.assign(in: fixture.source)
        fixture.run(&updater, steps: 200) { _ in false }
        #expect(
            fixture.house.codes.suffix(3) == [
                "update_delivered", "update_applied", "update_reverted",
            ])
        #expect(fixture.house.lastReason == "the inverter does not answer any more")
        #expect(fixture.house.running == first.sha256)
        #expect(updater.sets.current == "sets/base-\(first.sha256)")
        let swaps = fixture.house.state.withLock { $0.swaps.count }
        fixture.run(&updater, steps: 100) { _ in false }
        #expect(fixture.house.state.withLock { $0.swaps.count } == swaps)
    }

    @Test func `a set that the gateway cannot go over to is given up`() throws {
        var updater = try fixture.install(first)
        fixture.house.change { $0.refusal = "no map 'x'" }
        try second.assign(in: fixture.source)
        fixture.run(&updater, steps: 60) { _ in false }
        #expect(fixture.house.codes.last == "update_reverted")
        #expect(fixture.house.lastReason == "no map 'x'")
        #expect(fixture.house.running == first.sha256)
        #expect(updater.sets.current == "sets/base-\(first.sha256)")
    }

    @Test func `rule 5: reports that cannot be stored wait and change nothing`() throws {
        fixture.house.change { $0.storesReports = false }
        var updater = try fixture.install(first)
        #expect(fixture.house.codes.isEmpty)
        #expect(updater.record.reports.count == 3)
        // also over a restart
        updater = fixture.begin()
        #expect(fixture.house.running == first.sha256)
        fixture.house.change { $0.storesReports = true }
        fixture.run(&updater, steps: 5) { _ in false }
        #expect(fixture.house.codes == ["update_delivered", "update_applied", "update_good"])
        #expect(updater.record.reports.isEmpty)
    }

    @Test func `a source that fails is asked again, and nothing is lost`() throws {
        try first.assign(in: fixture.source)
        try FileManager.default.removeItem(atPath: "\(fixture.source)/\(first.sha256).tar")
        var updater = fixture.begin()
        fixture.run(&updater, steps: 20) { _ in false }
        #expect(updater.record.phase == .downloading)
        #expect(updater.trouble.contains("cannot read"))
        // soon, and then more rarely
        var again = fixture.begin()
        for longest in [10, 20, 40, 40] as [Int64] {
            again.step()
            let pause = (again.next - fixture.house.clock().monotonic) / 1_000_000_000
            #expect((longest / 2...longest).contains(pause), "\(pause) s")
        }
        try first.assign(in: fixture.source)
        try fixture.wait(&updater, for: first)
    }

    @Test func `a later assignment takes the place of one that waits`() throws {
        fixture.house.change { $0.view.isProtected = true }
        try first.assign(in: fixture.source)
        var updater = fixture.begin()
        try fixture.wait(&updater) { $0.record.phase == .staged }
        try second.assign(in: fixture.source)
        try fixture.wait(&updater) {
            $0.record.phase == .staged && $0.record.assignment?.release == 3
        }
        #expect(fixture.house.lastReason == "release 3 is assigned instead")
        fixture.run(&updater, steps: 2) { _ in false }
        #expect(fixture.house.codes == ["update_delivered", "update_failed", "update_delivered"])
        fixture.house.change { $0.view.isProtected = false }
        try fixture.wait(&updater, for: second)
    }
}
