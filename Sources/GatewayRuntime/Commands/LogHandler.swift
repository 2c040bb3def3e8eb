import Glibc
import Logging

/// Writes log lines to stderr: one event a line, `key=value` behind a constant message.
///
/// Under systemd a line begins with its priority (`<4>`), which the journal takes off again; on a
/// terminal it begins with its level.
struct LineLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    private let isJournal = getenv("JOURNAL_STREAM") != nil

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = isJournal ? "<\(Self.priority(event.level))>" : "\(event.level): "
        line += "\(event.message)"
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for key in all.keys.sorted() { line += " \(key)=\(Self.quoted(all[key]))" }
        Output.note(line)
    }

    private static func quoted(_ value: Logger.Metadata.Value?) -> String {
        let text = value.map { "\($0)" } ?? ""
        return text.contains(" ") ? "'\(text)'" : text
    }

    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
