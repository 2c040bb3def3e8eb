import CANBus
import CANProfile

/// One kind of frame that was heard on a bus.
struct HeardFrame: Sendable {
    let identifier: CANIdentifier
    /// How often it came.
    var count = 0
    /// The last one.
    var last: CANFrame
    /// When the first and the last came, nanoseconds.
    var firstAt: Int64
    var lastAt: Int64

    /// The mean period in milliseconds; nil after one frame.
    var periodMilliseconds: Int64? {
        count > 1 ? (lastAt - firstAt) / Int64(count - 1) / 1_000_000 : nil
    }
}

/// What was heard on a bus, by identifier.
struct BusTraffic: Sendable {
    private(set) var frames: [CANIdentifier: HeardFrame] = [:]

    /// Takes a frame at a moment in nanoseconds.
    mutating func take(_ frame: CANFrame, at now: Int64) {
        var heard =
            frames[frame.identifier]
            ?? HeardFrame(identifier: frame.identifier, last: frame, firstAt: now, lastAt: now)
        heard.count += 1
        (heard.last, heard.lastAt) = (frame, now)
        frames[frame.identifier] = heard
    }

    /// By identifier.
    var sorted: [HeardFrame] {
        frames.values.sorted {
            ($0.identifier.isExtended ? 1 : 0, $0.identifier.rawValue)
                < ($1.identifier.isExtended ? 1 : 0, $1.identifier.rawValue)
        }
    }
}

/// How well a profile explains what an inverter says.
struct ProfileFit: Sendable {
    let profile: String
    let title: String
    /// Whether the sign of life the profile waits for was heard.
    var hasKeepAlive: Bool
    /// Heard identifiers that the profile's inverter sends.
    var explained: Int
    /// Heard identifiers nobody of this profile sends.
    var strange: Int
    /// Heard identifiers that a battery of this profile sends.
    var fromBattery: Int

    /// Nil when the profile explains nothing that an inverter said.
    init?(_ profile: CANProfile, _ traffic: BusTraffic) {
        self.profile = profile.id
        title = profile.title
        (hasKeepAlive, explained, strange, fromBattery) = (false, 0, 0, 0)
        let sent = Set(profile.plan.frames.map(\.identifier))
        for heard in traffic.sorted {
            if profile.keepAliveRule.accepts(heard.last) {
                hasKeepAlive = true
                explained += 1
            } else if sent.contains(heard.identifier) {
                fromBattery += 1
            } else if profile.message(for: heard.last) != nil {
                explained += 1
            } else {
                strange += 1
            }
        }
        guard explained > 0 else { return nil }
    }

    /// The profiles that explain most, the best first; equally good ones in the order of their names.
    static func rank(_ profiles: [CANProfile], _ traffic: BusTraffic) -> [ProfileFit] {
        profiles.compactMap { ProfileFit($0, traffic) }.sorted { left, right in
            if left.hasKeepAlive != right.hasKeepAlive { return left.hasKeepAlive }
            if left.strange != right.strange { return left.strange < right.strange }
            if left.explained != right.explained { return left.explained > right.explained }
            return left.profile < right.profile
        }
    }

    /// Whether two fits cannot be told apart by what was heard.
    func isAsGood(as other: ProfileFit) -> Bool {
        (hasKeepAlive, explained, strange) == (other.hasKeepAlive, other.explained, other.strange)
    }
}
