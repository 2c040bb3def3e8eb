import Telemetry

/// What the house shows at one moment, as far as a set can change it.
package struct HouseView: Hashable, Sendable {
    /// How the inverter answers.
    package enum Inverter: String, Sendable { case unseen, present, silent }

    /// Packs that answer.
    package var packs = 0
    /// How the inverter answers.
    package var inverter = Inverter.unseen
    /// How long the running set lets the inverter be without a sign of life before it counts as silent, in
    /// nanoseconds; known before the bridge has begun, and not kept over a start.
    package var silence: Int64 = 0
    /// Signs of life of the inverter since the bridge began.
    package var keepAlives: UInt64 = 0
    /// Whether frames leave for the inverter.
    package var isSending = false
    /// Alarms by their stable names, of all levels.
    package var alarms: Set<String> = []
    /// Exchanges with packs since their lines began.
    package var exchanges: UInt64 = 0
    /// Those whose answer could not be used.
    package var faultyExchanges: UInt64 = 0
    /// Whether a limit is on its way up.
    package var isRising = false
    /// Whether a pack is in protection.
    package var isProtected = false
    /// Whether a document of the fleet is on trial.
    package var isConfiguring = false

    /// Nothing is known.
    package init() {}
}

/// The clocks.
package struct UpdateClock: Hashable, Sendable {
    /// The monotonic clock in nanoseconds.
    package var monotonic: Int64
    /// Seconds since 1970.
    package var wall: Int64
    /// Whether a time service has set the wall clock.
    package var isTrusted: Bool
    /// A moment that has certainly passed, in seconds since 1970.
    package var floor: Int64

    /// Joins the parts.
    package init(monotonic: Int64, wall: Int64, isTrusted: Bool, floor: Int64 = 0) {
        self.monotonic = monotonic
        self.wall = wall
        self.isTrusted = isTrusted
        self.floor = floor
    }

    /// The moment at which the end of an assignment is judged, in seconds since 1970: a wall clock that
    /// is set back brings nothing back that has ended.
    package var now: Int64 { max(wall, floor) }
}

/// How the proof of a set came out.
package enum Proof: Hashable, Sendable {
    /// Every vector passes, and all that this gateway uses is there.
    case proved
    /// It does not, or looking at it ended the process that looked; one sentence for each fault.
    case disproved([String])
    /// The proof could not be made now; why.
    case unable(String)
}

/// The gateway around the agent.
///
/// Calls block; they are made on the agent's own thread.
package protocol UpdateHouse: Sendable {
    /// The clocks now.
    func clock() -> UpdateClock
    /// What the house shows now.
    func look() -> HouseView
    /// Proves the set in a folder, in a process of its own.
    func prove(path: String) -> Proof
    /// Keeps documents of the fleet from being tried until ``endTrial()``; false while one is on trial.
    func beginTrial() -> Bool
    /// Documents of the fleet may be tried again; nothing where they may already.
    func endTrial()
    /// Goes over to the set in a folder, nil for the one that was installed; why not, when it stays.
    func swap(to path: String?) -> String?
    /// The hash of the archive of the set that the program runs on; nil for the one that was installed.
    var running: String? { get }
    /// The release counter of the set that was installed with the program.
    var installedRelease: Int { get }
    /// Whether the owner agrees with going over to a set.
    func hasConsent(_ assignment: Assignment) -> Bool
    /// Hands reports over, which may be some that were handed over before; returns at once.
    func tell(_ reports: [NumberedReport])
    /// The highest number of a report that is stored.
    var told: Int { get }
}
