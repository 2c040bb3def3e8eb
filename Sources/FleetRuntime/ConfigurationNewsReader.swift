import FleetConfiguration
import FleetIngest
import FleetStore

/// Reads which gateways are to be told of a new configuration, and brings their offers up to date.
func configurationNews(_ address: String) -> IngestWorker.NewsSource {
    var opened: (store: any ConfigurationStore, service: ConfigurationService)?
    var seen: Int64 = -1
    return { () throws(FleetStoreError) in
        if opened == nil {
            let store = try FleetStores.openConfiguration(address)
            // what the store has was checked when it was set
            opened = (store, ConfigurationService(store: store) { _, _ in [] })
        }
        guard let (store, service) = opened else { return [] }
        let revision = try store.configurationRevision()
        if revision != seen {
            do throws(ConfigurationServiceError) {
                _ = try service.offerAll(at: Moment.now())
                seen = revision
            } catch .store(let error) {
                throw error
            } catch {
                // a layer that cannot be read: whoever changes configuration is told; asked anew then
                seen = revision
            }
        }
        return try store.claimUntoldOffers()
    }
}
