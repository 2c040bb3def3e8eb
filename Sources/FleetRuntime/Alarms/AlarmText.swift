import Alarms
import FleetStore
import Telemetry

/// How alarms are shown to people.
extension AlarmText {
    /// An alarm with what it means and what to do.
    static func lines(_ alarm: Alarm, _ texts: AlarmTexts) -> [String] {
        let (subject, text) = (alarm.subject, words(alarm, texts))
        let since = RFC3339.text(unixMilliseconds: alarm.raised)
        var state = "since \(since)"
        if let cleared = alarm.cleared {
            state = "from \(since) until \(RFC3339.text(unixMilliseconds: cleared))"
        }
        if alarm.times > 1 { state += ", \(alarm.times) times" }
        if alarm.acknowledged != nil { state += ", \(alarm.acknowledgedBy) looks after it" }
        return [
            "\(subject.gateway): \(text.title) (\(text.level), \(subject.code)) \(state)",
            "  \(text.meaning) \(text.done)", "  \(text.who): \(text.advice)",
        ]
    }

    /// A cause in one line.
    static func line(_ cause: AlarmCause, _ texts: AlarmTexts) -> String {
        let text = texts.text(code: cause.code, level: cause.level, pack: 0)
        let sites = cause.gateways == 1 ? "1 gateway" : "\(cause.gateways) gateways"
        let alarms = cause.alarms == 1 ? "1 alarm" : "\(cause.alarms) alarms"
        return "\(sites), \(alarms), \(cause.unacknowledged) nobody looks after: \(cause.code) "
            + "(\(text.level)), \(RFC3339.text(unixMilliseconds: cause.oldest)) to "
            + "\(RFC3339.text(unixMilliseconds: cause.newest))"
    }

    static func json(_ alarm: Alarm, _ texts: AlarmTexts) -> String {
        let (subject, text) = (alarm.subject, words(alarm, texts))
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("gateway")
            writer.string(subject.gateway)
            writer.name("code")
            writer.string(subject.code)
            writer.name("level")
            writer.string(subject.level)
            writer.name("pack")
            writer.integer(Int64(subject.pack))
            writer.moment("raised", unixMilliseconds: alarm.raised)
            writer.moment("last_raised", unixMilliseconds: alarm.last)
            writer.moment("cleared", unixMilliseconds: alarm.cleared)
            writer.name("ending")
            writer.string(alarm.isOpen ? "open" : alarm.ending.rawValue)
            writer.name("times")
            writer.integer(Int64(alarm.times))
            writer.moment("acknowledged", unixMilliseconds: alarm.acknowledged)
            writer.name("acknowledged_by")
            writer.string(alarm.acknowledgedBy)
            writer.name("text")
            writer.string(alarm.text)
            write(text, to: &writer)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    static func json(_ cause: AlarmCause, _ texts: AlarmTexts) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("code")
            writer.string(cause.code)
            writer.name("level")
            writer.string(cause.level)
            let numbers: [(StaticString, Int64)] = [
                ("alarms", cause.alarms), ("gateways", cause.gateways),
                ("unacknowledged", cause.unacknowledged),
            ]
            for (name, number) in numbers {
                writer.name(name)
                writer.integer(number)
            }
            writer.moment("oldest", unixMilliseconds: cause.oldest)
            writer.moment("newest", unixMilliseconds: cause.newest)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func words(_ alarm: Alarm, _ texts: AlarmTexts) -> AlarmText {
        texts.text(
            code: alarm.subject.code, level: alarm.subject.level,
            pack: UInt8(clamping: alarm.subject.pack))
    }

    private static func write(_ text: AlarmText, to writer: inout JSONWriter) {
        let parts: [(StaticString, String)] = [
            ("title", text.title), ("meaning", text.meaning), ("done", text.done),
            ("advice", text.advice), ("who", text.who),
        ]
        for (name, words) in parts {
            writer.name(name)
            writer.string(words)
        }
    }
}
