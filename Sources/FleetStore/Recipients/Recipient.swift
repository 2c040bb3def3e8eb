/// How a user wants to be told of alarms.
package struct RecipientPreferences: Hashable, Sendable {
    /// The ISO 639-1 code of the language; nil speaks the first that there is.
    package var language: String?
    /// Where mail goes; nil sends none.
    package var mail: String?
    /// When only protection and faults are told.
    package var quiet: QuietHours?
    /// The lowest level that is told, one of ``Hook/levels``.
    package var level: String

    /// Joins the parts; those of a user who never said anything without any.
    package init(
        language: String? = nil, mail: String? = nil, quiet: QuietHours? = nil,
        level: String = "warning"
    ) {
        self.language = language
        self.mail = mail
        self.quiet = quiet
        self.level = level
    }
}

/// A browser that takes messages, as it describes itself.
package struct PushSubscription: Hashable, Sendable {
    /// What names it to its user; says nothing of the address.
    package var id: String
    /// Whose it is.
    package var owner: String
    /// Where its push service takes messages, `https://…`; a secret of the user.
    package var endpoint: String
    /// The browser's public key, uncompressed P-256 in base64url, and its secret of 16 bytes in base64url.
    package var key: String, secret: String
    /// Unix time in milliseconds when it was added; of what was raised before it hears nothing.
    package var madeMilliseconds: Int64

    /// Subscriptions of a user; with one more the oldest goes.
    package static let most = 10

    /// Joins the parts.
    package init(
        id: String, owner: String, endpoint: String, key: String, secret: String,
        madeMilliseconds: Int64
    ) {
        self.id = id
        self.owner = owner
        self.endpoint = endpoint
        self.key = key
        self.secret = secret
        self.madeMilliseconds = madeMilliseconds
    }
}

/// A way to a user.
package enum DeliveryChannel: Hashable, Sendable {
    /// An address of mail.
    case mail(String)
    /// A browser.
    case push(PushSubscription)

    /// How the store names it: `mail`, or the id of a subscription.
    package var name: String {
        switch self {
        case .mail: Self.mailName
        case .push(let subscription): subscription.id
        }
    }

    static let mailName = "mail"
}

/// What a user is told of an alarm.
package struct DeliveryNotice: Hashable, Sendable {
    /// What is told, and of which alarm.
    package var kind: Notice.Kind
    package var alarm: Alarm
    /// What people call the gateway; empty when nobody said.
    package var label: String
    /// The zone of the gateway by its IANA name; empty when nobody said.
    package var zone: String

    /// Joins the parts.
    package init(_ kind: Notice.Kind, _ alarm: Alarm, label: String = "", zone: String = "") {
        self.kind = kind
        self.alarm = alarm
        self.label = label
        self.zone = zone
    }
}

/// What a user is told at once, by one channel.
package struct DeliveryMessage: Hashable, Sendable {
    /// The same when it is told again; hex digits.
    package var id: String
    /// The user's name.
    package var recipient: String
    /// How they want to be told.
    package var preferences: RecipientPreferences
    /// The way to them.
    package var channel: DeliveryChannel
    /// What is told, the worst first; never empty.
    package var notices: [DeliveryNotice]
    /// How many more notices there are that it has no room for.
    package var leftOut: Int
    /// How often it was tried in vain.
    package var tries: Int32

    /// Joins the parts.
    package init(
        id: String, recipient: String, preferences: RecipientPreferences,
        channel: DeliveryChannel, notices: [DeliveryNotice], leftOut: Int, tries: Int32
    ) {
        self.id = id
        self.recipient = recipient
        self.preferences = preferences
        self.channel = channel
        self.notices = notices
        self.leftOut = leftOut
        self.tries = tries
    }
}

/// What became of a message.
package enum DeliveryOutcome: Hashable, Sendable {
    /// Somebody has taken it.
    case sent
    /// It failed; to be tried again at this Unix time in milliseconds, and why.
    case failed(retryAt: Int64, reason: String)
    /// It is not tried again, and why.
    case givenUp(reason: String)
}

/// A row of the queue as people look at it.
package struct DeliveryEntry: Hashable, Sendable {
    /// What is told, of what, and when that was raised.
    package var kind: Notice.Kind
    package var subject: AlarmSubject
    package var raised: Int64
    /// `mail`, or the id of a subscription.
    package var channel: String
    /// `waiting`, `sent`, `ended`, `left_out`, `dropped` or `given_up`.
    package var state: String
    /// Why it is so; may be empty.
    package var reason: String
    /// How often it was tried in vain.
    package var tries: Int32
}
