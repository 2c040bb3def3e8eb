/// A moment at which one identity was seen in use by two machines.
struct SharedSighting {
    /// The gateway's number.
    let gateway: Int32
    let name: String
    /// Unix time in milliseconds when the record that told was received.
    let seen: Int64
    /// Whose record told, and whom it contradicts.
    let sessions: [GatewaySession]

    /// The last of each gateway, ordered by its number.
    static func last(of sightings: [Self]) -> [Self] {
        Dictionary(sightings.map { ($0.gateway, $0) }) { $1.seen >= $0.seen ? $1 : $0 }
            .values.sorted { $0.gateway < $1.gateway }
    }
}

extension SharedSighting: RowReadable {
    init(from row: inout some RowSource) {
        gateway = row.number()
        name = row.word()
        seen = row.wide()
        sessions = [GatewaySession(from: &row), GatewaySession(from: &row)]
    }
}

/// The statements about them.
enum SharedIdentities {
    /// Keeps the last sighting of a gateway and counts.
    static let keep = """
        INSERT INTO shared_identity (gateway, first_ms, last_ms, sightings, epoch, boot,
        other_epoch, other_boot) VALUES (?1, ?2, ?2, 1, ?3, ?4, ?5, ?6)
        ON CONFLICT (gateway) DO UPDATE SET last_ms = excluded.last_ms,
        sightings = shared_identity.sightings + 1, epoch = excluded.epoch, boot = excluded.boot,
        other_epoch = excluded.other_epoch, other_boot = excluded.other_boot
        """
}

extension FleetDatabase {
    /// Keeps what a batch has told of identities in use by two.
    func keep(_ sightings: [SharedSighting]) throws(FleetStoreError) {
        for sighting in SharedSighting.last(of: sightings) where sighting.sessions.count == 2 {
            let sessions = sighting.sessions.flatMap { session -> [SQLValue] in
                [.number(session.epoch), .text(session.boot)]
            }
            try run(
                SharedIdentities.keep,
                [.number(Int64(sighting.gateway)), .number(BootClock.bounded(sighting.seen))]
                    + sessions)
        }
    }
}
