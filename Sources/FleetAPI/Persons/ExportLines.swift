import FleetConfiguration
import FleetStore
import History
import Telemetry
import Views

/// What is held of a person, a line of JSON for each thing, with its `kind`.
///
/// No line has a password, a token, an address of a browser, or the name of somebody else.
struct ExportLines {
    /// Whose lines these are.
    private let name: String
    private var writer = JSONWriter()

    /// Those of the user of this name.
    init(self name: String) { self.name = name }

    /// The lines so far.
    var bytes: [UInt8] { writer.bytes }

    private mutating func line(_ kind: String, _ write: (inout JSONWriter) -> Void) {
        writer.object { writer in
            writer.member("kind", kind)
            write(&writer)
        }
        writer.endLine()
    }

    /// The name if it is the own one: others have a right to theirs.
    private func own(_ found: String) -> String? { found == name ? found : nil }

    mutating func head(_ user: User, _ now: Int64) {
        line("export") { writer in
            writer.member("format", 1)
            writer.member("user", user.name)
            writer.moment("made", unixMilliseconds: now)
        }
    }

    /// `count` counts this line too.
    mutating func end(_ count: Int) {
        line("end") { $0.member("lines", count) }
    }

    mutating func account(_ user: User) {
        line("account") { writer in
            writer.member("name", user.name)
            writer.member("tenant", user.tenant)
            writer.member("role", user.role.rawValue)
            writer.name("has_password")
            writer.bool(!user.passwordHash.isEmpty)
            writer.moment("created", unixMilliseconds: user.createdMilliseconds)
        }
    }

    mutating func preferences(_ found: RecipientPreferences?) {
        guard let found else { return }
        line("preferences") { writer in
            writer.member("language", found.language)
            writer.member("mail", found.mail)
            writer.member("quiet_from", found.quiet.map { QuietHours.clock($0.from) })
            writer.member("quiet_to", found.quiet.map { QuietHours.clock($0.to) })
            writer.member("levels", found.level)
        }
    }

    mutating func browser(_ browser: PushSubscription) {
        line("browser") { writer in
            writer.member("id", browser.id)
            // the rest of the address lets its bearer send messages
            writer.member(
                "service",
                String(browser.endpoint.dropFirst("https://".count).prefix { $0 != "/" }))
            writer.moment("made", unixMilliseconds: browser.madeMilliseconds)
        }
    }

    mutating func token(_ token: AccessToken) {
        line(token.kind.rawValue) { writer in
            writer.member("id", token.id)
            writer.member("label", token.label)
            writer.name("scopes")
            writer.array { writer in
                for scope in AccessScope.allCases where token.scopes.contains(scope) {
                    writer.string(scope.rawValue)
                }
            }
            writer.moment("created", unixMilliseconds: token.createdMilliseconds)
            writer.moment("expires", unixMilliseconds: token.expiresMilliseconds)
        }
    }

    mutating func delivery(_ entry: DeliveryEntry) {
        line("message") { writer in
            Self.subject(entry.subject, to: &writer)
            writer.moment("raised", unixMilliseconds: entry.raised)
            writer.member("told", entry.kind.rawValue)
            writer.member("channel", entry.channel)
            writer.member("state", entry.state)
            writer.member("reason", entry.reason)
        }
    }

    mutating func acknowledgement(_ word: AlarmWord) {
        line("acknowledgement") { writer in
            Self.subject(word.subject, to: &writer)
            writer.moment("made", unixMilliseconds: word.made)
            writer.member("note", word.text)
        }
    }

    mutating func house(_ house: GatewaySummary) {
        line("house") { writer in
            writer.member("gateway", house.id)
            writer.member("label", house.label)
            writer.member("model", house.model)
            writer.member("region", house.region)
            writer.member("zone", house.zone)
            writer.moment(
                "seen_from", unixMilliseconds: house.seenFrom == .min ? nil : house.seenFrom)
        }
    }

    mutating func configuration(
        _ gateway: String,
        _ settings: [(key: String, value: String, scope: ConfigurationScope)],
        _ state: ConfigurationState, _ issued: Int64?
    ) {
        line("configuration") { writer in
            writer.name("configuration")
            LayerDocument.effective(gateway, settings, state, issued: issued, to: &writer)
        }
    }

    mutating func audit(_ entry: AuditEntry) {
        let author = own(entry.author.name)
        line("change") { writer in
            writer.moment("made", unixMilliseconds: entry.author.milliseconds)
            writer.member("author", author)
            writer.member("action", entry.action)
            writer.member("subject", entry.subject)
            writer.member("detail", entry.detail)
        }
    }

    mutating func alarm(_ alarm: Alarm) {
        var shown = alarm
        if own(alarm.acknowledgedBy) == nil { shown.acknowledgedBy = "" }
        line("alarm") { writer in
            writer.name("alarm")
            Documents.alarm(shown, to: &writer)
        }
    }

    mutating func event(_ event: StoredSample<EventSample>) {
        line("event") { writer in
            Self.record(event, to: &writer)
            writer.member("change", event.sample.change)
            writer.member("level", event.sample.level)
            writer.member("code", event.sample.code)
            writer.member("pack", event.sample.pack)
            writer.member("text", event.sample.text)
            writer.name("detail")
            if let detail = event.sample.detail {
                // a line has no end within
                writer.raw(detail.utf8.filter { $0 != 0x0A && $0 != 0x0D })
            } else {
                writer.null()
            }
        }
    }

    mutating func measurement(_ measured: MeasuredRecord) {
        line("measurement") { writer in
            Self.record(measured.bank, to: &writer)
            writer.name("bank")
            LiveDocument.write(measured.bank.sample, to: &writer)
            writer.name("packs")
            writer.array { writer in
                for pack in measured.packs {
                    writer.object { writer in
                        writer.member("pack", pack.pack)
                        writer.member("serial", pack.serial)
                        writer.member("status", pack.status)
                        writer.member("age_ms", pack.ageMilliseconds)
                        writer.name("values")
                        LiveDocument.values(pack, to: &writer)
                    }
                }
            }
        }
    }

    mutating func window(
        _ window: RollUp, _ tier: HistoryTier, of gateway: String, _ pack: Int32
    ) {
        line("window") { writer in
            writer.member("gateway", gateway)
            writer.member("tier", tier.name)
            writer.member("pack", pack)
            writer.moment("start", unixMilliseconds: window.start)
            writer.member("samples", window.samples)
            writer.member("silent", window.silent)
            writer.member("energy_in_mj", window.energy.charged)
            writer.member("energy_out_mj", window.energy.discharged)
            writer.member("covered_ms", window.covered)
            writer.member("full_mah", window.full)
            writer.member("soh_cpct", window.health)
            writer.member("cycles", window.cycles)
            writer.name("quantities")
            writer.array { writer in
                for quantity in Quantity.allCases {
                    guard let values = window.values[quantity] else { continue }
                    writer.object { writer in
                        writer.member("quantity", quantity.rawValue)
                        writer.member("mean", values.mean)
                        writer.member("min", values.minimum)
                        writer.member("max", values.maximum)
                        writer.member("last", values.last)
                    }
                }
            }
        }
    }

    private static func subject(_ subject: AlarmSubject, to writer: inout JSONWriter) {
        writer.member("gateway", subject.gateway)
        writer.member("code", subject.code)
        writer.member("level", subject.level)
        writer.member("pack", subject.pack)
    }

    private static func record<Sample>(
        _ stored: StoredSample<Sample>, to writer: inout JSONWriter
    ) {
        writer.member("gateway", stored.key.gateway)
        writer.member("epoch", stored.key.epoch)
        writer.member("sequence", stored.key.sequence)
        writer.moment("made", unixMilliseconds: stored.timeMilliseconds)
        writer.name("time_is_known")
        writer.bool(stored.quality != .unmended)
    }
}

extension HistoryTier {
    /// What the file calls it.
    fileprivate var name: String {
        switch self {
        case .minute: "minute"
        case .quarter: "quarter_hour"
        case .day: "day"
        }
    }
}
