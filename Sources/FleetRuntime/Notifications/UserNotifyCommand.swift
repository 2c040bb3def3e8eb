import Alarms
import ArgumentParser
import FleetStore
import Notifications
import Telemetry

/// `users notify`.
struct UserNotifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notify",
        abstract: "Say how a user is told of alarms, show it, or send a test.",
        discussion: """
            'amphora-fleet serve' with --mail-server and --push-key tells users of alarms of the gateways they see. \
            Protection and faults are told at once, others after a minute and not in quiet hours. Without options \
            it is shown, with what was told last. --test needs the options for mail that 'serve' has, and those \
            for push to reach browsers too.
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var actor: ActorOptions
    @OptionGroup var ways: NotifyOptions
    @Argument(help: "The user's name.") var name: String

    @Option(
        help: ArgumentHelp(
            "In which language: \(AlarmTexts.languages.joined(separator: ", ")), or 'none'.",
            valueName: "code"))
    var language: String?

    @Option(help: ArgumentHelp("Where mail goes, or 'none'.", valueName: "address"))
    var mail: String?

    @Option(
        help: ArgumentHelp(
            "When only protection and faults are told, by the clock of the site, such as "
                + "22:00-07:00, or 'none'.", valueName: "hours"))
    var quiet: String?

    @Option(
        help: ArgumentHelp(
            "The lowest level that is told: \(Hook.levels.joined(separator: ", ")).",
            valueName: "level"), completion: .list(Hook.levels))
    var level: String?

    @Flag(help: "Send a message that says nothing is wrong, by mail and to each browser.")
    var test = false

    func validate() throws {
        if let language, language != "none", !AlarmTexts.languages.contains(language) {
            throw ValidationError(
                "'--language' is '\(language)', expected one of: "
                    + "\(AlarmTexts.languages.joined(separator: ", ")), none")
        }
        if let mail, mail != "none", !MailAddress.isAddress(mail) {
            throw ValidationError("'--mail' is '\(mail)', expected an address, or 'none'")
        }
        if let level, !Hook.levels.contains(level) {
            throw ValidationError(
                "'--level' is '\(level)', expected one of: \(Hook.levels.joined(separator: ", "))")
        }
        if let quiet, quiet != "none", Self.hours(quiet) == nil {
            throw ValidationError(
                "'--quiet' is '\(quiet)', expected two times that differ, such as 22:00-07:00, or "
                    + "'none'")
        }
    }

    /// Hours as people write them; nil for anything else.
    static func hours(_ text: String) -> QuietHours? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let from = QuietHours.minute(of: String(parts[0])),
            let to = QuietHours.minute(of: String(parts[1]))
        else { return nil }
        return QuietHours(from: from, to: to)
    }

    func run() throws {
        do {
            let store = try FleetStores.openRecipients(store.store)
            try store.migrate()
            guard var preferences = try store.preferences(of: name) else {
                try fail("there is no user '\(name)'")
            }
            if let language { preferences.language = language == "none" ? nil : language }
            if let mail { preferences.mail = mail == "none" ? nil : mail }
            if let quiet { preferences.quiet = quiet == "none" ? nil : Self.hours(quiet) }
            if let level { preferences.level = level }
            guard
                try store.setPreferences(preferences, of: name, by: UsersCommand.author(actor))
            else { try fail("there is no user '\(name)'") }
            let browsers = try store.pushSubscriptions(of: name)
            if test { return try send(preferences, browsers) }
            show(preferences, browsers, try store.deliveries(of: name, limit: 20))
        } catch let error as FleetStoreError {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }

    private func send(_ preferences: RecipientPreferences, _ browsers: [PushSubscription]) throws {
        let ways = try ways.ways()
        var channels: [DeliveryChannel] = []
        if ways.mail != nil, let mail = preferences.mail { channels.append(.mail(mail)) }
        if ways.push != nil { channels += browsers.map { .push($0) } }
        guard !channels.isEmpty else {
            try fail(
                "nothing to send to: '\(name)' needs '--mail' and '--mail-server', or a browser and "
                    + "'--push-key'")
        }
        let teller = try readable { try DeliveryTeller(mail: ways.mail, push: ways.push) }
        var hasFailed = false
        for channel in channels {
            switch teller.test(channel, preferences: preferences, now: Moment.now()) {
            case .sent: print("\(channel.name): sent")
            case .later(let reason, _), .never(let reason), .gone(let reason):
                Output.note("\(channel.name): \(reason)")
                hasFailed = true
            }
        }
        if hasFailed { throw ExitCode.failure }
    }

    private func show(
        _ preferences: RecipientPreferences, _ browsers: [PushSubscription],
        _ entries: [DeliveryEntry]
    ) {
        print("language: \(preferences.language ?? AlarmTexts.languages[0])")
        print("mail: \(preferences.mail ?? "none")")
        print("browsers: \(browsers.count)")
        print("quiet hours: \(preferences.quiet?.description ?? "none")")
        print("from level: \(preferences.level)")
        for entry in entries {
            let subject = entry.subject
            let raised = RFC3339.text(unixMilliseconds: entry.raised)
            let reason = entry.reason.isEmpty ? "" : ": \(entry.reason)"
            print(
                "\(raised) \(subject.gateway) \(subject.code) (\(subject.level)) "
                    + "\(entry.kind.rawValue), \(entry.channel): \(entry.state)\(reason)")
        }
    }
}
