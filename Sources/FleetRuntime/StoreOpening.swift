import FleetStore

/// Opens the store that an option names: `sqlite:PATH` or `postgres:URL`.
///
/// Stands in for the stores until they are there; nothing else knows how a store is opened.
func openStore(_ place: String) throws(FleetStoreError) -> any FleetStore {
    throw .foreign(store: place, detail: "this build has no stores yet")
}
