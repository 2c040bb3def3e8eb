/// How users are told of alarms, and what they have to be told; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
///
/// 1. A user is told only of gateways that they see when the message is taken to be sent, whatever they saw
///    when the alarm was raised.
/// 2. Protection and faults are told at once. Others are told when they have stood for a minute, and after
///    the user's quiet hours in the zone of the gateway; what is over by then is not told.
/// 3. An alarm is told raised once, and cleared once if it was told raised, its gateway cleared it, and it
///    can come back as the same one no more. What only disappeared is never told cleared.
/// 4. What is due at once is one message. After a message a minute passes before the same cause is told
///    again, and an hour has no more than ``DeliveryPlan/mostAnHour``; what finds no room in a message is counted.
/// 5. Of two that send at once each has its own messages. One that was taken and not settled within two minutes
///    is given out again with the same id. What is not sent in the end says why.
package protocol RecipientStore: AnyObject {
    /// Brings the database to the newest version of its tables; safe to call from several processes.
    func migrate() throws(FleetStoreError)

    /// How a user wants to be told; nil when there is no such user.
    func preferences(of name: String) throws(FleetStoreError) -> RecipientPreferences?

    /// Keeps how a user wants to be told; false when there is no such user.
    ///
    /// Mail to a new address begins with what is raised after it was set.
    func setPreferences(
        _ preferences: RecipientPreferences, of name: String, by author: Author
    ) throws(FleetStoreError) -> Bool

    /// Adds a browser, or renews the one with this endpoint; its id, nil when there is no such user.
    ///
    /// An endpoint belongs to the one who showed it last.
    func addPushSubscription(
        _ subscription: PushSubscription, by author: Author
    ) throws(FleetStoreError) -> String?

    /// The browsers of a user, the oldest first.
    func pushSubscriptions(of name: String) throws(FleetStoreError) -> [PushSubscription]

    /// Removes a browser of a user with what it has to be told; false when the user has none of that id.
    func removePushSubscription(
        _ id: String, of name: String, by author: Author
    ) throws(FleetStoreError) -> Bool

    /// Finds what users have to be told since the last look, at a Unix time in milliseconds.
    func gatherDeliveries(now: Int64) throws(FleetStoreError)

    /// Takes a message that is due at a Unix time in milliseconds; nil when there is none.
    ///
    /// `channels` says which kinds can be sent; what others have to be told waits.
    func takeMessage(
        now: Int64, mail: Bool, push: Bool
    ) throws(FleetStoreError) -> DeliveryMessage?

    /// Notes what became of a message at a Unix time in milliseconds.
    func settle(
        _ message: DeliveryMessage, _ outcome: DeliveryOutcome, now: Int64
    ) throws(FleetStoreError)

    /// What a user has to be told or was told, the alarm raised last first.
    func deliveries(of name: String, limit: Int) throws(FleetStoreError) -> [DeliveryEntry]
}

extension ChangingStore {
    package func preferences(
        of name: String
    ) throws(FleetStoreError) -> RecipientPreferences? {
        try read { database throws(FleetStoreError) in try database.preferences(of: name) }
    }

    package func setPreferences(
        _ preferences: RecipientPreferences, of name: String, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("keep preferences") { database throws(FleetStoreError) in
            try database.takeTurn()
            guard let user = try database.lockUser(name) else { return false }
            let before = try database.preferences(of: name)
            guard before != preferences else { return true }
            let quiet = preferences.quiet
            try database.run(
                """
                INSERT INTO recipient (name, language, mail, mail_ms, quiet_from, quiet_to, level)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                ON CONFLICT (name) DO UPDATE SET language = excluded.language,
                    mail_ms = CASE WHEN recipient.mail = excluded.mail THEN recipient.mail_ms
                        ELSE excluded.mail_ms END,
                    mail = excluded.mail, quiet_from = excluded.quiet_from,
                    quiet_to = excluded.quiet_to, level = excluded.level
                """,
                [
                    .text(name), .text(preferences.language ?? ""),
                    .text(preferences.mail ?? ""), .number(author.milliseconds),
                    .number(Int64(quiet?.from ?? -1)), .number(Int64(quiet?.to ?? -1)),
                    .text(preferences.level),
                ])
            // other quiet hours may end earlier
            try database.run(
                """
                UPDATE delivery SET next_ms = 0 WHERE recipient = ?1 AND state = 'waiting'
                AND message = ''
                """, [.text(name)])
            try database.note(author, user.tenant, .preferencesChanged, name)
            return true
        }
    }

    package func addPushSubscription(
        _ subscription: PushSubscription, by author: Author
    ) throws(FleetStoreError) -> String? {
        try change("add a push subscription") { database throws(FleetStoreError) in
            try database.takeTurn()
            guard let user = try database.lockUser(subscription.owner) else { return nil }
            let known: [PushSubscription] = try database.rows(
                "SELECT \(PushSubscription.columns) FROM push_subscription WHERE endpoint = ?1",
                [.text(subscription.endpoint)])
            if let found = known.first {
                var same = subscription
                (same.id, same.madeMilliseconds) = (found.id, found.madeMilliseconds)
                if same == found { return found.id }
                try database.removePush(found.id)
            }
            let others: [RowText] = try database.rows(
                """
                SELECT id FROM push_subscription WHERE owner = ?1 ORDER BY made_ms DESC, id
                """, [.text(user.name)])
            for other in others.dropFirst(PushSubscription.most - 1) {
                try database.removePush(other.text)
            }
            try database.run(
                """
                INSERT INTO push_subscription (\(PushSubscription.columns))
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                """, subscription.parameters)
            try database.note(
                author, user.tenant, .pushAdded, user.name, subscription.id)
            return subscription.id
        }
    }

    package func pushSubscriptions(
        of name: String
    ) throws(FleetStoreError) -> [PushSubscription] {
        let found: [PushSubscription] = try read { database throws(FleetStoreError) in
            try database.rows(
                "SELECT \(PushSubscription.columns) FROM push_subscription WHERE owner = ?1",
                [.text(name)])
        }
        return found.sorted { ($0.madeMilliseconds, $0.id) < ($1.madeMilliseconds, $1.id) }
    }

    package func removePushSubscription(
        _ id: String, of name: String, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("remove a push subscription") { database throws(FleetStoreError) in
            try database.takeTurn()
            guard let user = try database.lockUser(name) else { return false }
            let found: [RowText] = try database.rows(
                "SELECT id FROM push_subscription WHERE id = ?1 AND owner = ?2",
                [.text(id), .text(name)])
            guard !found.isEmpty else { return false }
            try database.removePush(id)
            try database.note(author, user.tenant, .pushRemoved, name, id)
            return true
        }
    }
}

extension FleetDatabase {
    /// Waits for whoever changes the queue, until the transaction ends.
    ///
    /// Before anything else is locked, so that no two wait for each other.
    func takeTurn() throws(FleetStoreError) {
        try run("UPDATE delivery_turn SET id = id WHERE id = 1")
    }

    /// How a user wants to be told; nil when there is no such user.
    func preferences(of name: String) throws(FleetStoreError) -> RecipientPreferences? {
        let found: [RecipientPreferences] = try rows(
            """
            SELECT coalesce(r.language, ''), coalesce(r.mail, ''), coalesce(r.quiet_from, -1),
            coalesce(r.quiet_to, -1), coalesce(r.level, '')
            FROM fleet_user u LEFT JOIN recipient r ON r.name = u.name WHERE u.name = ?1
            """, [.text(name)])
        return found.first
    }

    /// Removes a browser, and what it has to be told.
    func removePush(_ id: String) throws(FleetStoreError) {
        try run("DELETE FROM push_subscription WHERE id = ?1", [.text(id)])
        try run("DELETE FROM delivery WHERE channel = ?1", [.text(id)])
    }
}

extension RecipientPreferences: RowReadable {
    init(from row: inout some RowSource) {
        let language = row.word()
        let mail = row.word()
        let (from, to) = (Int(row.number()), Int(row.number()))
        let level = row.word()
        self.init(
            language: language.isEmpty ? nil : language, mail: mail.isEmpty ? nil : mail,
            quiet: QuietHours(from: from, to: to),
            level: Hook.levels.contains(level) ? level : "warning")
    }
}

extension PushSubscription: RowReadable {
    static let columns = "id, owner, endpoint, browser_key, secret, made_ms"

    init(from row: inout some RowSource) {
        self.init(
            id: row.word(), owner: row.word(), endpoint: row.word(), key: row.word(),
            secret: row.word(), madeMilliseconds: row.wide())
    }

    var parameters: [SQLValue] {
        [
            .text(id), .text(owner), .text(endpoint), .text(key), .text(secret),
            .number(madeMilliseconds),
        ]
    }
}
