import TimeZones

/// Decides what of that which is due goes into a message; looks at nothing but what it is given.
struct DeliveryPlan {
    /// The most messages an hour by one channel of a user.
    static let mostAnHour = 10
    /// The most notices of a message; those beyond are counted.
    static let mostNotices = 100
    /// How long a cause that was just told waits until it is told again, ms.
    static let pause: Int64 = 60_000
    /// An hour, ms.
    static let hour: Int64 = 3_600_000
    /// How long a channel on which a message is under way is left alone, ms.
    static let step: Int64 = 5_000

    /// Causes that are told together.
    struct Cause: Hashable {
        let change: String, code: String, level: String
    }

    /// What the user wants and sees, and what was told of late.
    struct Circumstances {
        let now: Int64
        let preferences: RecipientPreferences
        let zones: ZoneFolder
        /// Whether the channel is still the user's.
        var hasChannel: Bool
        /// When each cause was told last within ``pause``.
        var told: [Cause: Int64] = [:]
        /// When the messages of the last hour were sent, the earliest first.
        var sent: [Int64] = []
        /// Whether a message is under way on the channel, or waits for another try.
        var isBusy = false
    }

    /// What happens to rows.
    struct Verdict: Equatable {
        /// Those that are never told, and why.
        var dropped: [(row: DueDelivery, reason: String)] = []
        /// Those that wait, and until when.
        var waiting: [(row: DueDelivery, until: Int64)] = []
        /// Those of the message, the worst first.
        var told: [DueDelivery] = []
        /// Those that are counted in it.
        var counted: [DueDelivery] = []

        static func == (one: Verdict, other: Verdict) -> Bool {
            one.told == other.told && one.counted == other.counted
                && one.dropped.elementsEqual(other.dropped, by: ==)
                && one.waiting.elementsEqual(other.waiting, by: ==)
        }
    }

    let circumstances: Circumstances

    /// What becomes of rows that are due; those of a message that is told again stay together.
    func verdict(_ rows: [DueDelivery]) -> Verdict {
        var verdict = Verdict()
        var rest: [DueDelivery] = []
        for row in rows {
            if let reason = reasonToDrop(row) {
                verdict.dropped.append((row, reason))
            } else {
                rest.append(row)
            }
        }
        let again = rest.filter { !$0.message.isEmpty }.min { $0.next < $1.next }?.message
        if let again {
            let same = Self.worstFirst(rest.filter { $0.message == again })
            verdict.told = Array(same.prefix(Self.mostNotices))
            verdict.counted = Array(same.dropFirst(Self.mostNotices))
            return verdict
        }
        for row in rest {
            if let until = wait(row) {
                verdict.waiting.append((row, until))
            } else {
                verdict.told.append(row)
            }
        }
        let sorted = Self.worstFirst(verdict.told)
        verdict.told = Array(sorted.prefix(Self.mostNotices))
        verdict.counted = Array(sorted.dropFirst(Self.mostNotices))
        return verdict
    }

    private func reasonToDrop(_ row: DueDelivery) -> String? {
        guard circumstances.hasChannel else { return "the user has this channel no more" }
        guard row.isSeen else { return "the user does not see this gateway" }
        let levels = Hook.levels
        let wanted = levels.firstIndex(of: circumstances.preferences.level) ?? 0
        guard (levels.firstIndex(of: row.subject.level) ?? 0) >= wanted else {
            return "below the level that the user asked for"
        }
        return nil
    }

    /// Until when a row waits; nil when it goes now.
    private func wait(_ row: DueDelivery) -> Int64? {
        let now = circumstances.now
        if !row.isUrgent {
            let zone = row.zone.isEmpty ? "UTC" : row.zone
            if let quiet = circumstances.preferences.quiet,
                let end = quiet.end(around: now, zone: zone, zones: circumstances.zones)
            {
                return end
            }
            // whether it is the same one that comes back is known then
            if row.isRaising, let cleared = row.alarm.cleared {
                return max(
                    now.addingSaturated(Self.step),
                    cleared.addingSaturated(AlarmFold.hysteresis))
            }
        }
        if circumstances.isBusy { return now.addingSaturated(Self.step) }
        if circumstances.sent.count >= Self.mostAnHour {
            let first = circumstances.sent[circumstances.sent.count - Self.mostAnHour]
            return max(now.addingSaturated(1), first.addingSaturated(Self.hour))
        }
        if let last = circumstances.told[row.cause] {
            return max(now.addingSaturated(1), last.addingSaturated(Self.pause))
        }
        return nil
    }

    private static func worstFirst(_ rows: [DueDelivery]) -> [DueDelivery] {
        func rank(_ row: DueDelivery) -> Int {
            -(Hook.levels.firstIndex(of: row.subject.level) ?? 0)
        }
        return rows.sorted { one, other in
            (rank(one), one.isRaising ? 0 : 1, one.subject.code, one.raised, one.subject.gateway)
                < (
                    rank(other), other.isRaising ? 0 : 1, other.subject.code, other.raised,
                    other.subject.gateway
                )
        }
    }
}

/// A row of the queue that is due, with what is known of its gateway and its alarm now.
struct DueDelivery: RowReadable, Equatable {
    var gateway: Int64
    var change: String
    var raised: Int64
    var message: String
    var tries: Int32
    var next: Int64
    var label: String
    var zone: String
    /// Whether the user sees the gateway now.
    var isSeen: Bool
    /// The alarm as it is now; as it was raised where it is no more.
    var alarm: Alarm

    var subject: AlarmSubject { alarm.subject }
    var isRaising: Bool { change == Notice.Kind.raised.rawValue }
    /// Whether it breaks through quiet hours.
    var isUrgent: Bool { Self.urgent.contains(subject.level) }
    var cause: DeliveryPlan.Cause {
        DeliveryPlan.Cause(change: change, code: subject.code, level: subject.level)
    }

    /// Levels that are told at once.
    static let urgent: Set<String> = ["protection", "fault"]

    init(from row: inout some RowSource) {
        gateway = row.wide()
        change = row.word()
        raised = row.wide()
        message = row.word()
        tries = row.number()
        next = row.wide()
        label = row.word()
        zone = row.word()
        isSeen = row.wide() != 0
        let subject = AlarmSubject(
            gateway: row.word(), code: row.word(), level: row.word(), pack: row.number())
        // NULL where the alarm is there no more
        let last = row.wide()
        let cleared = row.wide()
        let ending = row.word()
        let times = row.number()
        let text = row.word()
        alarm = Alarm(subject, raised: raised, text: text)
        alarm.last = max(last, raised)
        alarm.cleared = cleared == 0 ? nil : cleared
        alarm.ending = Alarm.Ending(rawValue: ending) ?? .cleared
        alarm.times = max(1, times)
    }

    /// The columns that name it after the user and the channel, from ?3 on.
    var key: [SQLValue] {
        [
            .number(gateway), .text(subject.code), .text(subject.level),
            .number(Int64(subject.pack)), .number(raised), .text(change),
        ]
    }
}
