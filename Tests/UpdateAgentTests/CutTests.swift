import Foundation
import ProfileSet
import TestKit
import Testing

@testable import UpdateAgent

/// Stops the agent at every single call that changes the disk, and in every phase.
@Suite struct CutTests {
    /// What the disk keeps when the program stops.
    enum Loss: String, CaseIterable { case process, power }

    /// How the update would have ended.
    enum Course: String, CaseIterable { case good, reverted }

    private let first: TestSet
    private let second: TestSet
    private let third: TestSet

    init() throws {
        first = try TestSet(release: 2)
        second = try TestSet(release: 3)
        third = try TestSet(release: 4)
    }

    /// A house on the first set that is assigned the second.
    private func begin(_ course: Course) throws -> UpdateFixture {
        let fixture = try UpdateFixture()
        _ = try fixture.install(first)
        try second.assign(in: fixture.source)
        if course == .reverted {
            var silent = TestHouse.healthy
            silent.inverter = .silent
            fixture.house.change { $0.sabotage = (second.sha256, silent) }
        }
        return fixture
    }

    /// The set that a start would run is whole: each of its files is there and has its hash.
    private func check(
        _ path: String?, allows sets: [TestSet], _ place: String
    ) throws {
        let path = try #require(path, "\(place): no set")
        let set = try #require(
            sets.first { path.hasSuffix($0.sha256) }, "\(place): runs \(path)")
        for (name, content) in set.files {
            let found = FileManager.default.contents(atPath: "\(path)/\(name)")
            try #require(found.map { Array($0) } == content, "\(place): \(name) is not whole")
        }
    }

    /// After a stop: the old or the new set runs, the update ends, and a later one succeeds.
    private func goOn(
        _ fixture: UpdateFixture, in folder: String, _ course: Course, _ place: String
    ) throws {
        let sets = InstalledSets(UpdateFolder(folder))
        try check(sets.current.map { "\(folder)/\($0)" }, allows: [first, second], place)
        var updater = fixture.begin(in: folder)
        let house = fixture.house
        let wanted = (course == .good ? [second] : [first]).map(\.sha256)
        try fixture.wait(&updater, place) {
            $0.record.phase == .idle && wanted.contains(house.running ?? "")
                && $0.next > house.clock().monotonic
        }
        #expect(
            updater.sets.current.map { $0.hasSuffix(wanted[0]) } == true,
            "\(place): \(updater.sets.current ?? "none")")
        try third.assign(in: fixture.source)
        try fixture.wait(&updater, for: third)
        try check(sets.current.map { "\(folder)/\($0)" }, allows: [third], "\(place), later")
        for name in ["incoming", "trash"] {
            #expect(updater.sets.folder.names(in: name).isEmpty, "\(place): \(name)")
        }
        #expect(updater.sets.folder.names(in: "sets").count <= 2, "\(place)")
    }

    /// Runs an update until it ends or is cut.
    private func run(_ fixture: UpdateFixture, _ disk: CutDisk) {
        var updater = fixture.begin(step: disk.step)
        var quiet = 0
        for _ in 0..<200 {
            updater.step()
            fixture.house.pass(1)
            if disk.isCut { return }
            quiet = updater.record.phase == .idle ? quiet + 1 : 0
            if quiet > 30 { return }
        }
    }

    @Test(arguments: Course.allCases, Loss.allCases)
    func `rule 2: stopped at every write, sync, rename, link and unlink`(
        course: Course, loss: Loss
    ) throws {
        let whole = try begin(course)
        let counter = CutDisk(root: whole.folder)
        run(whole, counter)
        let count = counter.count
        for deed in UpdateFolder.Deed.allCases {
            #expect((counter.deeds[deed] ?? 0) > 0, "\(deed)")
        }
        #expect(count > 60)
        for place in 1...count {
            let fixture = try begin(course)
            let disk = CutDisk(root: fixture.folder)
            disk.set(.cut(at: place))
            run(fixture, disk)
            try #require(disk.isCut, "call \(place) of \(count) was not made")
            var folder = fixture.folder
            if loss == .power {
                folder = fixture.place.file("after")
                try disk.settle(into: folder)
            }
            try goOn(fixture, in: folder, course, "call \(place) of \(count), \(loss)")
        }
    }

    @Test(arguments: UpdatePhase.allCases, Course.allCases)
    func `ended in every phase, twice`(phase: UpdatePhase, course: Course) throws {
        if course == .good, phase == .reverting || phase == .failed { return }
        if course == .reverted, phase == .committed { return }
        let fixture = try begin(course)
        var updater = fixture.begin()
        try fixture.wait(&updater, "\(phase)") { $0.record.phase == phase }
        // the program ends with the phase on the disk; the next one as well, after its first act
        var again = fixture.begin()
        again.step()
        // a set in which three programs have begun may be what ends them
        let isTried = [.swapping, .probation].contains(again.record.phase)
        let isLast = isTried && again.record.starts >= UpdateStart.mostStarts
        try goOn(fixture, in: fixture.folder, isLast ? .reverted : course, "\(phase), twice")
    }

    @Test func `a set in which programs end again and again is given up`() throws {
        let fixture = try begin(.good)
        var updater = fixture.begin()
        try fixture.wait(&updater) { $0.record.phase == .probation }
        #expect(UpdateStart(updater.sets).path?.hasSuffix(second.sha256) == true)
        let start = UpdateStart(updater.sets)
        #expect(start.path?.hasSuffix(first.sha256) == true)
        #expect(start.record.phase == .reverting)
        updater = fixture.begin()
        try fixture.wait(&updater, for: first)
        #expect(fixture.house.codes.last == "update_reverted")
        #expect(
            fixture.house.lastReason
                == "the gateway has ended 2 times while the set was in 'probation'")
        fixture.run(&updater, steps: 60) { _ in false }
        #expect(fixture.house.running == first.sha256)
    }

    @Test func `a set that cannot be read at a start gives way to the one before, and is bad`()
        throws
    {
        let fixture = try begin(.good)
        var updater = fixture.begin()
        try fixture.wait(&updater) { $0.record.phase == .probation }
        var start = UpdateStart(updater.sets)
        let isRejected = start.reject("packs/a.json: no JSON")
        #expect(isRejected && start.path?.hasSuffix(first.sha256) == true)
        updater = fixture.begin()
        try fixture.wait(&updater, for: first)
        #expect(fixture.house.codes.last == "update_reverted")
    }

    @Test(arguments: UpdatePhase.allCases, Course.allCases)
    func `a full disk in every phase keeps a whole set running, and holds nothing up for good`(
        phase: UpdatePhase, course: Course
    ) throws {
        if course == .good, phase == .reverting || phase == .failed { return }
        if course == .reverted, phase == .committed { return }
        let fixture = try begin(course)
        let disk = CutDisk(root: fixture.folder)
        var updater = fixture.begin(step: disk.step)
        try fixture.wait(&updater, "\(phase)") { $0.record.phase == phase }
        disk.set(.full)
        fixture.run(&updater, steps: 100) { _ in false }
        let running = fixture.house.running
        #expect([first.sha256, second.sha256].contains(running ?? ""), "\(running ?? "none")")
        if course == .reverted {
            // going back does not wait for the disk (rule 6)
            #expect(running == first.sha256, "\(phase)")
        }
        try check(
            updater.sets.current.map { "\(fixture.folder)/\($0)" }, allows: [first, second],
            "\(phase), full")
        disk.set(.none)
        try fixture.wait(&updater, for: course == .good ? second : first)
        try third.assign(in: fixture.source)
        try fixture.wait(&updater, for: third)
    }
}
