import FleetStore
import History
import Telemetry

/// What a battery is about to do, and what holds it back.
struct OutlookDocument {
    let gateway: String
    /// Nil when nothing new tells.
    let outlook: BatteryOutlook?

    var bytes: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.member("gateway", gateway)
            writer.moment("made", unixMilliseconds: outlook?.time)
            writer.member("state", outlook?.flow?.rawValue ?? "unknown")
            range("to_full_min", .charging, .full, to: &writer)
            range("to_empty_min", .discharging, .empty, to: &writer)
            Self.limit("charge_limit", outlook?.chargeLimit, to: &writer)
            Self.limit("discharge_limit", outlook?.dischargeLimit, to: &writer)
        }
        return writer.bytes
    }

    /// The time is that of the last quarter of an hour; none is promised when the battery turned since.
    private func range(
        _ name: StaticString, _ flow: ChargeFlow, _ goal: RunTime.Goal, to writer: inout JSONWriter
    ) {
        writer.name(name)
        guard let time = outlook?.runTime, outlook?.flow == flow, time.goal == goal else {
            return writer.null()
        }
        writer.array { writer in
            writer.integer(time.shortest)
            writer.integer(time.longest)
        }
    }

    private static func limit(
        _ name: StaticString, _ limit: LimitReason?, to writer: inout JSONWriter
    ) {
        writer.name(name)
        guard let limit else { return writer.null() }
        writer.object { writer in
            writer.member("current_a", limit.milliamperes, decimals: 3)
            writer.member("rule", limit.rule)
            writer.member("pack", limit.pack)
            writer.member("cell", limit.cell)
        }
    }
}
