import ProfileSet
import Telemetry
import TimeZones

/// Brings the set that the fleet assigns into this gateway, and goes back to the one before when the
/// house does not go on as it did; used by one thread.
///
/// 1. A phase is on disk before its act begins (``UpdateTable``); each act can be done again.
/// 2. Whatever moment the program ends at, the next start runs the old set or the new one, whole.
/// 3. A release counter lower than one that was taken before is never taken.
/// 4. A set that was given up is not tried again under its counter.
/// 5. A report that cannot be made changes nothing else; it is made later.
/// 6. Going back waits for nothing, not even for the disk.
package struct Updater {
    /// So long a disk or a source that fails is left alone, in nanoseconds.
    static var pause: Int64 { 10_000_000_000 }
    /// So often the house is looked at while something is awaited of it, in nanoseconds.
    static var look: Int64 { 500_000_000 }

    let sets: InstalledSets
    let source: any SetSource
    let house: any UpdateHouse
    let terms: UpdateTerms
    let zones: ZoneFolder
    /// What is remembered.
    package private(set) var record: UpdateRecord
    /// When there is something to do at the latest, on the monotonic clock in nanoseconds.
    package internal(set) var next: Int64 = 0
    /// What is awaited or fails, in words; empty while all goes well.
    package private(set) var trouble = ""
    /// How the source answers.
    package private(set) var watch: SourceWatch
    private var failedFetches = 0
    var probation: Probation?
    var waitingSince: Int64?
    var askAt: Int64 = 0
    var isMade = false
    /// What could not be brought to the disk: it is tried again before anything else.
    private var isUnkept = false
    /// Whether this program has begun in the phase that it found.
    private(set) var isRestart = true

    /// Goes on where a start has found things.
    package init(
        start: UpdateStart, source: any SetSource, house: any UpdateHouse, terms: UpdateTerms,
        zones: ZoneFolder = ZoneFolder()
    ) {
        sets = start.sets
        record = start.record
        self.source = source
        self.house = house
        self.terms = terms
        self.zones = zones
        watch = SourceWatch(most: terms.staleSeconds, seconds: record.staleSeconds)
    }

    /// Does what is due: at most one act.
    package mutating func step() {
        // whatever ended the trial, documents of the fleet may come again
        defer { if !record.phase.isTrial { house.endTrial() } }
        let now = house.clock().monotonic
        tellReports()
        do throws(UpdateError) {
            try prepare()
            let event = try act(now)
            if event == nil { trouble = awaited }
        } catch {
            trouble = error.description
            next = now &+ Self.pause
            guard record.phase == .downloading else { return }
            failedFetches = min(failedFetches + 1, 20)
            let pause = SourceWatch.pause(after: failedFetches, poll: terms.pollSeconds)
            next = now &+ pause &* 1_000_000_000
        }
    }

    /// What is awaited, where that is no fault.
    var awaited = ""

    private mutating func prepare() throws(UpdateError) {
        if isUnkept {
            do throws(UpdateError) {
                try sets.write(record)
                isUnkept = false
            } catch {
                // A house that has to go back does so on a full disk too (rule 6).
                guard record.phase == .reverting else { throw error }
            }
        }
        if isMade || record.phase == .reverting { return }
        try sets.make()
        try sets.sweep()
        isMade = true
        let installed = house.installedRelease
        if house.running == nil, record.release < installed {
            try keep { $0.release = installed }
        }
    }

    private mutating func act(_ now: Int64) throws(UpdateError) -> UpdateEvent? {
        awaited = ""
        guard record.phase != .idle else { return try ask(now) }
        guard let assignment = record.assignment else {
            throw .source("bug: no assignment in phase '\(record.phase.rawValue)'")
        }
        switch record.phase {
        case .idle: return nil
        case .downloading: return try download(assignment, now)
        case .verifying: return try verify(assignment)
        case .proving: return try prove(assignment, now)
        case .staged: return try wait(assignment, now)
        case .swapping: return try swap(assignment)
        case .probation: return try watch(assignment, now)
        case .committed: return try settle(now)
        case .reverting: return try revert(assignment)
        case .failed: return try settle(now)
        }
    }

    // MARK: transitions

    /// Remembers a change without another phase.
    mutating func keep(_ change: (inout UpdateRecord) -> Void) throws(UpdateError) {
        var draft = record
        change(&draft)
        guard draft != record else { return }
        try sets.write(draft)
        record = draft
    }

    /// Goes to the next phase once that is on the disk; on the way back also when it cannot be brought
    /// there (rule 6).
    @discardableResult
    mutating func go(
        _ event: UpdateEvent, _ change: (inout UpdateRecord) -> Void = { _ in }
    ) throws(UpdateError) -> UpdateEvent {
        guard let phase = UpdateTable.next(record.phase, event) else {
            throw .source("bug: '\(event.rawValue)' in phase '\(record.phase.rawValue)'")
        }
        var draft = record
        change(&draft)
        draft.phase = phase
        draft.starts = 1
        do throws(UpdateError) {
            try sets.write(draft)
        } catch {
            guard phase == .reverting || record.phase == .reverting else { throw error }
            isUnkept = true
            trouble = error.description
        }
        record = draft
        isRestart = false
        failedFetches = 0
        next = 0
        return event
    }

    static func report(
        _ code: UpdateReport.Code, _ assignment: Assignment, reason: String? = nil
    ) -> UpdateReport {
        UpdateReport(
            code, set: assignment.set, version: "\(assignment.version)",
            release: assignment.release, rollout: assignment.rollout, reason: reason)
    }

    /// Hands over what is not stored yet, and forgets what is (rule 5).
    private mutating func tellReports() {
        var draft = record
        if draft.forget(reports: house.told) {
            record = draft
            // what is told twice is known twice; the next phase brings it to the disk
        }
        if !record.reports.isEmpty { house.tell(record.reports) }
    }

    // MARK: idle

    /// Asks the source for an assignment; `next` says when again.
    private mutating func ask(_ now: Int64) throws(UpdateError) -> UpdateEvent? {
        guard now >= askAt else {
            next = askAt
            return nil
        }
        let found = try assigned(now)
        next = askAt
        guard let document = found else { return nil }
        let digest = Fingerprint.hex(document)
        let assignment: Assignment
        do {
            assignment = try Assignment(document)
        } catch {
            try refuse(
                digest,
                UpdateReport(
                    .failed, set: "", version: "", release: 0, reason: error.description))
            return nil
        }
        if try isKnown(assignment, digest) || record.isBad(assignment) { return nil }
        let faults = terms.faults(
            assignment, now: house.clock().now, release: record.release,
            running: house.running)
        guard faults.isEmpty else {
            try refuse(
                digest,
                Self.report(.failed, assignment, reason: faults.joined(separator: "; ")))
            return nil
        }
        return try go(.assigned) {
            $0.document = document
            $0.release = assignment.release
            $0.reason = ""
            $0.stagedAt = nil
            $0.house = nil
        }
    }

    /// What the source has; how it answers is counted, and remembered once an hour.
    ///
    /// Decides when it is asked again.
    mutating func assigned(_ now: Int64) throws(UpdateError) -> [UInt8]? {
        defer { askAt = now &+ watch.wait(poll: terms.pollSeconds) &* 1_000_000_000 }
        let document: [UInt8]?
        do throws(UpdateError) {
            document = try source.assignment()
            watch.noteAnswer()
        } catch {
            watch.noteFailure(error.description, now: now)
            let isCrossed = record.staleSeconds < watch.most && watch.alarm != nil
            if watch.seconds &- record.staleSeconds >= 3600 || isCrossed { keepWatch() }
            throw error
        }
        if record.staleSeconds > 0 { keepWatch() }
        return document
    }

    /// What is not on the disk is counted anew by the next program, and is no reason to stop.
    private mutating func keepWatch() {
        let seconds = watch.seconds
        try? keep { $0.staleSeconds = seconds }
    }

    /// Whether the assigned set is what runs; says so once, because the fleet counts silence as failure.
    private mutating func isKnown(
        _ assignment: Assignment, _ digest: String
    ) throws(UpdateError) -> Bool {
        guard house.running == assignment.sha256, assignment.gateway == terms.gateway,
            assignment.release >= record.release
        else { return false }
        guard record.told != digest else { return true }
        try keep {
            $0.told = digest
            $0.release = assignment.release
            $0.tell(Self.report(.good, assignment))
        }
        return true
    }

    /// Tells once why a document is not carried out.
    private mutating func refuse(_ digest: String, _ report: UpdateReport) throws(UpdateError) {
        awaited = report.text
        guard record.told != digest else { return }
        try keep {
            $0.told = digest
            $0.tell(report)
        }
    }
}
