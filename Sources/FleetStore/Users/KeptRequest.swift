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

/// What a user may do, and what is told of it when it is done; both in the transaction that does it.
package struct ToldRequest: Hashable, Sendable {
    /// By which the same is done once.
    package var request: KeptRequest
    /// What the role of the user has to allow by then.
    package var scope: AccessScope
    /// What is done, as the audit writes it, and to what.
    package var action: AuditAction, subject: String

    /// Joins the parts.
    package init(_ request: KeptRequest, scope: AccessScope, action: AuditAction, subject: String) {
        self.request = request
        self.scope = scope
        self.action = action
        self.subject = subject
    }
}

/// Whether a request is to be done.
package enum RequestClaim: Hashable, Sendable {
    /// It is new.
    case new
    /// It was done already.
    case done
    /// The key was used for something else.
    case keyTaken
    /// There is no such user any more, or they may not do this, or not to all that it concerns.
    case denied
}

extension ChangingStore {
    package func claim(of request: KeptRequest) throws(FleetStoreError) -> RequestClaim {
        try read { database throws(FleetStoreError) in try database.claim(of: request) }
    }

    package func rolloutNames(within sight: GatewaySight) throws(FleetStoreError) -> [String] {
        let (statement, parameters) = GatewayQuery.rollouts(within: sight)
        let names: [RowText] = try read { database throws(FleetStoreError) in
            try database.rows(statement, parameters)
        }
        return names.map(\.text).sorted()
    }
}

extension FleetDatabase {
    /// Who asks for something that shall be done in this transaction, and whether it shall.
    ///
    /// Nobody else may change the user until the transaction ends.
    func begin(
        _ asked: ToldRequest
    ) throws(FleetStoreError) -> (claim: RequestClaim, user: User?) {
        let request = asked.request
        guard let user = try lockUser(request.user), user.role.scopes.contains(asked.scope) else {
            return (.denied, nil)
        }
        let forgotten = request.now.addingSaturated(-AlarmAcknowledgement.keyLife)
        try run(
            "DELETE FROM answered_request WHERE author = ?1 AND made_ms < ?2",
            [.text(request.user), .number(forgotten)])
        return (try claim(of: request), user)
    }

    /// Notes in the transaction that did it that something was asked for, and tells of it.
    func finish(_ asked: ToldRequest, by user: User) throws(FleetStoreError) {
        let request = asked.request
        try run(
            """
            INSERT INTO answered_request (author, request_key, request_hash, answer, made_ms)
            VALUES (?1, ?2, ?3, 'done', ?4) ON CONFLICT (author, request_key)
            DO UPDATE SET answer = excluded.answer, made_ms = excluded.made_ms
            """,
            [
                .text(request.user), .text(request.key), .text(request.hash),
                .number(request.now),
            ])
        try note(
            Author(user.name, at: request.now), user.tenant, asked.action, asked.subject)
    }

    /// What is known of a request; one that was begun by an older program, and not finished, is new.
    fileprivate func claim(of request: KeptRequest) throws(FleetStoreError) -> RequestClaim {
        let earlier: [EarlierRequest] = try rows(
            """
            SELECT request_hash, answer FROM answered_request
            WHERE author = ?1 AND request_key = ?2 AND made_ms >= ?3
            """,
            [
                .text(request.user), .text(request.key),
                .number(request.now.addingSaturated(-AlarmAcknowledgement.keyLife)),
            ])
        guard let earlier = earlier.first else { return .new }
        guard earlier.hash == request.hash else { return .keyTaken }
        return earlier.answer == "done" ? .done : .new
    }

    /// Whether a user sees every one of these gateways as things are in this transaction.
    func sees(_ user: User, all gateways: [String]) throws(FleetStoreError) -> Bool {
        let (condition, parameters) = GatewayQuery.condition(user.sight)
        let seen: [RowText] = try rows(
            "SELECT t.gateway FROM tenant_gateway t WHERE \(condition)", parameters)
        return Set(seen.map(\.text)).isSuperset(of: gateways)
    }

    /// Whether a user sees every gateway of a rollout as things are in this transaction.
    func sees(_ user: User, rollout: String) throws(FleetStoreError) -> Bool {
        let (statement, parameters) = GatewayQuery.rollouts(within: user.sight)
        let found: [RowText] = try rows(
            statement + " AND r.id = ?\(parameters.count + 1)", parameters + [.text(rollout)])
        return !found.isEmpty
    }
}

extension GatewayQuery {
    /// The names of rollouts with no gateway but such as lie within a sight; a condition may follow.
    static func rollouts(
        within sight: GatewaySight
    ) -> (statement: String, parameters: [SQLValue]) {
        let (condition, parameters) = condition(sight)
        return (
            """
            SELECT r.id FROM rollout r
            WHERE EXISTS (SELECT 1 FROM rollout_gateway a WHERE a.rollout = r.id)
            AND NOT EXISTS (SELECT 1 FROM rollout_gateway a WHERE a.rollout = r.id
                AND NOT EXISTS (SELECT 1 FROM tenant_gateway t WHERE t.gateway = a.gateway
                    AND \(condition)))
            """, parameters
        )
    }
}

private struct EarlierRequest: RowReadable {
    let hash: String, answer: String

    init(from row: inout some RowSource) {
        hash = row.word()
        answer = row.word()
    }
}
