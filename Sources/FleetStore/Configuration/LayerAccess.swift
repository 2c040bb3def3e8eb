import Telemetry

/// What a user may do with a layer of configuration.
///
/// A layer may be changed by who sees every gateway that it reaches, and may change those. One that reaches
/// others too is shown to who sees some of them, for it is part of what those run on.
package enum LayerAccess: Int, Hashable, Sendable, Comparable {
    /// It is as if it were not there.
    case none
    /// Look at it.
    case look
    /// Change it.
    case change

    package static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}

/// What became of a layer that a user made.
package enum LayerAddition: Hashable, Sendable {
    /// It is kept, and told.
    case added
    /// Somebody else was faster.
    case outdated
    /// The user may not change it, or not any more.
    case refused
}

extension ChangingStore {
    package func access(
        of user: User, to scope: ConfigurationScope
    ) throws(FleetStoreError) -> LayerAccess {
        try read { database throws(FleetStoreError) in try database.access(of: user, to: scope) }
    }

    package func add(
        _ layer: ConfigurationLayer, for name: String
    ) throws(FleetStoreError) -> LayerAddition {
        try change("keep a layer of configuration") { database throws(FleetStoreError) in
            guard let user = try database.lockUser(name),
                try database.access(of: user, to: layer.scope) == .change
            else { return .refused }
            guard try database.keepLayer(layer) else { return .outdated }
            try database.note(
                Author(user.name, at: layer.madeMilliseconds), user.tenant,
                .configurationChanged, "\(layer.scope)",
                AuditDetail.version.filled(["version": layer.version]))
            return .added
        }
    }

    package func newestEvent(
        code: String, of gateway: String
    ) throws(FleetStoreError) -> StoredSample<EventSample>? {
        let events: [StoredSample<EventSample>] = try read { database throws(FleetStoreError) in
            try database.rows(Queries.newestEvent, [.text(code), .text(gateway)])
        }
        return events.last
    }
}

extension FleetDatabase {
    fileprivate func access(
        of user: User, to scope: ConfigurationScope
    ) throws(FleetStoreError) -> LayerAccess {
        let most: LayerAccess = user.role.scopes.contains(.configure) ? .change : .look
        switch scope {
        case .gateway(let id): return try sees(user, id) ? most : .none
        case .group(let name):
            let found = try reached(
                "SELECT id FROM device WHERE device_group = ", .text(name), by: user)
            if found.seen == 0 { return .none }
            return found.seen == found.all ? most : .look
        case .fleet:
            // whoever comes to the fleet later gets it too
            let tenants: [Int64] = try rows("SELECT count(*) FROM tenant", [])
            guard user.role.seesAll, tenants.first == 1 else { return .look }
            let found = try reached(
                "SELECT id FROM device UNION SELECT gateway AS id FROM tenant_gateway WHERE '' = ",
                .text(""), by: user)
            return found.seen == found.all ? most : .look
        }
    }

    /// How many gateways a statement names, and how many of these the user sees.
    private func reached(
        _ statement: String, _ value: SQLValue, by user: User
    ) throws(FleetStoreError) -> (all: Int64, seen: Int64) {
        let (condition, parameters) = GatewayQuery.condition(user.sight)
        let place = "?\(parameters.count + 1)"
        let all: [Int64] = try rows("SELECT count(*) FROM (\(statement)?1) r", [value])
        let seen: [Int64] = try rows(
            """
            SELECT count(*) FROM (\(statement)\(place)) r
            JOIN tenant_gateway t ON t.gateway = r.id WHERE \(condition)
            """, parameters + [value])
        return (all.first ?? 0, seen.first ?? 0)
    }
}
