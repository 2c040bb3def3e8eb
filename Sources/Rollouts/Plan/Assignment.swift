import Telemetry

/// What one gateway shall install; it is signed and fetched by the gateway.
package struct Assignment: Hashable, Sendable {
    /// The gateway's id.
    package var gateway: String
    /// What it installs.
    package var set: SetRelease
    /// Counts up with every assignment of a gateway, so that an old one is never taken for news.
    package var release: Int64
    /// Unix time in milliseconds after which it must not be begun any more.
    package var notAfterMilliseconds: Int64
    /// The hours in which the set may be swapped, and the zone whose clock counts; nil is at once.
    package var window: MaintenanceWindow?
    /// The IANA name of that zone.
    package var zone: String
    /// The rollout it belongs to.
    package var rollout: String

    /// Joins the parts.
    package init(
        gateway: String, set: SetRelease, release: Int64, notAfterMilliseconds: Int64,
        window: MaintenanceWindow? = nil, zone: String = "UTC", rollout: String
    ) {
        self.gateway = gateway
        self.set = set
        self.release = release
        self.notAfterMilliseconds = notAfterMilliseconds
        self.window = window
        self.zone = zone
        self.rollout = rollout
    }

    /// A Unix time in milliseconds as assignments write it, in whole seconds: `2026-11-26T04:31:00Z`.
    static func moment(_ milliseconds: Int64) -> String {
        RFC3339.text(unixMilliseconds: milliseconds).dropLast(5) + "Z"
    }

    /// The document, JSON.
    package var document: String {
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.name("gateway")
            writer.string(gateway)
            set.writeMembers(to: &writer, release: release)
            writer.name("not_after")
            writer.string(Self.moment(notAfterMilliseconds))
            if let window {
                writer.name("window")
                writer.object { writer in
                    writer.name("from")
                    writer.string(window.opening)
                    writer.name("to")
                    writer.string(window.closing)
                    writer.name("zone")
                    writer.string(zone)
                }
            }
            writer.name("rollout")
            writer.string(rollout)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// Who signs assignments and lets gateways have them.
///
/// Giving the same assignment again changes nothing: after a start all are given again.
package protocol AssignmentSink: AnyObject {
    /// Publishes what gateways shall install; the documents are those of `Assignment`.
    ///
    /// Returns when gateways can fetch all of it; throws when any of it was not published.
    func publish(_ assignments: [HandedAssignment]) throws(RolloutFault)
}

/// An assignment on its way to a gateway.
package struct HandedAssignment: Hashable, Sendable {
    /// The gateway's id.
    package var gateway: String
    /// Its counter.
    package var release: Int64
    /// The document; nil takes back the one before.
    package var document: String?

    /// Joins the parts.
    package init(gateway: String, release: Int64, document: String?) {
        self.gateway = gateway
        self.release = release
        self.document = document
    }
}
