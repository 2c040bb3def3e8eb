import GatewaySettings
import ProfileSet

/// Which parts a change of plan touches; everything else goes on undisturbed.
struct PlanChange: CustomStringConvertible {
    /// Other packs, or in other places: lines, bridge and everything known of the packs begin anew.
    let hasLayout: Bool
    /// The bus or how frames are sent: the bridge begins anew.
    let hasBridge: Bool
    /// The bridge begins anew and speaks to the inverter in another way, at another bit rate or in another
    /// family: what is spoken now is left as it asks for.
    let hasFarewell: Bool
    /// Another profile on the same bus at the same bit rate: spoken from the next send cycle on.
    let hasProfile: Bool
    /// Other frames that tell of a wrong setting: known at once.
    let hasForeign: Bool
    /// Other ceilings or times: they count at once.
    let hasBank: Bool
    /// The broker or how to talk to it: a new connection.
    let hasLink: Bool
    /// Another rate for records of the past on the connection that there is.
    let backlogRate: Int?
    /// The lines that are opened anew.
    let lines: [Int]

    /// Compares two plans.
    init(from old: GatewayPlan, to new: GatewayPlan) {
        let (before, after) = (old.configuration, new.configuration)
        hasLayout =
            Self.layout(before) != Self.layout(after) || before.lines.count != after.lines.count
        var sameProfile = before.inverter
        sameProfile.profile = after.inverter.profile
        sameProfile.quirks = after.inverter.quirks
        hasBridge =
            hasLayout || sameProfile != after.inverter
            || old.profile.bitRate != new.profile.bitRate
        hasFarewell = hasBridge && !old.profile.isSameFamily(as: new.profile)
        func isSame(_ part: SetPart) -> Bool { old.marks[part] == new.marks[part] }
        let profile = SetPart(maps: [], profiles: [after.inverter.profile])
        hasProfile = !hasBridge && (before.inverter != after.inverter || !isSame(profile))
        hasForeign = !hasBridge && old.foreign != new.foreign
        let changedMaps = Set(after.lines.map(\.map)).filter {
            !isSame(SetPart(maps: [$0], profiles: []))
        }
        hasBank =
            before.bank != after.bank || old.bank.remoteCeilings != new.bank.remoteCeilings
            || !changedMaps.isEmpty
        var sameRate = before.mqtt
        sameRate?.backlogRate = after.mqtt?.backlogRate ?? 0
        sameRate?.stateIntervalSeconds = after.mqtt?.stateIntervalSeconds ?? 0
        hasLink = sameRate != after.mqtt
        backlogRate =
            !hasLink && before.mqtt?.backlogRate != after.mqtt?.backlogRate
            ? after.mqtt?.backlogRate : nil
        lines =
            hasLayout
            ? Array(before.lines.indices)
            : before.lines.indices.filter {
                before.lines[$0] != after.lines[$0] || changedMaps.contains(after.lines[$0].map)
            }
    }

    /// The map of every position: limits and places of the packs follow from it.
    private static func layout(_ configuration: GatewayConfiguration) -> [[String]] {
        configuration.lines.map { line in line.units.map { _ in line.map } }
    }

    /// `bridge, 2 lines, link`; `settings` when nothing begins anew.
    var description: String {
        var parts: [String] = []
        if hasBridge { parts.append("bridge") }
        if hasProfile { parts.append("profile") }
        if hasForeign { parts.append("foreign frames") }
        if hasBank { parts.append("ceilings") }
        if !lines.isEmpty { parts.append(lines.count == 1 ? "1 line" : "\(lines.count) lines") }
        if hasLink { parts.append("link") }
        return parts.isEmpty ? "settings" : parts.joined(separator: ", ")
    }
}
