/// What is shown to users, and who they are.
package typealias ViewStore = UserStore & GatewayStore & AlarmStore & HistoryStore
    & RecipientStore & WatchStore & CodeStore & AdminStore & GuestStore & PersonStore
    & FarewellStore & ConfigurationStore & RolloutStore

/// Opens stores by their address.
package enum FleetStores {
    /// The store at `sqlite:PATH`, or at `postgres:` and a connection string of libpq.
    ///
    /// `postgres://user@host:port/database` and `postgres:host=… dbname=…` name the same kind. The
    /// database is reached when it is first used, so one that is down is not an error here.
    package static func open(_ address: String) throws(FleetStoreError) -> any FleetStore {
        try either(address)
    }

    /// The same store, for those who look after devices.
    package static func openDevices(
        _ address: String
    ) throws(FleetStoreError) -> any DeviceStore {
        try either(address)
    }

    /// The same store, for those who look after configuration.
    package static func openConfiguration(
        _ address: String
    ) throws(FleetStoreError) -> any ConfigurationStore {
        try either(address)
    }

    /// The same store, for those who look after rollouts.
    package static func openRollouts(
        _ address: String
    ) throws(FleetStoreError) -> any RolloutStore {
        try either(address)
    }

    /// The same store, for those who look at history or compute it.
    package static func openHistory(
        _ address: String
    ) throws(FleetStoreError) -> any HistoryStore {
        try either(address)
    }

    /// The same store, for those who look after alarms.
    package static func openAlarms(
        _ address: String
    ) throws(FleetStoreError) -> any AlarmStore {
        try either(address)
    }

    /// The same store, for those who tell others of alarms.
    package static func openNotifications(
        _ address: String
    ) throws(FleetStoreError) -> any NotificationStore {
        try either(address)
    }

    /// The same store, for those who look after users.
    package static func openUsers(
        _ address: String
    ) throws(FleetStoreError) -> any UserStore & CodeStore & AdminStore {
        try either(address)
    }

    /// The same store, for those who tell users of alarms.
    package static func openRecipients(
        _ address: String
    ) throws(FleetStoreError) -> any RecipientStore {
        try either(address)
    }

    /// The same store, for those who show it to users.
    package static func openViews(
        _ address: String
    ) throws(FleetStoreError) -> any ViewStore {
        try either(address)
    }

    private static func either(
        _ address: String
    ) throws(FleetStoreError) -> any FleetStore & DeviceStore & ConfigurationStore & RolloutStore
        & HistoryStore & AlarmStore & NotificationStore & UserStore & GatewayStore & RecipientStore
        & WatchStore & CodeStore & AdminStore & GuestStore & PersonStore & FarewellStore
    {
        let parts = address.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.count == 2 ? String(parts[1]) : ""
        switch parts[0] {
        case "sqlite" where !rest.isEmpty:
            return SQLiteFleetStore(path: rest)
        case "postgres" where rest.hasPrefix("//"), "postgresql" where rest.hasPrefix("//"):
            return try PostgresFleetStore(connection: address)
        case "postgres" where !rest.isEmpty:
            return try PostgresFleetStore(connection: rest)
        default:
            // the rest may hold a password
            let found = parts.count == 2 ? "\(parts[0]):…" : address
            throw .refused(
                store: found, operation: "open",
                detail: "expected 'sqlite:PATH', 'postgres://user@host:port/database' or "
                    + "'postgres:' and a connection string, found '\(found)'")
        }
    }
}
