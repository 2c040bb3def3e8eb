import CLinux
import Glibc
import Quantities
import Synchronization
import Threads

/// A flag that wakes a thread waiting in `poll`.
///
/// Raising it from any thread never blocks. Several raises before the waiter looks are one, and only
/// the first of them costs a system call.
package final class WakeSignal: Sendable {
    /// Readable while raised; for `poll`.
    package let descriptor: Int32
    private let isRaised = Atomic<Bool>(false)

    /// Makes a signal that is not raised; throws when the process has no descriptor left.
    package init() throws(ThreadError) {
        descriptor = clinux_eventfd()
        guard descriptor >= 0 else {
            throw ThreadError(operation: "make an event descriptor", code: errno)
        }
    }

    deinit { close(descriptor) }

    /// Wakes the waiter.
    package func raise() {
        guard !isRaised.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// Takes the flag down; true when it was raised.
    ///
    /// Look at the data after, not before. The descriptor first: a raise in between finds the flag still up and need not write, because
    /// its data is there already for the look that follows.
    @discardableResult
    package func clear() -> Bool {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
        return isRaised.exchange(false, ordering: .acquiringAndReleasing)
    }
}

/// Waits for descriptors with nanosecond deadlines.
package enum Poll {
    /// Waits until one of `descriptors` is ready or `deadline` has come.
    ///
    /// Returns at once when the deadline has passed. An interrupted wait counts as the deadline:
    /// every caller loops and computes its next deadline anew.
    package static func wait(_ descriptors: inout [pollfd], until deadline: Instant) {
        let left = deadline.nanoseconds.subtractingSaturated(MachineClock.now().nanoseconds)
        let outcome = descriptors.withUnsafeMutableBufferPointer { buffer in
            clinux_poll(
                buffer.baseAddress, UInt(buffer.count),
                deadline.nanoseconds == .max ? -1 : MachineClock.wait(for: max(0, left)))
        }
        if outcome <= 0 {
            for index in descriptors.indices { descriptors[index].revents = 0 }
        }
    }
}

extension pollfd {
    /// A wait for input.
    init(reading descriptor: Int32) {
        self.init(fd: descriptor, events: Int16(POLLIN), revents: 0)
    }

    /// Whether the wait ended for this descriptor.
    var isReady: Bool { revents != 0 }
}
