import GatewaySettings
import Glibc
import Logging
import Quantities
import RemoteConfiguration
import Telemetry

/// The work of the configuration's thread; used by it only.
struct ConfigurationWorker {
    private enum Phase {
        /// Nothing is under way.
        case idle
        /// The main thread is going over to a document's plan.
        case applying(GatewayPlan)
        /// The plan runs; whether it stays is not known yet.
        case trial(ConfigurationTrial)
        /// The main thread is going back.
        case reverting(ConfigurationRefusal)
    }

    private static var look: TimeSpan { .milliseconds(200) }
    private static var askAgain: TimeSpan { .seconds(2) }

    private let setup: ConfigurationSetup
    private var keeper: ConfigurationKeeper
    private var plan: GatewayPlan
    private var phase = Phase.idle {
        didSet {
            var isBusy = true
            if case .idle = phase { isBusy = false }
            setup.control.isBusy.store(isBusy, ordering: .releasing)
            if !isBusy { setup.trials.giveBack(.configuration) }
        }
    }
    private var schedule: FetchSchedule
    private var generator = SystemRandomNumberGenerator()
    private var appliedAt = MachineClock.now()
    private var askAt = Instant.never
    private var hasMoreNews = false
    private var hadKeepAlive = false
    /// Whether lines began anew with the document on trial, so that their packs have to answer again.
    private var hasNewLines = true
    private var trouble = ""
    /// The newest document that came while a profile set was on trial.
    private var heldBack: (bytes: [UInt8], tag: String?)?

    init(_ setup: ConfigurationSetup) {
        self.setup = setup
        keeper = setup.beginning.keeper
        plan = setup.plan
        schedule = FetchSchedule(
            intervalSeconds: setup.plan.configuration.fleet?.pollSeconds ?? 300,
            now: MachineClock.now().nanoseconds)
    }

    /// When there is something to do at the latest.
    var nextDeadline: Instant {
        switch phase {
        case .idle: Instant(nanoseconds: schedule.next)
        case .applying, .reverting: Instant(nanoseconds: .max)
        case .trial: MachineClock.now() + Self.look
        }
    }

    // MARK: events

    /// Tells what a start runs on, and watches it when it is on trial.
    mutating func begin() {
        if let refusal = setup.beginning.reverted { tell(.reverted, refusal) }
        if setup.beginning.isTrial, let candidate = keeper.candidate {
            watch(expects: candidate.expects)
        } else {
            tell(.running)
        }
    }

    /// The fleet has another document.
    mutating func noteNews() {
        if case .idle = phase { schedule.call(now: MachineClock.now().nanoseconds) }
        hasMoreNews = true
    }

    /// The main thread has gone over to the plan it was given.
    mutating func noteApplied() {
        guard let outcome = setup.control.handover.outcome else { return }
        switch phase {
        case .applying(let next):
            plan = next
            watch(expects: keeper.candidate?.expects ?? Reach())
            if let trouble = outcome.trouble { revert([trouble]) }
        case .reverting(let refusal):
            phase = .idle
            tell(.reverted, refusal)
            resume()
        case .idle, .trial: break
        }
    }

    /// One round.
    mutating func step() {
        let now = MachineClock.now()
        switch phase {
        case .idle:
            if now.nanoseconds >= schedule.next { fetch() }
        case .trial(var trial):
            if !trial.hasFleet, now >= askAt {
                trial.noteFleet(trouble: ask())
                phase = .trial(trial)
            }
            judge(trial)
        case .applying, .reverting: break
        }
    }

    // MARK: fetching

    private func answer() -> ConfigurationFetcher.Answer {
        do {
            let exchange = try setup.control.connect(setup.control.fleet)
            return ConfigurationFetcher(exchange, url: setup.control.fleet.url).fetch(
                tags: keeper.tags, mostBytes: RemoteDocument.mostBytes,
                wallSeconds: MachineClock.wallNanoseconds() / 1_000_000_000)
        } catch {
            return .unreachable(error.description)
        }
    }

    /// Whether the fleet answers while a document is on trial; why not, in words.
    private mutating func ask() -> String? {
        defer { askAt = MachineClock.now() + Self.askAgain }
        switch answer() {
        case .document, .unchanged, .later: return nil
        case .unreachable(let words): return words
        }
    }

    private mutating func fetch() {
        hasMoreNews = false
        let answer = answer()
        let now = MachineClock.now().nanoseconds
        switch answer {
        case .unchanged: schedule.noteAnswer(now: now, using: &generator)
        case .document(let bytes, let tag):
            schedule.noteAnswer(now: now, using: &generator)
            take(bytes, tag)
        case .later(let words, let seconds):
            schedule.noteTrouble(retrySeconds: seconds, now: now, using: &generator)
            note(words)
            return
        case .unreachable(let words):
            schedule.noteTrouble(retrySeconds: nil, now: now, using: &generator)
            note(words)
            return
        }
        note("")
    }

    /// Each trouble is logged once, not at every attempt.
    private mutating func note(_ words: String) {
        if words != trouble, !words.isEmpty {
            setup.log.warning("fleet's configuration not fetched", metadata: ["reason": "\(words)"])
        }
        trouble = words
    }

    /// Takes the document that was held back, now that the trial of a profile set is over.
    mutating func takeHeldBack() {
        guard case .idle = phase, let held = heldBack else { return }
        take(held.bytes, held.tag)
    }

    /// Judges a document and begins its trial, once no profile set is on trial: it is judged with the set
    /// that stays.
    private mutating func take(_ bytes: [UInt8], _ tag: String?) {
        guard setup.trials.take(.configuration) else {
            if heldBack?.bytes != bytes {
                setup.log.info("document of the fleet waits: a profile set is on trial")
            }
            heldBack = (bytes, tag)
            return
        }
        heldBack = nil
        defer { if case .idle = phase { setup.trials.giveBack(.configuration) } }
        do {
            switch try keeper.take(bytes, tag: tag, setup.control.judge) {
            case .known: break
            case .refused(let refusal): tell(.refused, refusal)
            case .accepted(let next): try apply(next)
            }
        } catch {
            setup.log.error(
                "configuration not stored, so not applied", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: trial

    private mutating func apply(_ next: GatewayPlan) throws(FileError) {
        let reach = reach(since: .never, packsSince: .never)
        try keeper.beginTrial(
            expects: reach.expected(
                packs: next.packCount, hasLink: next.configuration.mqtt != nil),
            wallMilliseconds: MachineClock.wallNanoseconds() / 1_000_000)
        hadKeepAlive = setup.snapshots.get().inverter == .present
        hasNewLines = !PlanChange(from: plan, to: next).lines.isEmpty
        phase = .applying(next)
        setup.control.handover.offer(next)
    }

    private mutating func watch(expects: Reach) {
        appliedAt = MachineClock.now()
        askAt = appliedAt
        phase = .trial(
            ConfigurationTrial(
                expects: expects, now: appliedAt.nanoseconds,
                seconds: setup.control.fleet.confirmSeconds))
    }

    /// What is reached, by what was seen since two moments only.
    ///
    /// A round through 16 packs takes 7 s at 9600 baud. Where their lines go on undisturbed, what they
    /// answered before counts as long as it counts for the inverter.
    private func reach(since time: Instant, packsSince: Instant) -> Reach {
        let snapshot = setup.snapshots.get()
        let isFresh = snapshot.state.takenAt != .never && snapshot.state.takenAt >= time
        return Reach(
            packs: isFresh ? snapshot.packsOnline(since: packsSince) : 0,
            inverter: isFresh && snapshot.busState.carriesFrames
                && snapshot.firstFrameAt != .never
                && (hadKeepAlive ? snapshot.inverter == .present : snapshot.inverter != .silent),
            link: setup.mailbox?.status.state == .online)
    }

    private mutating func judge(_ trial: ConfigurationTrial) {
        let reach = reach(since: appliedAt, packsSince: hasNewLines ? appliedAt : .never)
        switch trial.judge(reach, now: MachineClock.now().nanoseconds) {
        case .waiting: break
        case .failed(let faults): revert(faults)
        case .confirmed:
            do {
                try keeper.confirm()
            } catch {
                setup.log.error(
                    "configuration works and cannot be stored", metadata: ["reason": "\(error)"])
            }
            phase = .idle
            tell(.applied)
            resume()
        }
    }

    private mutating func revert(_ faults: [String]) {
        let refusal = ConfigurationRefusal(
            version: keeper.candidate?.version, tag: keeper.candidate?.tag, faults: faults)
        do {
            try keeper.revert(faults)
        } catch {
            setup.log.error(
                "reverted configuration not noted", metadata: ["reason": "\(error)"])
        }
        do {
            plan = try keeper.start(setup.control.judge).plan
        } catch {
            setup.log.critical(
                "no configuration to go back to", metadata: ["reason": "\(error)"])
            phase = .idle
            return
        }
        hadKeepAlive = false
        phase = .reverting(refusal)
        setup.control.handover.offer(plan)
    }

    /// Goes on asking, at once when there were news meanwhile.
    private mutating func resume() {
        let now = MachineClock.now().nanoseconds
        schedule.change(
            intervalSeconds: plan.configuration.fleet?.pollSeconds ?? 300, now: now,
            using: &generator)
        if hasMoreNews { schedule.call(now: now) }
    }

    // MARK: reports

    private func tell(
        _ result: ConfigurationReport.Result, _ refusal: ConfigurationRefusal? = nil
    ) {
        var report = ConfigurationReport(
            result, appliedVersion: keeper.current?.version, appliedAt: keeper.current?.appliedAt,
            version: refusal?.version)
        report.faults = refusal?.faults ?? []
        report.heldBack = plan.held.map(\.description)
        setup.reports.add(report)
        setup.recorderWake.raise()
        setup.log.log(
            level: refusal == nil ? .info : .warning, "configuration of the fleet",
            metadata: ["outcome": "\(report.text)"])
    }
}
