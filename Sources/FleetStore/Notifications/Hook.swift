/// An address that is told of alarms.
package struct Hook: Hashable, Sendable {
    /// What it is called; unique.
    package var name: String
    /// Where it is told, `https://…`.
    package var url: String
    /// What its messages are signed with, as the receiver knows it.
    package var secret: String
    /// The PEM file of those who vouch for its server.
    package var authorities: String
    /// In which language alarms are explained.
    package var language: String
    /// The lowest level it is told of: `information`, `warning`, `protection` or `fault`.
    package var level: String
    /// How long an alarm must stand before it is told, ms.
    package var after: Int64
    /// When it was added, Unix time in milliseconds; of what was raised before it hears nothing.
    package var made: Int64

    /// Joins the parts.
    package init(
        name: String, url: String, secret: String, authorities: String, language: String,
        level: String, after: Int64, made: Int64
    ) {
        self.name = name
        self.url = url
        self.secret = secret
        self.authorities = authorities
        self.language = language
        self.level = level
        self.after = after
        self.made = made
    }

    /// Levels from the lowest on.
    package static let levels = ["information", "warning", "protection", "fault"]

    /// The levels it is told of.
    var levelsTold: [String] {
        Array(Self.levels.suffix(from: Self.levels.firstIndex(of: level) ?? 0))
    }
}

/// Something that a hook has to be told.
package struct Notice: Hashable, Sendable {
    /// What is told.
    package enum Kind: String, Hashable, Sendable { case raised, cleared }

    /// What is told, and of which alarm.
    package var kind: Kind
    package var alarm: Alarm
    /// How often it was tried in vain.
    package var tries: Int32

    /// Joins the parts.
    package init(_ kind: Kind, _ alarm: Alarm, tries: Int32 = 0) {
        self.kind = kind
        self.alarm = alarm
        self.tries = tries
    }
}
