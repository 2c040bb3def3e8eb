import Telemetry

/// A gateway as a list shows it, as JSON.
///
/// Charge and power are shown while they are live only.
package struct GatewayDocument {
    /// The gateway's id.
    package var id: String
    /// What people call it, its model, region and time zone; empty when nobody said.
    package var label = "", model = "", region = "", zone = ""
    /// When its newest measurement was made, Unix time in milliseconds; nil when there is none.
    package var newest: Int64?
    /// How that time is known.
    package var quality = TimeQuality.unmended
    /// Packs that belong to the bank and those that answered; nil when nothing came.
    package var packsConfigured: Int32?, packsOnline: Int32?
    /// State of charge, 0.01 %, and power, W; positive charges.
    package var stateOfCharge: Int32?, watts: Int32?
    /// Open alarms, and those of them that nobody has acknowledged.
    package var openAlarms: Int64 = 0, unacknowledged: Int64 = 0
    /// How bad the worst of them is; nil when none is open.
    package var worstLevel: String?
    /// Who lets the user see it, by their name; nil for who sees it in their own right.
    package var sharedBy: String?

    /// A gateway of which only the id is known.
    package init(id: String) { self.id = id }

    /// Writes it as it is at a Unix time in milliseconds.
    package func write(now: Int64, to writer: inout JSONWriter) {
        let freshness = Freshness(made: newest, quality, now: now)
        let isLive = freshness == .live
        writer.object { writer in
            writer.member("id", id)
            writer.member("label", label)
            writer.member("model", model)
            writer.member("region", region)
            writer.member("zone", zone)
            writer.moment("newest", unixMilliseconds: newest)
            writer.member("freshness", freshness.rawValue)
            writer.member("packs_configured", packsConfigured)
            writer.member("packs_online", isLive ? packsOnline : nil)
            writer.member("soc_pct", isLive ? stateOfCharge : nil, decimals: 2)
            writer.member("power_w", isLive ? watts : nil)
            writer.member("open_alarms", openAlarms)
            writer.member("unacknowledged_alarms", unacknowledged)
            writer.member("worst_level", worstLevel)
            writer.member("shared_by", sharedBy)
        }
    }
}
