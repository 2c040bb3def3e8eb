import CANBus
import CLinux
import Glibc
import Synchronization

/// A wire between buses of this process, for tests and simulations.
///
/// Any number of `MemoryBus` ends hang on it; what one sends, all others receive. Ends may live on
/// different threads.
package final class MemoryWire: Sendable {
    fileprivate struct Queue {
        var frames: [CANFrame] = []
        /// Raised while there are frames; -1 for an end that has left.
        var signal: Int32
    }

    fileprivate struct Contents {
        var queues: [Queue] = []
        var state = BusState.active

        mutating func deliver(_ frame: CANFrame, from end: Int, depth: Int) -> SendOutcome {
            for index in queues.indices where index != end && queues[index].frames.count >= depth {
                return .full
            }
            for index in queues.indices where index != end && queues[index].signal >= 0 {
                queues[index].frames.append(frame)
                var one: UInt64 = 1
                _ = write(queues[index].signal, &one, 8)
            }
            return .accepted
        }
    }

    fileprivate let contents = Mutex(Contents())
    /// How many unread frames an end keeps before its sender is told that the queue is full.
    package let depth: Int

    /// Makes a wire that keeps at most `depth` unread frames for each end.
    package init(depth: Int = 256) { self.depth = depth }

    /// Breaks or mends the wire, as seen by every end.
    package func set(_ state: BusState) { contents.withLock { $0.state = state } }
}

/// A bus in memory, held to the same contract as the real ones.
package final class MemoryBus: Bus {
    package let name: String
    package private(set) var descriptor: Int32 = -1
    package private(set) var counters = BusCounters()
    package let problem: BusError? = nil
    package let wantsToWrite = false

    private let wire: MemoryWire
    private var end: Int?
    private var scratch: [CANFrame] = []

    /// Makes an end; it joins the wire in the next `attend`.
    package init(on wire: MemoryWire, name: String = "memory") {
        self.wire = wire
        self.name = name
        scratch.reserveCapacity(wire.depth)
    }

    deinit { close() }

    package var state: BusState {
        end == nil ? .removed : wire.contents.withLock { $0.state }
    }

    package var nextAttention: Int64 { end == nil ? .min : .max }

    package func attend(at now: Int64) {
        guard end == nil else { return }
        let signal = clinux_eventfd()
        guard signal >= 0 else { return }
        end = wire.contents.withLock { contents in
            var queue = MemoryWire.Queue(signal: signal)
            queue.frames.reserveCapacity(wire.depth)
            contents.queues.append(queue)
            return contents.queues.count - 1
        }
        descriptor = signal
        counters.openings += 1
    }

    package func send(_ frame: CANFrame, at now: Int64) -> SendOutcome {
        let outcome = wire.contents.withLock { contents -> SendOutcome in
            guard let end, contents.state.carriesFrames else { return .down }
            return contents.deliver(frame, from: end, depth: wire.depth)
        }
        switch outcome {
        case .accepted: counters.sent += 1
        case .full: counters.dropped += 1
        case .down: counters.undeliverable += 1
        }
        return outcome
    }

    package func receive(at now: Int64, _ body: (CANFrame) -> Void) -> Int {
        guard let end else { return 0 }
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
        wire.contents.withLock { contents in
            scratch.append(contentsOf: contents.queues[end].frames)
            contents.queues[end].frames.removeAll(keepingCapacity: true)
        }
        defer { scratch.removeAll(keepingCapacity: true) }
        for frame in scratch { body(frame) }
        counters.received += UInt64(scratch.count)
        return scratch.count
    }

    package func close() {
        guard let end else { return }
        wire.contents.withLock { contents in
            contents.queues[end] = MemoryWire.Queue(signal: -1)
            Glibc.close(descriptor)
        }
        self.end = nil
        descriptor = -1
    }
}
