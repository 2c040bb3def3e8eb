import CANBus

/// Frames that wait until the kernel takes more, at most one for each identifier.
///
/// A newer frame takes the place of an older one with its identifier: an inverter must not be told
/// old limits first when a bus that carried nothing carries again. Never allocates after `init`.
struct PendingFrames {
    /// What became of a frame.
    enum Outcome: Hashable { case added, replaced, full }

    private var frames: [CANFrame] = []
    private let capacity: Int

    /// Makes room for frames of `capacity` identifiers.
    init(capacity: Int = 64) {
        self.capacity = capacity
        frames.reserveCapacity(capacity)
    }

    /// Whether none waits.
    var isEmpty: Bool { frames.isEmpty }

    /// How many wait.
    var count: Int { frames.count }

    /// The one that waits longest.
    var first: CANFrame? { frames.first }

    /// Lets a frame wait.
    mutating func put(_ frame: CANFrame) -> Outcome {
        for index in frames.indices where frames[index].identifier == frame.identifier {
            frames[index] = frame
            return .replaced
        }
        guard frames.count < capacity else { return .full }
        frames.append(frame)
        return .added
    }

    /// Takes away the one that waits longest.
    mutating func removeFirst() {
        if !frames.isEmpty { frames.removeFirst() }
    }

    /// Drops all.
    mutating func removeAll() { frames.removeAll(keepingCapacity: true) }
}
