import Telemetry

/// An alarm from its first raising to its end, as JSON; times are Unix times in milliseconds.
package struct AlarmDocument {
    /// The gateway's id.
    package var gateway: String
    /// The stable name of what is wrong.
    package var code: String
    /// `information`, `warning`, `protection` or `fault`.
    package var level: String
    /// The pack's number from 1; 0 is the bank or the gateway.
    package var pack: Int32
    /// When it was raised first, and last.
    package var raised: Int64, last: Int64
    /// When it ended; nil while it stands.
    package var cleared: Int64?
    /// `open`, `cleared` or `restart`.
    package var ending: String
    /// How often it was raised.
    package var times: Int32
    /// The words it was raised with last.
    package var text: String
    /// What follows from it, and who should act, by their names in the texts of alarms.
    package var consequence: String, who: String
    /// When somebody said that they know of it, and who; nil when nobody did.
    package var acknowledged: Int64?, acknowledgedBy: String?

    /// Joins the parts.
    package init(
        gateway: String, code: String, level: String, pack: Int32, raised: Int64, last: Int64,
        cleared: Int64?, ending: String, times: Int32, text: String,
        consequence: String, who: String, acknowledged: Int64? = nil,
        acknowledgedBy: String? = nil
    ) {
        self.gateway = gateway
        self.code = code
        self.level = level
        self.pack = pack
        self.raised = raised
        self.last = last
        self.cleared = cleared
        self.ending = ending
        self.times = times
        self.text = text
        self.consequence = consequence
        self.who = who
        self.acknowledged = acknowledged
        self.acknowledgedBy = acknowledgedBy
    }

    /// Writes it.
    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("gateway", gateway)
            writer.member("code", code)
            writer.member("level", level)
            writer.member("pack", pack)
            writer.moment("raised", unixMilliseconds: raised)
            writer.moment("last_raised", unixMilliseconds: last)
            writer.moment("cleared", unixMilliseconds: cleared)
            writer.member("ending", ending)
            writer.member("times", times)
            writer.member("text", text)
            writer.member("consequence", consequence)
            writer.member("who", who)
            writer.moment("acknowledged", unixMilliseconds: acknowledged)
            writer.member("acknowledged_by", acknowledgedBy)
        }
    }
}
