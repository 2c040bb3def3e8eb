import Alarms
import FleetStore
import Telemetry
import Views

/// What the API says of gateways and alarms, as JSON.
enum Documents {
    /// A list with the place where it goes on.
    static func list<Item>(
        _ items: [Item], next: String?, _ write: (Item, inout JSONWriter) -> Void
    ) -> [UInt8] {
        ListDocument.bytes(items, next: next, write)
    }

    static func gateway(_ gateway: GatewaySummary, now: Int64, to writer: inout JSONWriter) {
        var document = GatewayDocument(id: gateway.id)
        (document.label, document.model) = (gateway.label, gateway.model)
        (document.region, document.zone) = (gateway.region, gateway.zone)
        (document.newest, document.quality) = (gateway.newest, gateway.quality)
        document.packsConfigured = gateway.packsConfigured
        document.packsOnline = gateway.packsOnline
        (document.stateOfCharge, document.watts) = (gateway.stateOfCharge, gateway.watts)
        document.openAlarms = gateway.openAlarms
        document.unacknowledged = gateway.unacknowledged
        document.worstLevel = level(gateway.severity)
        document.sharedBy = gateway.sharedBy
        document.write(now: now, to: &writer)
    }

    static func level(_ severity: Int64) -> String? {
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
        AlarmDocument(
            gateway: subject.gateway, code: subject.code, level: subject.level,
            pack: subject.pack, raised: alarm.raised, last: alarm.last, cleared: alarm.cleared,
            ending: alarm.isOpen ? "open" : alarm.ending.rawValue, times: alarm.times,
            text: alarm.text,
            consequence: AlarmConsequence(code: subject.code, level: subject.level).rawValue,
            who: AlarmTexts.actor(code: subject.code), acknowledged: alarm.acknowledged,
            acknowledgedBy: alarm.acknowledged == nil ? nil : alarm.acknowledgedBy
        ).write(to: &writer)
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
