import Synchronization
import Views

/// The alarms that stand and the last that ended, since the gateway's program began.
///
/// Written by the recorder's thread and read by the server's; neither waits longer than a copy takes.
package final class AlarmBoard: Sendable {
    /// Alarms that stand at once; of more, the newest.
    package static let mostOpen = 256
    /// Alarms that ended.
    package static let mostEnded = 100

    /// One alarm; times are of the monotonic clock, ms.
    struct Entry: Sendable {
        let number: UInt64
        let code: String, level: String
        let pack: Int32
        let raised: Int64
        var last: Int64
        var cleared: Int64?
        var times: Int32 = 1
        var text: String
    }

    private struct Contents {
        var open: [Entry] = []
        var ended: [Entry] = []
        var next: UInt64 = 1
        var version: UInt64 = 0
    }

    private let contents = Mutex(Contents())

    /// Nothing raised yet.
    package init() {}

    /// Notes that an alarm was raised at a time of the monotonic clock, ms.
    package func raise(code: String, level: String, pack: Int32, text: String, at time: Int64) {
        contents.withLock { contents in
            contents.version += 1
            let known = contents.open.firstIndex {
                $0.code == code && $0.pack == pack && $0.level == level
            }
            if let known {
                contents.open[known].last = time
                contents.open[known].text = text
                let times = contents.open[known].times
                contents.open[known].times = times == .max ? times : times + 1
                return
            }
            contents.open.append(
                Entry(
                    number: contents.next, code: code, level: level, pack: pack, raised: time,
                    last: time, text: text))
            contents.next += 1
            if contents.open.count > Self.mostOpen { contents.open.removeFirst() }
        }
    }

    /// Notes that an alarm is over; one that was never raised here is none.
    package func clear(code: String, level: String, pack: Int32, at time: Int64) {
        contents.withLock { contents in
            let known = contents.open.firstIndex {
                $0.code == code && $0.pack == pack && $0.level == level
            }
            guard let known else { return }
            contents.version += 1
            var entry = contents.open.remove(at: known)
            entry.cleared = time
            contents.ended.append(entry)
            if contents.ended.count > Self.mostEnded { contents.ended.removeFirst() }
        }
    }

    /// Counts up with every change.
    var version: UInt64 { contents.withLock { $0.version } }

    /// All, those raised last first.
    func entries(isOpenOnly: Bool) -> [Entry] {
        let (open, ended) = contents.withLock { ($0.open, $0.ended) }
        let all = isOpenOnly ? open : open + ended
        return all.sorted { $0.number > $1.number }
    }

    /// How many stand, and how bad the worst of them is.
    var tally: (open: Int, worst: String?) {
        let levels = contents.withLock { $0.open.map(\.level) }
        let worst = ["fault", "protection", "warning", "information"].first(where: levels.contains)
        return (levels.count, worst)
    }
}
