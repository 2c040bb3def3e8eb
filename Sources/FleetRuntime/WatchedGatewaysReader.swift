import FleetIngest
import FleetStore

/// Reads at which gateways somebody looks.
func watchedGateways(_ address: String) -> IngestWorker.WatchedSource {
    var opened: (any ViewStore)?
    return { () throws(FleetStoreError) in
        if opened == nil { opened = try FleetStores.openViews(address) }
        return try opened?.watchedGateways(now: Moment.now()) ?? []
    }
}
