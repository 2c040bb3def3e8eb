import ProfileSet
import Telemetry

extension Updater {
    // MARK: the way in

    /// Why the assignment should not be carried on; nil while it should.
    private mutating func withdrawal(_ assignment: Assignment, _ now: Int64) -> String? {
        if house.clock().now >= assignment.notAfter { return UpdateReason.ended.filled() }
        guard let document = try? assigned(now), document != record.document,
            let other = try? Assignment(document), other.gateway == terms.gateway,
            other.release > assignment.release
        else { return nil }
        return UpdateReason.replaced.filled(["release": other.release])
    }

    private mutating func withdraw(
        _ assignment: Assignment, _ reason: String
    ) throws(UpdateError) -> UpdateEvent {
        try go(.withdrawn) {
            $0.reason = reason
            $0.tell(Self.report(.failed, assignment, reason: reason))
        }
    }

    mutating func download(
        _ assignment: Assignment, _ now: Int64
    ) throws(UpdateError) -> UpdateEvent? {
        if let reason = withdrawal(assignment, now) { return try withdraw(assignment, reason) }
        if !sets.has(assignment) {
            let bytes = try source.archive(
                sha256: assignment.sha256, length: assignment.length)
            try sets.keep(archive: bytes, assignment)
        }
        return try go(.fetched)
    }

    private mutating func fail(
        _ event: UpdateEvent, _ assignment: Assignment, _ reason: String
    ) throws(UpdateError) -> UpdateEvent {
        try go(event) {
            $0.reason = reason
            $0.giveUp(assignment)
            $0.tell(Self.report(.failed, assignment, reason: reason))
        }
    }

    mutating func verify(_ assignment: Assignment) throws(UpdateError) -> UpdateEvent? {
        if sets.has(assignment) { return try go(.sound) }
        guard let bytes = sets.archive(assignment) else { return try go(.lost) }
        guard bytes.count == assignment.length, Fingerprint.hex(bytes) == assignment.sha256 else {
            return try fail(
                .unsound, assignment,
                "the archive has \(bytes.count) bytes and another hash, expected \(assignment.length) bytes of \(assignment.sha256)"
            )
        }
        let files: [String: [UInt8]]
        do throws(ProfileSetError) {
            files = try SetArchive.unpack(bytes, name: assignment.set)
        } catch {
            return try fail(.unsound, assignment, error.description)
        }
        if let reason = Self.disagreement(files, assignment) {
            return try fail(.unsound, assignment, reason)
        }
        try sets.install(files, assignment)
        return try go(.sound)
    }

    /// What the set says of itself and the assignment otherwise; nil when they agree.
    private static func disagreement(
        _ files: [String: [UInt8]], _ assignment: Assignment
    ) -> String? {
        guard let manifest = SetManifest.peek(files) else {
            return UpdateReason.unreadable.filled()
        }
        if manifest.id != assignment.set || manifest.version != assignment.version {
            return
                "the archive is \(manifest.id) \(manifest.version), expected \(assignment.set) \(assignment.version)"
        }
        if manifest.release > assignment.release {
            return
                "the archive is release \(manifest.release), expected \(assignment.release) at most"
        }
        return nil
    }

    mutating func prove(
        _ assignment: Assignment, _ now: Int64
    ) throws(UpdateError) -> UpdateEvent? {
        guard sets.has(assignment) else { return try go(.lost) }
        switch house.prove(path: sets.folder.file("sets/\(assignment.place)")) {
        case .proved:
            waitingSince = house.clock().monotonic
            return try go(.proved) { $0.tell(Self.report(.delivered, assignment)) }
        case .disproved(let faults):
            let reason =
                faults.isEmpty
                ? UpdateReason.disproved.filled()
                : faults.prefix(8).joined(separator: "; ")
            return try fail(.disproved, assignment, reason)
        case .unable(let reason):
            throw .source("the set cannot be proved now: \(reason)")
        }
    }

    // MARK: waiting

    mutating func wait(
        _ assignment: Assignment, _ now: Int64
    ) throws(UpdateError) -> UpdateEvent? {
        if now >= askAt {
            if let reason = withdrawal(assignment, now) { return try withdraw(assignment, reason) }
        }
        guard sets.has(assignment) else { return try go(.lost) }
        let clock = house.clock()
        let waited = try waited(clock)
        let view = house.look()
        switch SwapVeto.decide(
            vetoes(assignment, view, clock), waited: waited, most: Int64(terms.deferralSeconds))
        {
        case .go:
            // a document may have come since the look
            guard house.beginTrial() else {
                next = now &+ Self.look
                return nil
            }
            let before = InstalledSets.place(running: house.running, among: sets)
            return try go(.admitted) {
                $0.before = before
                $0.house = view
            }
        case .wait(let words):
            awaited = "\(assignment.words) is ready, and waits: \(words)"
            next = now &+ Self.look
            return nil
        case .giveUp(let words): return try fail(.withdrawn, assignment, words)
        }
    }

    private func vetoes(
        _ assignment: Assignment, _ view: HouseView, _ clock: UpdateClock
    ) -> [SwapVeto] {
        var vetoes: [SwapVeto] = []
        if view.isRising { vetoes.append(.limitsRising) }
        if view.isProtected { vetoes.append(.packProtection) }
        if view.isConfiguring { vetoes.append(.configurationTrial) }
        if let window = assignment.window {
            let minute =
                clock.isTrusted
                ? zones.minuteOfDay(clock.wall, zone: window.zone) : nil
            if minute.map(window.contains) != true { vetoes.append(.outsideWindow) }
        }
        if !house.hasConsent(assignment) { vetoes.append(.noConsent) }
        return vetoes
    }

    /// Seconds since the set was ready: by this program, or over restarts by a clock that can be trusted.
    private mutating func waited(_ clock: UpdateClock) throws(UpdateError) -> Int64 {
        let since = waitingSince ?? clock.monotonic
        waitingSince = since
        let here = (clock.monotonic &- since) / 1_000_000_000
        guard clock.isTrusted else { return here }
        if let stagedAt = record.stagedAt, stagedAt <= clock.wall {
            return max(here, clock.wall - stagedAt)
        }
        try keep { $0.stagedAt = max(0, clock.wall - here) }
        return here
    }

    // MARK: the swap and after

    mutating func swap(_ assignment: Assignment) throws(UpdateError) -> UpdateEvent? {
        let place = "sets/\(assignment.place)"
        try sets.activate(place, before: record.before)
        if house.running != assignment.sha256,
            let reason = house.swap(to: sets.folder.file(place))
        {
            return try go(.refused) { $0.reason = reason }
        }
        waitingSince = nil
        return try go(.swapped) { $0.tell(Self.report(.applied, assignment)) }
    }

    mutating func watch(
        _ assignment: Assignment, _ now: Int64
    ) throws(UpdateError) -> UpdateEvent? {
        let view = house.look()
        guard house.running == assignment.sha256 else {
            return try go(.unwell) { $0.reason = UpdateReason.notRunning.filled() }
        }
        let probation =
            probation
            ?? Probation(
                before: record.house ?? HouseView(), first: view, now: now,
                seconds: terms.probationSeconds, isRestart: isRestart)
        self.probation = probation
        switch probation.judge(view, now: now) {
        case .watching:
            next = now &+ Self.look
            return nil
        case .well:
            let event = try go(.well) {
                $0.told = Fingerprint.hex($0.document)
                $0.tell(Self.report(.good, assignment))
            }
            self.probation = nil
            return event
        case .unwell(let reason):
            self.probation = nil
            return try go(.unwell) { $0.reason = reason }
        }
    }

    /// The running gateway first, then the links: the house must not wait for a disk (rule 6).
    ///
    /// Where the set before cannot be run any more, what runs instead of the tried one stays.
    mutating func revert(_ assignment: Assignment) throws(UpdateError) -> UpdateEvent? {
        probation = nil
        if house.running != InstalledSets.sha256(of: record.before),
            let reason = house.swap(to: record.before.map { sets.folder.file($0) }),
            house.running == assignment.sha256
        {
            throw .source("the set before cannot be run again: \(reason)")
        }
        try sets.goBack(to: InstalledSets.place(running: house.running, among: sets))
        return try go(.reverted) {
            $0.giveUp(assignment)
            $0.tell(Self.report(.reverted, assignment, reason: $0.reason))
        }
    }

    mutating func settle(_ now: Int64) throws(UpdateError) -> UpdateEvent? {
        if !isMade { try sets.make() }
        try sets.sweep()
        try sets.prune(keeping: [])
        let event = try go(.settled) {
            $0.document = []
            $0.before = nil
            $0.house = nil
            $0.stagedAt = nil
            $0.reason = ""
        }
        waitingSince = nil
        askAt = 0
        return event
    }
}
