import Foundation
import Synchronization
import TestKit
import Testing

@testable import UpdateAgent

/// A source that fails for as long as a test wants.
private final class FrozenSource: SetSource {
    let trouble = Mutex<String?>(nil)
    let asked = Mutex(0)
    private let folder: FolderSource

    init(_ path: String) { folder = FolderSource(path: path) }

    func assignment() throws(UpdateError) -> [UInt8]? {
        asked.withLock { $0 += 1 }
        if let words = trouble.withLock({ $0 }) { throw .source(words) }
        return try folder.assignment()
    }

    func archive(sha256: String, length: Int) throws(UpdateError) -> [UInt8] {
        try folder.archive(sha256: sha256, length: length)
    }

    func cancel() {}
}

@Suite struct SourceWatchTests {
    private let fixture: UpdateFixture
    private let source: FrozenSource
    private let expired = "'timestamp' was valid until 2026-11-01T00:00:00Z"

    init() throws {
        fixture = try UpdateFixture()
        source = FrozenSource(fixture.source)
    }

    private func begin() -> Updater {
        let start = UpdateStart(InstalledSets(UpdateFolder(fixture.folder)))
        fixture.house.change { $0.running = InstalledSets.sha256(of: start.place) }
        var terms = UpdateFixture.terms
        terms.staleSeconds = 7200
        return Updater(start: start, source: source, house: fixture.house, terms: terms)
    }

    /// Steps for so many seconds, one step each `stride`.
    private func pass(_ updater: inout Updater, _ seconds: Int, stride: Int = 20) {
        for _ in 0..<(seconds / stride) {
            updater.step()
            fixture.house.pass(stride)
        }
    }

    @Test func `a freeze is an alarm after the bound, over restarts, and ends with a good answer`()
        throws
    {
        var updater = begin()
        pass(&updater, 100)
        source.trouble.withLock { $0 = expired }
        pass(&updater, 7000)
        #expect(updater.watch.alarm == nil)
        // what was counted is on the disk, the last hour perhaps not
        updater = begin()
        #expect(updater.watch.seconds >= 3600)
        pass(&updater, 3700)
        let alarm = try #require(updater.watch.alarm)
        #expect(alarm == "no word on profile sets can be believed for 2 h: \(expired)")
        updater = begin()
        #expect(updater.watch.alarm != nil, "a restart is no good answer")
        source.trouble.withLock { $0 = nil }
        pass(&updater, 200)
        #expect(updater.watch.alarm == nil && updater.record.staleSeconds == 0)
        #expect(begin().watch.alarm == nil)
    }

    @Test func `an answer that has nothing is a good answer`() throws {
        var updater = begin()
        pass(&updater, 8000)
        #expect(updater.watch.alarm == nil && updater.watch.seconds == 0)
    }

    @Test func `a clock that is set does not make an alarm`() throws {
        var updater = begin()
        source.trouble.withLock { $0 = expired }
        pass(&updater, 100)
        fixture.house.change { $0.clock.wall += 400 * 86_400 }
        pass(&updater, 100)
        #expect(updater.watch.alarm == nil)
    }

    @Test func `a set that waits for its moment hears of a freeze as well`() throws {
        let set = try TestSet(release: 2)
        try set.assign(in: fixture.source)
        fixture.house.change { $0.consent = false }
        var updater = begin()
        try fixture.wait(&updater) { $0.record.phase == .staged }
        source.trouble.withLock { $0 = expired }
        // three hours, and an hour is the longest that a set waits here
        fixture.house.change { $0.clock.isTrusted = false }
        pass(&updater, 11_000)
        #expect(updater.watch.alarm != nil)
    }

    @Test func `a fleet that is gone for a week is asked more and more rarely, and the set stays`()
        throws
    {
        let set = try TestSet(release: 2)
        try set.assign(in: fixture.source)
        var updater = begin()
        try fixture.wait(&updater, for: set)
        source.trouble.withLock { $0 = "the fleet does not answer" }
        let before = source.asked.withLock { $0 }
        pass(&updater, 7 * 86_400, stride: 10)
        let asked = source.asked.withLock { $0 } - before
        // every 40 s at the latest, four times the ordinary wait; in the upper half of it by chance
        #expect((604_800 / 51...604_800 / 19).contains(asked), "\(asked)")
        #expect(fixture.house.running == set.sha256)
        #expect(updater.record.phase == .idle)
        source.trouble.withLock { $0 = nil }
        let next = try TestSet(release: 3)
        try next.assign(in: fixture.source)
        try fixture.wait(&updater, for: next)
    }

    @Test func `pauses after failures double from ten seconds to an hour, and differ`() {
        var watch = SourceWatch(most: 7200)
        let ordinary = (0..<50).map { _ in watch.wait(poll: 300) }
        #expect(ordinary.allSatisfy { (300...330).contains($0) } && Set(ordinary).count > 1)
        for longest in [10, 20, 40, 80, 160, 320, 640, 1200, 1200] as [Int64] {
            watch.noteFailure("no", now: 0)
            let waits = (0..<50).map { _ in watch.wait(poll: 300) }
            #expect(waits.allSatisfy { (longest / 2...longest).contains($0) }, "\(longest)")
        }
        for _ in 0..<20 { watch.noteFailure("no", now: 0) }
        #expect((43_200...86_400).contains(watch.wait(poll: 86_400)), "not more often than ever")
        watch.noteAnswer()
        #expect((300...330).contains(watch.wait(poll: 300)))
    }
}
