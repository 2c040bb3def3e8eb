import Glibc
import Logging
import Synchronization

/// Writes log lines to stderr: one event a line, `key=value` behind a constant message.
///
/// Under systemd a line begins with its priority (`<4>`), which the journal takes off again; on a
/// terminal it begins with its level.
package struct LineLogHandler: LogHandler {
    private static let leastPriority = Atomic<Int>(Self.priority(.info))

    /// The least level that the whole program writes: it changes while loggers that were made before
    /// live on.
    package static var least: Logger.Level {
        get {
            let least = leastPriority.load(ordering: .relaxed)
            return Logger.Level.allCases.last { priority($0) == least } ?? .info
        }
        set { leastPriority.store(priority(newValue), ordering: .relaxed) }
    }

    /// The least level of this logger alone; one below the program's least counts as that.
    package var logLevel: Logger.Level {
        get { max(own, Self.least) }
        set { own = newValue }
    }
    private var own = Logger.Level.trace
    /// Values that stand behind every message.
    package var metadata: Logger.Metadata = [:]
    private let isJournal = getenv("JOURNAL_STREAM") != nil

    /// A handler that writes from level info on.
    package init() {}

    /// One of the values behind every message.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line, in one system call so that lines of several threads do not mix.
    package func log(event: LogEvent) {
        var line = isJournal ? "<\(Self.priority(event.level))>" : "\(event.level): "
        line += "\(event.message)"
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for key in all.keys.sorted() { line += " \(key)=\(Self.quoted(all[key]))" }
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
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
