import Telemetry

/// A user says that they look after an alarm, with a key so that saying it twice is saying it once.
package struct AlarmAcknowledgement: Hashable, Sendable {
    /// What it is about.
    package var subject: AlarmSubject
    /// Why, in the user's words; may be empty.
    package var text: String
    /// The user as they are now.
    package var user: User
    /// Names this request among those of the user.
    package var key: String
    /// SHA-256 of what was asked for, so that a key is not used for two things.
    package var requestHash: String
    /// Unix time in milliseconds.
    package var now: Int64

    /// Joins the parts.
    package init(
        subject: AlarmSubject, text: String, user: User, key: String, requestHash: String,
        now: Int64
    ) {
        self.subject = subject
        self.text = text
        self.user = user
        self.key = key
        self.requestHash = requestHash
        self.now = now
    }

    /// How long a key is remembered, ms: a day.
    package static let keyLife: Int64 = 86_400_000
}

/// What became of an acknowledgement.
package enum AcknowledgementVerdict: Hashable, Sendable {
    /// The user looks after the alarm now.
    case done
    /// The same was asked for before, and is done once.
    case repeated
    /// Somebody looks after it already.
    case known(by: String)
    /// No such alarm is open within what the user sees.
    case unknownAlarm
    /// The user is a guest of the gateway, and by their role mends nothing there.
    case guest
    /// The key was used for something else.
    case keyTaken
}

extension ChangingStore {
    package func acknowledge(
        _ asked: AlarmAcknowledgement
    ) throws(FleetStoreError) -> AcknowledgementVerdict {
        let verdict = try change("acknowledge an alarm") { database throws(FleetStoreError) in
            try database.acknowledge(asked)
        }
        // shows at once; the service that keeps alarms would do it soon
        if verdict == .done { _ = try keepAlarms(limit: 1000) }
        return verdict
    }
}

extension FleetDatabase {
    fileprivate func acknowledge(
        _ asked: AlarmAcknowledgement
    ) throws(FleetStoreError) -> AcknowledgementVerdict {
        let (subject, name) = (asked.subject, SQLValue.text(asked.user.name))
        // whoever asks with the same name at once waits here
        guard let user = try lockUser(asked.user.name) else { return .unknownAlarm }
        let forgotten = asked.now.addingSaturated(-AlarmAcknowledgement.keyLife)
        try run(
            "DELETE FROM answered_request WHERE author = ?1 AND made_ms < ?2",
            [name, .number(forgotten)])
        let earlier: [RowText] = try rows(
            "SELECT request_hash FROM answered_request WHERE author = ?1 AND request_key = ?2",
            [name, .text(asked.key)])
        if let hash = earlier.first?.text {
            return hash == asked.requestHash ? .repeated : .keyTaken
        }
        var filter = AlarmFilter()
        (filter.gateway, filter.code) = (subject.gateway, subject.code)
        (filter.isOpenOnly, filter.sight) = (true, user.sight)
        let (statement, parameters) = filter.query
        let open: [Alarm] = try rows(statement, parameters)
        guard let alarm = open.first(where: { $0.subject == subject }) else { return .unknownAlarm }
        guard alarm.acknowledged == nil else { return .known(by: alarm.acknowledgedBy) }
        // it tells the others that somebody looks after the alarm: a visitor does not, an installer does
        if !user.role.scopes.contains(.configure), try isGuest(user, of: subject.gateway) {
            return .guest
        }
        guard
            try keep(
                AlarmWord(
                    subject, .acknowledged, made: asked.now, author: user.name, text: asked.text))
        else { return .unknownAlarm }
        try run(
            """
            INSERT INTO answered_request (author, request_key, request_hash, answer, made_ms)
            VALUES (?1, ?2, ?3, 'done', ?4)
            """, [name, .text(asked.key), .text(asked.requestHash), .number(asked.now)])
        try note(
            Author(user.name, at: asked.now), user.tenant, .alarmAcknowledged, subject.gateway,
            AuditDetail.alarm.filled(["alarm": subject.code, "pack": subject.pack]))
        return .done
    }
}
