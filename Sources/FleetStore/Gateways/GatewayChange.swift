import Telemetry

/// What a user says of a gateway in place of what was said of it before.
package struct GatewayChange: Hashable, Sendable {
    /// The gateway's id.
    package var gateway: String
    /// What people call it, and its time zone by its IANA name, empty for none; nil stays as it is.
    package var label: String?, zone: String?
    /// Who says it, by the name of a user.
    package var user: String
    /// Unix time in milliseconds.
    package var now: Int64

    /// Joins the parts.
    package init(gateway: String, label: String?, zone: String?, user: String, now: Int64) {
        self.gateway = gateway
        self.label = label
        self.zone = zone
        self.user = user
        self.now = now
    }
}

/// What became of a change of a gateway.
package enum GatewayChangeVerdict: Hashable, Sendable {
    /// It says so now.
    case done
    /// Somebody else changed it since it was looked at.
    case outdated
    /// The user does not see such a gateway, or may not change it.
    case unknownGateway
    /// Nobody added the gateway to the devices of the fleet.
    case noDevice
}

extension ChangingStore {
    package func change(
        _ asked: GatewayChange, ifAny isCurrent: (_ label: String, _ zone: String) -> Bool
    ) throws(FleetStoreError) -> GatewayChangeVerdict {
        try change("change a gateway") { database throws(FleetStoreError) in
            guard let user = try database.lockUser(asked.user),
                user.role.scopes.contains(.configure),
                try database.sees(user, asked.gateway)
            else { return .unknownGateway }
            guard let device = try database.lockDevice(asked.gateway) else { return .noDevice }
            guard isCurrent(device.label, device.zone) else { return .outdated }
            let (label, zone) = (asked.label ?? device.label, asked.zone ?? device.zone)
            try database.run(
                "UPDATE device SET label = ?2, zone = ?3 WHERE id = ?1",
                [.text(device.id), .text(label), .text(zone)])
            let detail: AuditDetail
            switch (label != device.label, zone != device.zone) {
            case (true, true): detail = .labelAndZone
            case (true, false): detail = .label
            case (false, true): detail = .zone
            case (false, false): return .done
            }
            try database.note(
                Author(user.name, at: asked.now), user.tenant, .gatewayChanged, device.id,
                detail.filled(["label": label, "zone": zone]))
            return .done
        }
    }
}

extension FleetDatabase {
    /// Whether a user sees a gateway as things are in this transaction.
    func sees(_ user: User, _ gateway: String) throws(FleetStoreError) -> Bool {
        let (condition, parameters) = GatewayQuery.condition(user.sight)
        let found: [RowText] = try rows(
            "SELECT t.gateway FROM tenant_gateway t WHERE \(condition) AND t.gateway = "
                + "?\(parameters.count + 1)", parameters + [.text(gateway)])
        return !found.isEmpty
    }
}
