import Numbering

/// What was sent and not yet answered, in the order it went out.
///
/// Answers come almost in order, so looking from the front finds them at once.
struct InFlightWindow {
    private struct Slot {
        let messageID: Int32
        /// The record's number; 0 for what is no record.
        let token: Int64
        let channel: Int
        let bytes: Int
        let isBacklog: Bool
        let sentAt: Int64
        var isSettled = false
        var isConfirmed = false
    }

    private var slots: [Slot] = []
    private var head = 0
    /// Messages not yet answered.
    private(set) var count = 0
    /// Payload bytes not yet answered.
    private(set) var bytes = 0
    /// Records of the backlog not yet answered.
    private(set) var backlogCount = 0

    /// A message that was answered.
    struct Settled {
        /// The record's number; 0 for what is no record.
        let token: Int64
        let channel: Int
        let isBacklog: Bool
        /// When it went out, nanoseconds on the monotonic clock.
        let sentAt: Int64
        /// Whether the receiver has confirmed it already.
        let isConfirmed: Bool
    }

    /// Remembers what went out.
    mutating func append(
        messageID: Int32, token: Int64, channel: Int, bytes size: Int, isBacklog: Bool = false,
        at now: Int64 = 0
    ) {
        slots.append(
            Slot(
                messageID: messageID, token: token, channel: channel, bytes: size,
                isBacklog: isBacklog, sentAt: now))
        count += 1
        if isBacklog { backlogCount += 1 }
        bytes += size
    }

    /// Takes an answer and gives what it is about; nil when nothing waits under that id.
    mutating func settle(_ messageID: Int32) -> Settled? {
        guard
            let index = slots[head...].firstIndex(where: {
                $0.messageID == messageID && !$0.isSettled
            })
        else { return nil }
        slots[index].isSettled = true
        count -= 1
        bytes -= slots[index].bytes
        let slot = slots[index]
        if slot.isBacklog { backlogCount -= 1 }
        let settled = Settled(
            token: slot.token, channel: slot.channel, isBacklog: slot.isBacklog,
            sentAt: slot.sentAt, isConfirmed: slot.isConfirmed)
        advance()
        return settled
    }

    /// Notes that the receiver has confirmed records, which may be before the broker answers.
    mutating func confirm(_ tokens: SequenceRanges) {
        for index in slots.indices[head...] where tokens.contains(slots[index].token) {
            slots[index].isConfirmed = true
        }
    }

    /// Forgets everything and gives the numbers of records that were not answered, in order.
    mutating func removeAll() -> [Int64] {
        let open = slots[head...].filter { !$0.isSettled && !$0.isConfirmed && $0.token != 0 }
            .map(\.token)
        slots.removeAll(keepingCapacity: true)
        head = 0
        count = 0
        bytes = 0
        backlogCount = 0
        return open
    }

    private mutating func advance() {
        while head < slots.count, slots[head].isSettled { head += 1 }
        if head == slots.count {
            slots.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1024 {
            slots.removeSubrange(..<head)
            head = 0
        }
    }
}
