/// What an alarm is about; at most one of each is open.
package struct AlarmSubject: Hashable, Sendable {
    /// The gateway's id.
    package var gateway: String
    /// The stable name of what is wrong.
    package var code: String
    /// `information`, `warning`, `protection` or `fault`.
    package var level: String
    /// The pack's number from 1; 0 is the bank or the gateway.
    package var pack: Int32

    /// Joins the parts.
    package init(gateway: String, code: String, level: String, pack: Int32) {
        self.gateway = gateway
        self.code = code
        self.level = level
        self.pack = pack
    }
}

/// An alarm from its first raising to its end; times are Unix times in milliseconds.
package struct Alarm: Hashable, Sendable {
    /// How an alarm ended.
    package enum Ending: String, Hashable, Sendable {
        /// It stands.
        case open = ""
        /// Whoever raised it cleared it.
        case cleared
        /// The gateway began anew and has not raised it again.
        case restart
    }

    /// What it is about.
    package var subject: AlarmSubject
    /// When it was raised first, and last.
    package var raised: Int64, last: Int64
    /// When it ended; nil while it stands.
    package var cleared: Int64?
    /// How it ended.
    package var ending = Ending.open
    /// How often it was raised.
    package var times: Int32 = 1
    /// The words it was raised with last.
    package var text: String
    /// When somebody said that they know of it, and who.
    package var acknowledged: Int64?, acknowledgedBy = ""

    /// An alarm that was just raised.
    package init(_ subject: AlarmSubject, raised: Int64, text: String) {
        self.subject = subject
        self.raised = raised
        self.text = text
        last = raised
    }

    /// Whether it stands.
    package var isOpen: Bool { cleared == nil }
}

/// What a person, or the fleet itself, says of an alarm.
package struct AlarmWord: Hashable, Sendable {
    /// What can be said.
    package enum Kind: String, Hashable, Sendable {
        /// Somebody knows of the alarm and looks after it.
        case acknowledged
        /// The fleet found what no gateway can tell, for instance that it is silent.
        case raised
        /// What the fleet had found is over.
        case cleared
    }

    /// The code with which the fleet says that it hears nothing of a gateway.
    package static let silentGateway = "gateway_silent"

    /// Codes that only the fleet raises; no beginning of a gateway ends them.
    package static let fleetCodes: Set<String> = [silentGateway]

    /// What is spoken of.
    package var subject: AlarmSubject
    /// What is said.
    package var kind: Kind
    /// Unix time in milliseconds.
    package var made: Int64
    /// Who says it; `fleet` for the fleet itself.
    package var author: String
    /// In a sentence, for people; may be empty.
    package var text: String

    /// Joins the parts.
    package init(
        _ subject: AlarmSubject, _ kind: Kind, made: Int64, author: String, text: String = ""
    ) {
        self.subject = subject
        self.kind = kind
        self.made = made
        self.author = author
        self.text = text
    }
}

/// Alarms of one cause, across gateways.
package struct AlarmCause: Hashable, Sendable {
    /// The stable name of what is wrong, and how bad it is.
    package var code: String, level: String
    /// Open alarms, gateways that have one, and alarms that nobody has acknowledged.
    package var alarms: Int64, gateways: Int64, unacknowledged: Int64
    /// When the first and the last of them were raised, Unix times in milliseconds.
    package var oldest: Int64, newest: Int64
}

/// Which alarms are asked for.
package struct AlarmFilter: Hashable, Sendable {
    /// Of one gateway only; nil is all.
    package var gateway: String?
    /// Of one cause only; nil is all.
    package var code: String?
    /// Of gateways within this sight only; nil is all.
    package var sight: GatewaySight?
    /// Only those that stand.
    package var isOpenOnly = false
    /// The last alarm of the page before; those behind it are given.
    package var after: Alarm?
    /// At most this many.
    package var limit = 100

    /// The newest hundred of all.
    package init() {}
}
