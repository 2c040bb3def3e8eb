/// Makes alarms of what was said about them, from the oldest word to the newest.
///
/// 1. An alarm ends when it is cleared, never because nothing is heard of it.
/// 2. A gateway that begins anew knows nothing of what it raised before, and raises again what still
///    stands: its beginning ends what its former run had raised.
/// 3. What is raised again within five minutes of its end is the same alarm: one that flickers is one
///    line, and who has acknowledged it need not do so again.
struct AlarmFold {
    /// An alarm that is raised again after no more than this is the same one, ms.
    static let hysteresis: Int64 = 300_000

    /// One thing that was said.
    struct Entry: Hashable {
        enum Change: Hashable {
            case raised
            case cleared
            /// The gateway has begun anew.
            case started
            case acknowledged(by: String)
        }

        var change: Change
        var code = ""
        var level = ""
        var pack: Int32 = 0
        var time: Int64
        /// The record's place among those of one time; nought for words of the fleet.
        var epoch: Int64 = 0, sequence: Int64 = 0
        var text = ""
        /// Said by the fleet, not by the gateway.
        var isWord = false
    }

    private struct Key: Hashable {
        let code: String, level: String, pack: Int32
    }

    private let gateway: String
    private var alarms: [Alarm] = []
    /// The place of the newest alarm of each kind.
    private var newest: [Key: Int] = [:]
    /// Places of open alarms that the gateway itself raised.
    private var raisedByGateway: Set<Int> = []

    /// Alarms of a gateway, oldest first.
    ///
    /// `earlier` are alarms that were made of what is not among the entries any more; they come first in what
    /// is given, changed where the entries go on with them.
    static func alarms(
        of gateway: String, from entries: [Entry], after earlier: [Alarm] = []
    ) -> [Alarm] {
        var fold = Self(gateway: gateway)
        // a word speaks of what was known when it was said
        let ordered = entries.sorted {
            ($0.time, $0.isWord ? 1 : 0, $0.epoch, $0.sequence)
                < ($1.time, $1.isWord ? 1 : 0, $1.epoch, $1.sequence)
        }
        if let first = ordered.first?.time {
            for alarm in earlier { fold.resume(alarm, at: first, entries) }
        } else {
            fold.alarms = earlier
        }
        for entry in ordered { fold.add(entry) }
        return fold.alarms
    }

    /// Brings an alarm back to how it was before the first entry.
    private mutating func resume(
        _ alarm: Alarm, at first: Int64, _ entries: [Entry]
    ) {
        let subject = alarm.subject
        let key = Key(code: subject.code, level: subject.level, pack: subject.pack)
        var alarm = alarm
        // all raisings up to its last one are its own
        let again = entries.count {
            $0.change == .raised && $0.time <= alarm.last
                && key == Key(code: $0.code, level: $0.level, pack: $0.pack)
        }
        alarm.times = max(1, alarm.times &- Int32(clamping: again))
        if alarm.last >= first { alarm.last = alarm.raised }
        if let cleared = alarm.cleared, cleared >= first {
            (alarm.cleared, alarm.ending) = (nil, .open)
        }
        if let acknowledged = alarm.acknowledged, acknowledged >= first {
            (alarm.acknowledged, alarm.acknowledgedBy) = (nil, "")
        }
        let place = alarms.count
        if newest[key].map({ alarms[$0].raised < alarm.raised }) ?? true { newest[key] = place }
        if alarm.isOpen, !AlarmWord.fleetCodes.contains(subject.code) {
            raisedByGateway.insert(place)
        }
        alarms.append(alarm)
    }

    private init(gateway: String) { self.gateway = gateway }

    private mutating func add(_ entry: Entry) {
        let key = Key(code: entry.code, level: entry.level, pack: entry.pack)
        switch entry.change {
        case .raised: raise(entry, key)
        case .cleared:
            guard let place = newest[key], alarms[place].isOpen else { return }
            end(place, .cleared, entry.time)
        case .started:
            for place in raisedByGateway { end(place, .restart, entry.time) }
        case .acknowledged(let author):
            guard let place = newest[key], alarms[place].acknowledged == nil else { return }
            alarms[place].acknowledged = entry.time
            alarms[place].acknowledgedBy = author
        }
    }

    private mutating func raise(_ entry: Entry, _ key: Key) {
        if let place = newest[key], isSame(alarms[place], entry.time) {
            alarms[place].times = alarms[place].times &+ 1
            alarms[place].last = entry.time
            alarms[place].text = entry.text
            alarms[place].cleared = nil
            alarms[place].ending = .open
        } else {
            let subject = AlarmSubject(
                gateway: gateway, code: entry.code, level: entry.level, pack: entry.pack)
            newest[key] = alarms.count
            alarms.append(Alarm(subject, raised: entry.time, text: entry.text))
        }
        if !entry.isWord, let place = newest[key] { raisedByGateway.insert(place) }
    }

    private func isSame(_ alarm: Alarm, _ time: Int64) -> Bool {
        guard let cleared = alarm.cleared else { return true }
        return time.subtractingReportingOverflow(cleared).partialValue <= Self.hysteresis
    }

    private mutating func end(_ place: Int, _ ending: Alarm.Ending, _ time: Int64) {
        alarms[place].cleared = time
        alarms[place].ending = ending
        raisedByGateway.remove(place)
    }
}
