import FleetStore

/// What must be stored before anything else is read, and what follows from the store's answers.
///
/// A batch that the store refuses is halved until the record that it refuses stands alone; that one
/// becomes a dead letter. Each part is a transaction of its own, so the good ones lose nothing.
struct StoreQueue {
    /// Parts to store, the next one last.
    private var parts: [[HeldMessage]] = []

    var isEmpty: Bool { parts.isEmpty }

    /// What to store next.
    var next: [HeldMessage]? { parts.last }

    mutating func append(_ batch: [HeldMessage]) {
        guard !batch.isEmpty else { return }
        parts.insert(batch, at: 0)
    }

    /// The next part is stored; gives it.
    mutating func stored() -> [HeldMessage] { parts.popLast() ?? [] }

    /// The next part was refused; gives the message that is given up because the store takes it not
    /// even as a dead letter.
    mutating func refused(_ reason: String) -> HeldMessage? {
        guard var part = parts.popLast() else { return nil }
        guard part.count == 1 else {
            let middle = part.count / 2
            parts.append(Array(part[middle...]))
            parts.append(Array(part[..<middle]))
            return nil
        }
        guard part[0].reject(reason) else { return part[0] }
        parts.append(part)
        return nil
    }
}
