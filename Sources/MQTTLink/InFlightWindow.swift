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
        var isSettled = false
    }

    private var slots: [Slot] = []
    private var head = 0
    /// Messages not yet answered.
    private(set) var count = 0
    /// Payload bytes not yet answered.
    private(set) var bytes = 0

    /// Remembers what went out.
    mutating func append(messageID: Int32, token: Int64, channel: Int, bytes size: Int) {
        slots.append(Slot(messageID: messageID, token: token, channel: channel, bytes: size))
        count += 1
        bytes += size
    }

    /// Takes an answer and gives the record's number and channel; nil when nothing waits under
    /// that id.
    mutating func settle(_ messageID: Int32) -> (token: Int64, channel: Int)? {
        guard
            let index = slots[head...].firstIndex(where: {
                $0.messageID == messageID && !$0.isSettled
            })
        else { return nil }
        slots[index].isSettled = true
        count -= 1
        bytes -= slots[index].bytes
        let settled = (slots[index].token, slots[index].channel)
        advance()
        return settled
    }

    /// Forgets everything and gives the numbers of records that were not answered, in order.
    mutating func removeAll() -> [Int64] {
        let open = slots[head...].filter { !$0.isSettled && $0.token != 0 }.map(\.token)
        slots.removeAll(keepingCapacity: true)
        head = 0
        count = 0
        bytes = 0
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
