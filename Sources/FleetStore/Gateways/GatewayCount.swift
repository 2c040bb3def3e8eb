/// How many gateways have something in common: a group or a tag.
package struct GatewayCount: Hashable, Sendable {
    /// The group or the tag.
    package var name: String
    /// Those that have it, at least one.
    package var gateways: Int64

    /// Joins the parts.
    package init(name: String, gateways: Int64) {
        self.name = name
        self.gateways = gateways
    }
}

extension ChangingStore {
    package func groups(within sight: GatewaySight) throws(FleetStoreError) -> [GatewayCount] {
        try counts(of: "device_group", within: sight).sorted { $0.name < $1.name }
    }

    package func tags(within sight: GatewaySight) throws(FleetStoreError) -> [GatewayCount] {
        var gateways: [String: Int64] = [:]
        // as they are kept, all tags of a device in one text
        for found in try counts(of: "tags", within: sight) {
            for tag in Set(Device.tags(found.name)) { gateways[tag, default: 0] += found.gateways }
        }
        return gateways.map { GatewayCount(name: $0.key, gateways: $0.value) }
            .sorted { $0.name < $1.name }
    }

    /// What stands in a column of devices, with how many have just that; in any order.
    private func counts(
        of column: String, within sight: GatewaySight
    ) throws(FleetStoreError) -> [GatewayCount] {
        let (seen, parameters) = GatewayQuery.condition(sight)
        return try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT d.\(column), count(*) FROM tenant_gateway t JOIN device d ON d.id = t.gateway
                WHERE \(seen) AND d.\(column) <> '' GROUP BY d.\(column)
                """, parameters)
        }
    }
}

extension GatewayCount: RowReadable {
    init(from row: inout some RowSource) {
        name = row.word()
        gateways = row.wide()
    }
}
