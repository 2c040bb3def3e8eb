import FleetStore

/// Opens the store that an option names, `sqlite:PATH` or `postgres:URL`, with its tables of today.
///
/// Each worker opens one of its own. A database that cannot be reached now is not an error here.
func openStore(_ place: String) throws(FleetStoreError) -> any FleetStore {
    try FleetStores.open(place)
}
