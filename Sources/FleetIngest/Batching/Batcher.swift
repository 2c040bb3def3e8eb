/// Gathers messages and says when they are a batch; knows no clock.
///
/// A batch is due when it has its rows, when its first message has waited long enough, or when no
/// message has come for a tenth of that: a lone alarm is stored soon, and many gateways that talk by
/// turns do not cost a transaction each. Times are nanoseconds on the monotonic clock.
struct Batcher {
    private(set) var messages: [HeldMessage] = []
    private var rows = 0
    private var first: Int64 = 0
    private var last: Int64 = 0
    private let mostRows: Int
    private let longestWait: Int64

    init(mostRows: Int, milliseconds: Int) {
        self.mostRows = mostRows
        longestWait = Int64(milliseconds) * 1_000_000
    }

    var isEmpty: Bool { messages.isEmpty }

    /// Whether it has its rows.
    var isFull: Bool { rows >= mostRows }

    /// When the batch is due at the latest if nothing comes; nil while it is empty.
    var deadline: Int64? {
        guard !isEmpty else { return nil }
        if isFull { return last }
        return min(first + longestWait, last + longestWait / 10)
    }

    mutating func append(_ message: HeldMessage, at now: Int64) {
        if isEmpty { first = now }
        last = now
        messages.append(message)
        rows += message.rows
    }

    /// Gives the batch and begins the next.
    mutating func take() -> [HeldMessage] {
        defer {
            messages = []
            rows = 0
        }
        return messages
    }
}
