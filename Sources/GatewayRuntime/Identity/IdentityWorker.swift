import HTTPSClient
import Logging
import Provisioning
import Quantities

/// The work of the identity's thread; used by it only.
struct IdentityWorker {
    /// How often the folder and the clock are looked at: a pair may come from `enroll` at any moment.
    private static var look: TimeSpan { .seconds(5) }
    /// Seconds by which the clock may drift between two looks without having been set.
    private static var drift: Int64 { 5 }

    private let setup: IdentitySetup
    private var keeper: IdentityKeeper
    private var mark: IdentityMark
    private var clockLead: Int64
    private var keeperAt = MachineClock.now()
    private var lookAt = MachineClock.now()
    private var trouble = ""
    private var told = IdentityState()
    private var hasTold = false

    init(_ setup: IdentitySetup, _ canceller: HTTPSCanceller) {
        let identity = setup.identity
        self.setup = setup
        keeper = IdentityKeeper(
            store: identity.store, floor: identity.floor, fleet: identity.fleet.url,
            connect: FleetConnection.overHTTPS(
                canceller, authorityFile: identity.fleet.authorityFile))
        mark = identity.store.mark
        clockLead = Self.lead
    }

    /// When there is something to do at the latest.
    var nextDeadline: Instant { min(keeperAt, lookAt) }

    /// One round; blocks while the fleet is asked.
    mutating func step() {
        // The state first: what the fleet says may take long.
        if !hasTold { tell() }
        if hasChanged() {
            keeper.noteChange()
            keeperAt = MachineClock.now()
        }
        if MachineClock.now() >= keeperAt { keep() }
        tell()
        lookAt = MachineClock.now() + Self.look
    }

    /// Whether somebody else changed the folder, or the clock was set.
    private mutating func hasChanged() -> Bool {
        let (found, lead) = (setup.identity.store.mark, Self.lead)
        let (jump, overflow) = lead.subtractingReportingOverflow(clockLead)
        let isSet = overflow || jump.magnitude > UInt64(Self.drift)
        defer { (mark, clockLead) = (found, lead) }
        return isSet || found != mark
    }

    private mutating func keep() {
        let report = keeper.step()
        mark = setup.identity.store.mark
        keeperAt = MachineClock.now() + .seconds(report.wait)
        if let pair = report.adopted {
            setup.identity.note(refusal: "")
            setup.log.info(
                "certificate renewed",
                metadata: ["gateway": "\(pair.gateway)", "pair": "\(pair.name)"])
        }
        let words = report.error?.description ?? ""
        switch report.error?.kind {
        case .refused: setup.identity.note(refusal: words)
        default: break
        }
        // Without a pair there is nothing to renew: the alarm says what to do.
        if !words.isEmpty, words != trouble, report.error?.kind != .noIdentity {
            setup.log.warning("certificate not renewed", metadata: ["reason": "\(words)"])
        }
        trouble = words
    }

    /// Shows the others how the identity is, and lets the link take a new pair.
    private mutating func tell() {
        let identity = setup.identity
        let clock = identity.floor.reading
        let found = Result { () throws(ProvisioningError) in
            try identity.store.select(clock: clock)
        }
        let state = IdentityState(
            found, clock: clock, refusal: identity.refusal, trouble: trouble,
            advice: identity.advice)
        let isOther = hasTold && state.pair != told.pair && !state.pair.isEmpty
        if !hasTold || state != told {
            setup.state.set(state)
            setup.recorderWake.raise()
        }
        (told, hasTold) = (state, true)
        if isOther {
            setup.mailbox?.renewCertificates()
            setup.news?.raise()
        }
    }

    /// Seconds by which the wall clock leads the one that nobody can set.
    private static var lead: Int64 {
        (MachineClock.wallNanoseconds() / 1_000_000_000).subtractingSaturated(
            MachineClock.now().nanoseconds / 1_000_000_000)
    }
}
