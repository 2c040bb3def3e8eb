import Bank
import CANProfile
import CANTransport
import Modbus
import Quantities
import Telemetry

/// What the bridge tells the others after every evaluation.
struct BridgeSnapshot: Sendable {
    /// The bank as the inverter was last told.
    var state = BankState()
    /// The packs behind it.
    var packs: PackTable
    /// How the bus is.
    var busState = BusState.removed
    /// Why the bus carries nothing, in words.
    var busProblem = ""
    /// What the bus has done.
    var counters = BusCounters()
    /// The profile that is spoken; empty before the bridge began.
    var profile = ""
    /// The quirks of the profile that are switched on.
    var quirks: [String] = []
    /// What the inverter asks for, in words; empty when nothing.
    var requests = ""
    /// What foreign traffic on the bus means, in one sentence; empty when there is none.
    var foreign = ""
    /// How the inverter's keep-alive is.
    var inverter = InverterWatch.State.unseen
    /// Keep-alives received.
    var keepAlives: UInt64 = 0
    /// Frames that looked like keep-alives and had other content.
    var wrongKeepAlives: UInt64 = 0
    /// How late send cycles began, against their plan.
    var lateness = LatencyHistogram()
    /// Send cycles since the start.
    var sendCycles: UInt64 = 0
    /// Frames left out because a value was unknown, since the start.
    var withheld: UInt64 = 0
    /// When the first frame left, on the monotonic clock; `never` before it.
    var firstFrameAt: Instant = .never

    /// Nothing known yet of `count` packs.
    init(count: Int) { packs = PackTable(count: count) }

    /// Packs that have answered since `time`, as the bridge counts them.
    func packsOnline(since time: Instant) -> Int {
        (0..<packs.count).count {
            state.packStatus[$0] == .online && packs[$0].answeredAt >= time
        }
    }

    /// The part that records carry.
    func summary(profile: String) -> InverterSummary {
        let keepAlive =
            switch inverter {
            case .unseen: "unseen"
            case .present: "present"
            case .silent: "silent"
            }
        return InverterSummary(
            profile: self.profile.isEmpty ? profile : self.profile, keepAlive: keepAlive,
            busState: busState.rawValue,
            framesSent: counters.sent, framesReceived: counters.received)
    }
}
