import LocalAPI
import MQTTLink
import ProfileSet
import Quantities
import Telemetry
import Views

/// What the local app is told of this house: copies of what the other threads leave for everybody.
struct LocalHouse: House {
    let gateway: String
    let startedAt: Instant
    let snapshots: Latest<BridgeSnapshot>
    let lines: Latest<[Latest<LineStatus>]>
    let uplink: Latest<UplinkStatus>
    let mailbox: LinkMailbox?
    let identity: Latest<IdentityState>?
    let update: Latest<UpdateState>?
    let plan: Latest<GatewayPlan>

    var uptime: Int64 { MachineClock.now().nanoseconds / 1_000_000 }
    var wall: Int64 { MachineClock.wallNanoseconds() / 1_000_000 }

    func moment() -> HouseMoment {
        let snapshot = snapshots.get()
        guard snapshot.state.takenAt != .never else {
            return HouseMoment(made: nil, bank: nil, packs: [])
        }
        let summary = snapshot.summary(profile: "")
        let age = MachineClock.now().since(snapshot.state.takenAt).milliseconds
        return HouseMoment(
            made: wall - max(0, age), bank: BankSample(snapshot.state, summary),
            packs: (0..<snapshot.packs.count).map { position in
                PackSample(
                    snapshot.packs[position], number: position + 1,
                    status: snapshot.state.packStatus[position],
                    now: snapshot.state.takenAt)
            })
    }

    func diagnosis() -> [UInt8] {
        let snapshot = snapshots.get()
        let plan = plan.get()
        var uplink = uplink.get()
        if let link = mailbox?.status { uplink.apply(link) }
        var update = update?.get()
        update?.running = plan.profileSet
        let document = StatusDocument(
            gateway: gateway, startedAt: startedAt, profile: plan.profile.id)
        let summary = snapshot.summary(profile: plan.profile.id)
        var writer = JSONWriter(capacity: 16_384)
        writer.object { writer in
            writer.member("gateway", gateway)
            writer.moment("made", unixMilliseconds: wall)
            writer.name("clock_trusted")
            writer.bool(MachineClock.isWallTrusted())
            writer.member("version", Version.number)
            writer.member("profile_set", plan.profileSet)
            writer.member(
                "uptime_s", MachineClock.now().since(startedAt).milliseconds / 1000)
            writer.name("inverter")
            writer.object { writer in
                writer.member("profile", summary.profile)
                writer.member("keep_alive", summary.keepAlive)
                writer.member("bus", summary.busState)
                writer.member("frames_sent", summary.framesSent)
                writer.member("frames_received", summary.framesReceived)
            }
            document.writeParts(
                snapshot, lines.get().map { $0.get() }, uplink, identity: identity?.get(),
                update: update, to: &writer)
        }
        return writer.bytes
    }
}
