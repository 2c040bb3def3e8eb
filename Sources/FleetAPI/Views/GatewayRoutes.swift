import FleetStore
import HTTPTypes
import Rollouts
import StrictJSON

/// What people say of a gateway.
extension UserRoutes {
    static let describing: [UserRoute] = [
        UserRoute(
            method: .patch, path: "/v1/gateways/{id}", scope: .configure, answer: describe)
    ]

    @Sendable static func describe(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let found = try await seen(asked, desk)
        try asked.query.finish()
        let precondition = try Precondition(asked.request.headers)
        let content = try await Content.read(
            asked.request, most: UserResponder.mostBytes, seconds: asked.bodySeconds,
            types: Content.patches)
        let words = try GatewayWords(content)
        let change = GatewayChange(
            gateway: found.id, label: words.label, zone: words.zone,
            user: asked.bearer.user.name, now: asked.now)
        let verdict = try await desk.ask { store in
            try store.change(change) { label, zone in
                let own = GatewayTag.settings(label: label, zone: zone)
                return precondition.holds { $0.hasSuffix(own) }
            }
        }
        switch verdict {
        case .done: return try await gateway(asked, desk)
        case .outdated: throw Precondition.failed
        case .unknownGateway: throw Problem.absent
        case .noDevice:
            throw Problem(
                .deviceMissing,
                "expected '\(found.id)' among the devices ('devices add'), it is not",
                values: ["gateway": found.id])
        }
    }
}

/// The tag of a gateway: that of the whole answer, and behind a point that of what can be changed.
///
/// A gateway measures every few seconds; that is no reason to refuse a label.
enum GatewayTag {
    static func whole(_ bytes: [UInt8], label: String, zone: String) -> String {
        "\(Digest.hex(bytes).prefix(32))" + settings(label: label, zone: zone)
    }

    static func settings(label: String, zone: String) -> String {
        ".\(Digest.hex(Array("\(zone)\n\(label)".utf8)).prefix(16))"
    }
}

/// A merge patch of what is said of a gateway.
struct GatewayWords {
    private(set) var label: String?, zone: String?

    /// Throws a ``Problem`` with all that is wrong.
    init(_ content: [UInt8]) throws {
        let faults = FaultList()
        guard var section = JSONSection(parsing: content, faults: faults) else {
            throw Problem.body(faults)
        }
        label = Self.text("label", &section)
        zone = Self.text("zone", &section)
        if let label {
            if label.utf8.count > 200 {
                section.fault("label", "has \(label.utf8.count) bytes, allowed 200")
            }
            if label.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
                section.fault("label", "has a control character, which is none of a name")
            }
        }
        if let zone, !zone.isEmpty, !ZoneClock.system.knows(zone) {
            section.fault("zone", "is '\(zone.prefix(64))', expected \(ZoneClock.expected)")
        }
        section.finish()
        guard faults.faults.isEmpty else { throw Problem.body(faults) }
    }

    /// A text; null takes it back.
    private static func text(_ name: String, _ section: inout JSONSection) -> String? {
        if case .null? = section.item(name)?.value { return "" }
        return section.string(name)
    }
}
