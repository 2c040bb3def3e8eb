import Bank
import Modbus
import Outbox
import PackMap
import Quantities
import Telemetry
import ProfileSet

/// What the storing and publishing side tells about itself.
struct UplinkStatus: Sendable {
    /// The outbox could be opened; otherwise why not.
    var outboxProblem = ""
    var depth: Int64 = 0
    var nextSequence: Int64 = 0
    var epoch: Int64 = 0
    var fileBytes: Int64 = 0
    var usedBytes: Int64 = 0
    var budgetBytes: Int64 = 0
    var oldestWallMilliseconds: Int64?
    var lost: Int64 = 0
    var losses: [LossReason: Int64] = [:]
    /// Records the fleet has stored since the start.
    var stored: Int64 = 0
    /// Records of the past that are still to be sent.
    var backlog: Int64 = 0
    /// Records the broker has taken and the fleet has not confirmed.
    var unconfirmed: Int64 = 0
    /// Records appended since the start.
    var appended: Int64 = 0
    /// Records the broker has acknowledged since the start.
    var acknowledged: Int64 = 0
    /// How the link is: `off`, `connecting`, `connected`, `waiting` or `unusable`.
    var linkState = "off"
    /// Why no link can be made, in words; empty when there is one.
    var linkFault = ""
    var linkProblem = ""
    var reconnects: UInt64 = 0
    var inFlight = 0
    /// Telemetry records that could not be written to the NDJSON file.
    var fileFailures: UInt64 = 0
}

/// Writes what `watch` shows: the bank as in a record, and how every part of the gateway is doing.
struct StatusDocument {
    let gateway: String
    let startedAt: Instant
    var profile: String

    /// Writes one line of JSON with its line end; `identity` is nil without a fleet, `update` without
    /// `[update]`.
    func write(
        _ snapshot: BridgeSnapshot, _ lines: [LineStatus], _ uplink: UplinkStatus,
        identity: IdentityState? = nil, update: UpdateState? = nil, now: Instant,
        to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.name("schema")
            writer.string("amphora/status/v1")
            writer.name("gateway")
            writer.string(gateway)
            writer.name("version")
            writer.string(Version.number)
            writer.name("uptime_s")
            writer.integer(now.since(startedAt).milliseconds / 1000)
            TelemetryDocument.writeBody(
                snapshot.state, snapshot.packs, snapshot.summary(profile: profile), now: now,
                to: &writer)
            writeParts(
                snapshot, lines, uplink, identity: identity, update: update, to: &writer)
        }
        writer.endLine()
    }

    /// Writes the members that tell how the parts of the gateway are doing.
    func writeParts(
        _ snapshot: BridgeSnapshot, _ lines: [LineStatus], _ uplink: UplinkStatus,
        identity: IdentityState?, update: UpdateState?, to writer: inout JSONWriter
    ) {
        writer.name("bridge")
        writer.object { writer in write(bridge: snapshot, to: &writer) }
        writer.name("lines")
        writer.array { writer in
            for line in lines { write(line, to: &writer) }
        }
        writer.name("outbox")
        writer.object { writer in write(outbox: uplink, to: &writer) }
        writer.name("link")
        writer.object { writer in write(link: uplink, to: &writer) }
        writer.name("identity")
        if let identity { identity.write(to: &writer) } else { writer.null() }
        if let update {
            writer.name("update")
            update.write(to: &writer)
        }
    }

    private func write(bridge snapshot: BridgeSnapshot, to writer: inout JSONWriter) {
        writer.name("problem")
        writer.string(snapshot.busProblem)
        writer.name("send_cycles")
        writer.integer(snapshot.sendCycles)
        writer.name("withheld_frames")
        writer.integer(snapshot.withheld)
        writer.name("dropped_frames")
        writer.integer(snapshot.counters.dropped &+ snapshot.counters.undeliverable)
        writer.name("error_frames")
        writer.integer(snapshot.counters.errorFrames)
        writer.name("keep_alives")
        writer.integer(snapshot.keepAlives)
        writer.name("wrong_keep_alives")
        writer.integer(snapshot.wrongKeepAlives)
        writer.name("quirks")
        writer.array { writer in
            for quirk in snapshot.quirks { writer.string(quirk) }
        }
        writer.name("inverter_requests")
        writer.string(snapshot.requests)
        writer.name("foreign_traffic")
        writer.string(snapshot.foreign)
        writer.name("first_frame_ms")
        if snapshot.firstFrameAt == .never {
            writer.null()
        } else {
            writer.integer(snapshot.firstFrameAt.since(startedAt).milliseconds)
        }
        writer.name("cycle_lateness_ms")
        write(snapshot.lateness, to: &writer)
    }

    private func write(_ histogram: LatencyHistogram, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("last")
            writer.decimal(histogram.last / 1000, decimals: 3)
            writer.name("longest")
            writer.decimal(histogram.longest / 1000, decimals: 3)
            writer.name("counts")
            writer.array { writer in
                for bucket in 0..<12 { writer.integer(histogram.count(in: bucket)) }
            }
        }
    }

    private func write(_ line: LineStatus, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("name")
            writer.string(line.name)
            writer.name("endpoint")
            writer.string(line.endpoint)
            writer.name("map")
            writer.string(line.map)
            writer.name("state")
            writer.string(line.state.rawValue)
            writer.name("trouble")
            writer.string(line.trouble)
            writer.name("cycle_ms")
            writer.integer(line.cycle.milliseconds)
            writer.name("wire_ms")
            writer.integer(line.wireTime.milliseconds)
            writer.name("stray_bytes")
            writer.integer(line.strayBytes)
            writer.name("units")
            writer.array { writer in
                for unit in line.units { write(unit, to: &writer) }
            }
        }
    }

    private func write(_ unit: LineStatus.Unit, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("unit")
            writer.integer(unit.unit)
            writer.name("pack")
            writer.integer(unit.position + 1)
            writer.name("state")
            switch unit.state {
            case .unknown: writer.string("unknown")
            case .answering: writer.string("answering")
            case .missed: writer.string("missed")
            case .backedOff: writer.string("backed_off")
            }
            writer.name("trouble")
            writer.string(unit.trouble)
            writer.name("requests")
            writer.integer(unit.statistics.requests)
            writer.name("replies")
            writer.integer(unit.statistics.replies)
            writer.name("timeouts")
            writer.integer(unit.statistics.timeouts)
            writer.name("crc_errors")
            writer.integer(unit.statistics.checkFailures)
            writer.name("exceptions")
            writer.integer(unit.statistics.exceptions)
            writer.name("wrong_units")
            writer.integer(unit.statistics.wrongUnits)
            writer.name("implausible")
            writer.integer(unit.statistics.implausible)
            writer.name("reply_ms")
            write(unit.statistics.latency, to: &writer)
        }
    }

    private func write(outbox uplink: UplinkStatus, to writer: inout JSONWriter) {
        writer.name("problem")
        writer.string(uplink.outboxProblem)
        writer.name("epoch")
        writer.integer(uplink.epoch)
        writer.name("depth")
        writer.integer(uplink.depth)
        writer.name("next_seq")
        writer.integer(uplink.nextSequence)
        writer.name("bytes")
        writer.integer(uplink.fileBytes)
        writer.name("appended")
        writer.integer(uplink.appended)
        writer.name("acknowledged")
        writer.integer(uplink.acknowledged)
        writer.name("used_bytes")
        writer.integer(uplink.usedBytes)
        writer.name("budget_bytes")
        writer.integer(uplink.budgetBytes)
        writer.moment("oldest", unixMilliseconds: uplink.oldestWallMilliseconds)
        writer.name("stored")
        writer.integer(uplink.stored)
        writer.name("lost")
        writer.integer(uplink.lost)
        writer.counts("losses", uplink.losses.listed)
        writer.name("file_failures")
        writer.integer(uplink.fileFailures)
    }

    private func write(link uplink: UplinkStatus, to writer: inout JSONWriter) {
        writer.name("state")
        writer.string(uplink.linkState)
        writer.name("problem")
        writer.string(uplink.linkProblem)
        writer.name("reconnects")
        writer.integer(uplink.reconnects)
        writer.name("in_flight")
        writer.integer(uplink.inFlight)
        writer.name("backlog")
        writer.integer(uplink.backlog)
        writer.name("unconfirmed")
        writer.integer(uplink.unconfirmed)
    }
}
