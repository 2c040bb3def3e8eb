import Alarms
import FleetStore
import Telemetry
import TimeZones

/// What a message says, in the words of its recipient.
package struct DeliveryText {
    /// One line.
    package let title: String
    /// What there is to read, lines without an address.
    package let body: [String]
    /// Where in the app it is, from `/` on.
    package let path: String
    /// What it is about, so that a later message about the same takes its place.
    package let tag: String
    /// The worst level and the one code and gateway of it; empty where there are several.
    package let level: String, code: String, gateway: String
    /// Whether somebody should be woken.
    package let isUrgent: Bool

    /// Notices of one cause, by pack.
    private struct Group {
        let kind: Notice.Kind
        let code: String, level: String
        let pack: Int32
        var notices: [DeliveryNotice]
    }

    /// Gateways that are named; the others are counted.
    private static let mostNamed = 10

    /// Says a message.
    package init(_ message: DeliveryMessage, _ texts: AlarmTexts, zones: ZoneFolder = ZoneFolder())
    {
        let words = DeliveryWords.words(texts.language)
        let groups = Self.groups(message.notices)
        var lines: [String] = []
        var titles: [String] = []
        for group in groups {
            let text = texts.text(
                code: group.code, level: group.level, pack: UInt8(clamping: group.pack))
            let isOver = group.kind == .cleared
            let title = (isOver ? "\(words.over): " : "\(text.level): ") + text.title
            titles.append(title)
            if !lines.isEmpty { lines.append("") }
            lines.append(title)
            for notice in group.notices.prefix(Self.mostNamed) {
                lines.append(Self.place(notice, words, zones))
            }
            let rest = group.notices.count - Self.mostNamed
            if rest > 0 { lines.append(DeliveryWords.filled(words.andMore, rest)) }
            guard !isOver else { continue }
            lines += ["\(text.meaning) \(text.done)", "\(text.who): \(text.advice)"]
        }
        if message.leftOut > 0 {
            lines += ["", DeliveryWords.filled(words.leftOut, message.leftOut)]
        }
        body = lines
        let names = Self.distinct(message.notices.map(\.alarm.subject.gateway))
        let first = message.notices.first
        let count = message.notices.count + message.leftOut
        if groups.count == 1, names.count == 1, message.leftOut == 0, let first {
            title = "\(titles[0]) – \(Self.name(first))"
        } else if groups.count == 1 {
            title = "\(titles[0]) (\(count))"
        } else {
            title =
                (titles.first.map { "\($0) – " } ?? "")
                + DeliveryWords.filled(words.notices, count)
        }
        gateway = names.count == 1 ? names.first ?? "" : ""
        let codes = Self.distinct(message.notices.map(\.alarm.subject.code))
        code = codes.count == 1 ? codes.first ?? "" : ""
        level = first?.alarm.subject.level ?? "information"
        path = gateway.isEmpty ? "/alarms" : "/g/\(gateway)"
        tag =
            groups.count == 1 && !gateway.isEmpty
            ? "\(gateway) \(code) \(groups[0].level) \(groups[0].pack)" : message.id
        isUrgent = message.notices.contains {
            $0.kind == .raised && ["protection", "fault"].contains($0.alarm.subject.level)
        }
    }

    /// Says that nothing is wrong, to see that messages arrive.
    package init(testIn language: String) {
        let words = DeliveryWords.words(language)
        title = words.test
        body = [words.testBody]
        (path, tag, level, code, gateway, isUrgent) = (
            "/more", "test", "information", "", "", false
        )
    }

    private static func groups(_ notices: [DeliveryNotice]) -> [Group] {
        var groups: [Group] = []
        for notice in notices {
            let subject = notice.alarm.subject
            let place = groups.firstIndex {
                ($0.kind, $0.code, $0.level, $0.pack)
                    == (notice.kind, subject.code, subject.level, subject.pack)
            }
            if let place {
                groups[place].notices.append(notice)
            } else {
                groups.append(
                    Group(
                        kind: notice.kind, code: subject.code, level: subject.level,
                        pack: subject.pack, notices: [notice]))
            }
        }
        return groups
    }

    private static func distinct(_ names: [String]) -> [String] {
        var found: [String] = []
        for name in names where found.last != name && !found.contains(name) { found.append(name) }
        return found
    }

    private static func name(_ notice: DeliveryNotice) -> String {
        let gateway = notice.alarm.subject.gateway
        // a label has no bound of its own, and a message of push has
        let label = notice.label.prefix(80)
        return label.isEmpty ? gateway : "\(label) (\(gateway))"
    }

    /// `Barn (house-1), since 2026-09-21 16:13 Europe/Berlin`.
    private static func place(
        _ notice: DeliveryNotice, _ words: DeliveryWords, _ zones: ZoneFolder
    ) -> String {
        var zone = notice.zone.isEmpty ? "UTC" : notice.zone
        if zones.offset(of: zone, at: 0) == nil { zone = "UTC" }
        func clock(_ time: Int64) -> String {
            let offset = Int64(zones.offset(of: zone, at: time / 1000) ?? 0) * 1000
            let (local, overflow) = time.addingReportingOverflow(offset)
            return String(
                RFC3339.text(unixMilliseconds: overflow ? time : local).prefix(16)
            ).replacing("T", with: " ")
        }
        var line = "\(name(notice)), \(words.since) \(clock(notice.alarm.raised))"
        if notice.kind == .cleared, let cleared = notice.alarm.cleared {
            line += " \(words.until) \(clock(cleared))"
        }
        return "\(line) \(zone)"
    }
}
