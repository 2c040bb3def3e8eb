import Alarms
import FleetStore
import Telemetry

extension JSONWriter {
    /// A member that is a whole number or null.
    mutating func member(_ name: StaticString, _ value: (some BinaryInteger)?) {
        self.name(name)
        if let value { integer(value) } else { null() }
    }

    /// A member that is a number ÷ 10^`decimals`, or null.
    mutating func member(_ name: StaticString, _ value: (some BinaryInteger)?, decimals: Int) {
        self.name(name)
        if let value { decimal(Int64(clamping: value), decimals: decimals) } else { null() }
    }

    /// A member that is a text or null.
    mutating func member(_ name: StaticString, _ value: String?) {
        self.name(name)
        if let value { string(value) } else { null() }
    }

    /// A member that is a list of codes joined by commas.
    mutating func codes(_ name: StaticString, _ joined: String) {
        self.name(name)
        array { writer in for code in joined.split(separator: ",") { writer.string(code) } }
    }
}

/// What the API says of gateways and alarms, as JSON.
enum Documents {
    /// A list with the place where it goes on.
    static func list<Item>(
        _ items: [Item], next: String?, _ write: (Item, inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("items")
            writer.array { writer in for item in items { write(item, &writer) } }
            writer.member("next_cursor", next)
        }
        return writer.bytes
    }

    static func gateway(_ gateway: GatewaySummary, now: Int64, to writer: inout JSONWriter) {
        let freshness = Freshness(made: gateway.newest, gateway.quality, now: now)
        let isLive = freshness == .live
        writer.object { writer in
            writer.member("id", gateway.id)
            writer.member("label", gateway.label)
            writer.member("model", gateway.model)
            writer.member("region", gateway.region)
            writer.member("zone", gateway.zone)
            writer.moment("newest", unixMilliseconds: gateway.newest)
            writer.member("freshness", freshness.rawValue)
            writer.member("packs_configured", gateway.packsConfigured)
            writer.member("packs_online", isLive ? gateway.packsOnline : nil)
            writer.member("soc_pct", isLive ? gateway.stateOfCharge : nil, decimals: 2)
            writer.member("power_w", isLive ? gateway.watts : nil)
            writer.member("open_alarms", gateway.openAlarms)
            writer.member("unacknowledged_alarms", gateway.unacknowledged)
            writer.member("worst_level", level(gateway.severity))
        }
    }

    private static func level(_ severity: Int64) -> String? {
        switch severity {
        case 4: "fault"
        case 3: "protection"
        case 2: "warning"
        case 1: "information"
        default: nil
        }
    }

    static func alarm(_ alarm: Alarm, to writer: inout JSONWriter) {
        let subject = alarm.subject
        writer.object { writer in
            writer.member("gateway", subject.gateway)
            writer.member("code", subject.code)
            writer.member("level", subject.level)
            writer.member("pack", subject.pack)
            writer.moment("raised", unixMilliseconds: alarm.raised)
            writer.moment("last_raised", unixMilliseconds: alarm.last)
            writer.moment("cleared", unixMilliseconds: alarm.cleared)
            writer.member("ending", alarm.isOpen ? "open" : alarm.ending.rawValue)
            writer.member("times", alarm.times)
            writer.member("text", alarm.text)
            writer.moment("acknowledged", unixMilliseconds: alarm.acknowledged)
            writer.member(
                "acknowledged_by", alarm.acknowledged == nil ? nil : alarm.acknowledgedBy)
        }
    }

    static func cause(_ cause: AlarmCause, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("code", cause.code)
            writer.member("level", cause.level)
            writer.member("alarms", cause.alarms)
            writer.member("gateways", cause.gateways)
            writer.member("unacknowledged", cause.unacknowledged)
            writer.moment("oldest", unixMilliseconds: cause.oldest)
            writer.moment("newest", unixMilliseconds: cause.newest)
        }
    }
}
