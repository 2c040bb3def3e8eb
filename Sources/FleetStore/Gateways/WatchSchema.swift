/// The table of gateways at which somebody looks; never changed again.
///
/// Both databases take the same words. Times are Unix times in milliseconds.
enum WatchSchema {
    static let statements = [
        "CREATE TABLE watched_gateway (gateway integer PRIMARY KEY, until_ms bigint NOT NULL)"
    ]
}
