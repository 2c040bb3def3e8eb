/// A request of a user that shall be done once, however often it is sent.
package struct KeptRequest: Hashable, Sendable {
    /// Who asks, by the name of a user, and the key that names the request among theirs.
    package var user: String, key: String
    /// SHA-256 of what is asked, lower-case hex.
    package var hash: String
    /// Unix time in milliseconds.
    package var now: Int64

    /// Joins the parts.
    package init(user: String, key: String, hash: String, now: Int64) {
        self.user = user
        self.key = key
        self.hash = hash
        self.now = now
    }
}

/// Whether a request is to be done.
package enum RequestClaim: Hashable, Sendable {
    /// It is new.
    case begin
    /// It was begun before, and nobody knows how that ended.
    case beginAgain
    /// It was done already.
    case done
    /// The key was used for something else.
    case keyTaken
    /// There is no such user any more.
    case unknownUser
}

extension ChangingStore {
    package func begin(_ request: KeptRequest) throws(FleetStoreError) -> RequestClaim {
        try change("begin a request") { database throws(FleetStoreError) in
            guard try database.lockUser(request.user) != nil else { return .unknownUser }
            let user = SQLValue.text(request.user)
            let forgotten = request.now.addingSaturated(-AlarmAcknowledgement.keyLife)
            try database.run(
                "DELETE FROM answered_request WHERE author = ?1 AND made_ms < ?2",
                [user, .number(forgotten)])
            let earlier: [EarlierRequest] = try database.rows(
                """
                SELECT request_hash, answer FROM answered_request
                WHERE author = ?1 AND request_key = ?2
                """, [user, .text(request.key)])
            if let earlier = earlier.first {
                guard earlier.hash == request.hash else { return .keyTaken }
                return earlier.answer == "done" ? .done : .beginAgain
            }
            try database.run(
                """
                INSERT INTO answered_request (author, request_key, request_hash, answer, made_ms)
                VALUES (?1, ?2, ?3, 'begun', ?4)
                """, [user, .text(request.key), .text(request.hash), .number(request.now)])
            return .begin
        }
    }

    package func finish(
        _ request: KeptRequest, action: String, subject: String, detail: String
    ) throws(FleetStoreError) {
        try change("finish a request") { database throws(FleetStoreError) in
            let tenant = try database.lockUser(request.user)?.tenant ?? ""
            try database.run(
                "UPDATE answered_request SET answer = 'done' WHERE author = ?1 AND request_key = ?2",
                [.text(request.user), .text(request.key)])
            try database.note(
                Author(request.user, at: request.now), tenant, action, subject, detail)
        }
    }

    package func forget(_ request: KeptRequest) throws(FleetStoreError) {
        try change("forget a request") { database throws(FleetStoreError) in
            try database.run(
                """
                DELETE FROM answered_request WHERE author = ?1 AND request_key = ?2
                AND answer = 'begun'
                """, [.text(request.user), .text(request.key)])
        }
    }

    package func rolloutNames(within sight: GatewaySight) throws(FleetStoreError) -> [String] {
        let (condition, parameters) = GatewayQuery.condition(sight)
        let names: [RowText] = try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT r.id FROM rollout r
                WHERE EXISTS (SELECT 1 FROM rollout_gateway a WHERE a.rollout = r.id)
                AND NOT EXISTS (SELECT 1 FROM rollout_gateway a WHERE a.rollout = r.id
                    AND NOT EXISTS (SELECT 1 FROM tenant_gateway t WHERE t.gateway = a.gateway
                        AND \(condition)))
                """, parameters)
        }
        return names.map(\.text).sorted()
    }
}

private struct EarlierRequest: RowReadable {
    let hash: String, answer: String

    init(from row: inout some RowSource) {
        hash = row.word()
        answer = row.word()
    }
}
