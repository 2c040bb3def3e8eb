/// What gateways shall run on, layer by layer; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
package protocol ConfigurationStore: AnyObject {
    /// Brings the database to the newest version of its tables; safe to call from several processes.
    func migrate() throws(FleetStoreError)

    /// The newest layer of each scope that has one, ordered by scope.
    func currentLayers() throws(FleetStoreError) -> [ConfigurationLayer]

    /// All versions of a scope, the newest first.
    func layers(of scope: ConfigurationScope) throws(FleetStoreError) -> [ConfigurationLayer]

    /// Keeps a layer whose version is the next of its scope; false when somebody else was faster.
    func add(_ layer: ConfigurationLayer) throws(FleetStoreError) -> Bool

    /// The same for a user of the API, who may change the layer as things are in that transaction, which also
    /// keeps the entry that tells of it.
    func add(
        _ layer: ConfigurationLayer, for name: String
    ) throws(FleetStoreError) -> LayerAddition

    /// What a user may do with the layer of a scope.
    func access(
        of user: User, to scope: ConfigurationScope
    ) throws(FleetStoreError) -> LayerAccess

    /// Grows whenever what some gateway shall run on may have changed: with each layer, and with devices
    /// that come and go.
    func configurationRevision() throws(FleetStoreError) -> Int64

    /// Newest offers that nobody was told of yet; given to one caller only, who then tells the gateways.
    func claimUntoldOffers() throws(FleetStoreError) -> [OfferedConfiguration]

    /// What was offered to a gateway last; nil when nothing was.
    func offer(to gateway: String) throws(FleetStoreError) -> OfferedConfiguration?

    /// What was offered to every gateway last, ordered by gateway.
    func offers() throws(FleetStoreError) -> [OfferedConfiguration]

    /// Offers contents to gateways, all of them or none, and gives what is on offer to each then.
    ///
    /// Content with the tag of a gateway's newest offer is that offer; any other becomes the next version,
    /// also when an older version had the same content.
    func offer(
        _ contents: [ConfigurationContent], at milliseconds: Int64
    ) throws(FleetStoreError) -> [OfferedConfiguration]

    /// All devices, ordered by id.
    func devices() throws(FleetStoreError) -> [Device]

    /// The newest event of a code from each gateway, ordered by gateway.
    func newestEvents(code: String) throws(FleetStoreError) -> [StoredSample<EventSample>]

    /// The newest of them of one gateway.
    func newestEvent(
        code: String, of gateway: String
    ) throws(FleetStoreError) -> StoredSample<EventSample>?
}

extension ChangingStore {
    package func currentLayers() throws(FleetStoreError) -> [ConfigurationLayer] {
        let layers: [ConfigurationLayer] = try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT \(ConfigurationLayer.columns) FROM configuration_layer l
                WHERE version = (SELECT max(version) FROM configuration_layer n
                WHERE n.scope = l.scope)
                """, [])
        }
        return layers.sorted { "\($0.scope)" < "\($1.scope)" }
    }

    package func layers(
        of scope: ConfigurationScope
    ) throws(FleetStoreError) -> [ConfigurationLayer] {
        try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT \(ConfigurationLayer.columns) FROM configuration_layer
                WHERE scope = ?1 ORDER BY version DESC
                """, [.text("\(scope)")])
        }
    }

    package func add(_ layer: ConfigurationLayer) throws(FleetStoreError) -> Bool {
        try change("keep a layer of configuration") { database throws(FleetStoreError) in
            try database.keepLayer(layer)
        }
    }

    package func configurationRevision() throws(FleetStoreError) -> Int64 {
        let made: [Int64] = try read { database throws(FleetStoreError) in
            try database.rows("SELECT made FROM configuration_news WHERE id = 1", [])
        }
        return made.first ?? 0
    }

    package func claimUntoldOffers() throws(FleetStoreError) -> [OfferedConfiguration] {
        let untold: [Int64] = try read { database throws(FleetStoreError) in
            try database.rows("SELECT 1 FROM configuration_offer WHERE told = 0 LIMIT 1", [])
        }
        guard !untold.isEmpty else { return [] }
        let claimed: [OfferedConfiguration] = try change("claim offers") {
            database throws(FleetStoreError) in
            try database.rows(
                """
                UPDATE configuration_offer SET told = 1 WHERE told = 0
                RETURNING \(OfferedConfiguration.columns)
                """, [])
        }
        let newest = Dictionary(claimed.map { ($0.gateway, $0) }) {
            $0.version > $1.version ? $0 : $1
        }
        return newest.values.sorted { $0.gateway < $1.gateway }
    }

    package func offer(to gateway: String) throws(FleetStoreError) -> OfferedConfiguration? {
        try read { database throws(FleetStoreError) in try database.newestOffer(to: gateway) }
    }

    package func offers() throws(FleetStoreError) -> [OfferedConfiguration] {
        let offers: [OfferedConfiguration] = try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT \(OfferedConfiguration.columns) FROM configuration_offer o
                WHERE version = (SELECT max(version) FROM configuration_offer n
                WHERE n.gateway = o.gateway)
                """, [])
        }
        return offers.sorted { $0.gateway < $1.gateway }
    }

    package func offer(
        _ contents: [ConfigurationContent], at milliseconds: Int64
    ) throws(FleetStoreError) -> [OfferedConfiguration] {
        try change("offer configurations") { database throws(FleetStoreError) in
            // two servers that offer at once take turns here
            try database.run("UPDATE configuration_news SET made = made WHERE id = 1")
            var offers: [OfferedConfiguration] = []
            for content in contents {
                let newest = try database.newestOffer(to: content.gateway)
                if let newest, newest.tag == content.tag {
                    offers.append(newest)
                    continue
                }
                let offer = OfferedConfiguration(
                    gateway: content.gateway, version: (newest?.version ?? 0) + 1,
                    tag: content.tag, issuedMilliseconds: milliseconds, config: content.config)
                try database.run(
                    """
                    INSERT INTO configuration_offer (\(OfferedConfiguration.columns))
                    VALUES (?1, ?2, ?3, ?4, ?5)
                    """, offer.parameters)
                offers.append(offer)
            }
            return offers
        }
    }

    package func newestEvents(
        code: String
    ) throws(FleetStoreError) -> [StoredSample<EventSample>] {
        let events: [StoredSample<EventSample>] = try read { database throws(FleetStoreError) in
            try database.rows(Queries.newestEvents, [.text(code)])
        }
        var newest: [String: StoredSample<EventSample>] = [:]
        for event in events { newest[event.key.gateway] = event }
        return newest.values.sorted { $0.key.gateway < $1.key.gateway }
    }
}

extension FleetDatabase {
    /// Lets everybody look again at what gateways shall run on.
    func noteConfigurationNews() throws(FleetStoreError) {
        try run("UPDATE configuration_news SET made = made + 1 WHERE id = 1")
    }

    /// Keeps a layer whose version is the next of its scope; false when it is not.
    func keepLayer(_ layer: ConfigurationLayer) throws(FleetStoreError) -> Bool {
        // this row is where all who change configuration meet
        try run("UPDATE configuration_news SET made = made WHERE id = 1")
        let newest: [Int64] = try rows(
            "SELECT coalesce(max(version), 0) FROM configuration_layer WHERE scope = ?1",
            [.text("\(layer.scope)")])
        guard newest.first == layer.version - 1 else { return false }
        try run(
            """
            INSERT INTO configuration_layer (\(ConfigurationLayer.columns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """, layer.parameters)
        try noteConfigurationNews()
        return true
    }

    fileprivate func newestOffer(
        to gateway: String
    ) throws(FleetStoreError) -> OfferedConfiguration? {
        let offers: [OfferedConfiguration] = try rows(
            """
            SELECT \(OfferedConfiguration.columns) FROM configuration_offer
            WHERE gateway = ?1 ORDER BY version DESC LIMIT 1
            """, [.text(gateway)])
        return offers.first
    }
}
