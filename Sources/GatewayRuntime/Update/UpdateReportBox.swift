import Synchronization
import UpdateAgent

/// Carries reports on assigned sets to the recorder, and back which of them are in the outbox.
///
/// The agent hands over what it remembers again and again; each report is taken once unless it could not
/// be stored.
final class UpdateReportBox: Sendable {
    private struct Contents {
        var waiting: [NumberedReport] = []
        var taken = 0
        var stored = 0
    }

    private let contents = Mutex(Contents())

    /// Leaves reports; true when there is something new among them.
    func add(_ reports: [NumberedReport]) -> Bool {
        contents.withLock { contents in
            let known = max(contents.taken, contents.waiting.last?.number ?? 0)
            let new = reports.filter { $0.number > known }
            contents.waiting += new
            return !new.isEmpty
        }
    }

    /// Takes all of them, oldest first.
    func take() -> [NumberedReport] {
        contents.withLock { contents in
            defer { contents.waiting = [] }
            contents.taken = contents.waiting.last?.number ?? contents.taken
            return contents.waiting
        }
    }

    /// What was taken up to a number is stored; nil when it could not be, so that it is taken again.
    func note(stored number: Int?) {
        contents.withLock { contents in
            if let number { contents.stored = number } else { contents.taken = contents.stored }
        }
    }

    /// The highest number that is stored.
    var stored: Int { contents.withLock { $0.stored } }
}
