import CANBus
import Synchronization

/// Frames on their way to a candump log: the bridge appends, another thread drains.
///
/// Bounded. When the disk is slow, the newest frames are not recorded and are counted; the bridge
/// never waits for the disk, only for a copy of 40 bytes (rule 6).
package final class CandumpLog: Sendable {
    /// Which way a frame went.
    package enum Direction: Hashable, Sendable { case received, sent }

    /// A frame as recorded.
    package struct Record: Hashable, Sendable {
        /// The frame.
        package let frame: CANFrame
        /// Microseconds since 1970.
        package let microseconds: Int64
        /// Which way it went.
        package let direction: Direction
    }

    private struct Ring {
        var records: [Record] = []
        var dropped: UInt64 = 0
    }

    private let ring: Mutex<Ring>
    private let capacity: Int

    /// Makes room for `capacity` frames between two drains.
    package init(capacity: Int = 4096) {
        self.capacity = max(1, capacity)
        var ring = Ring()
        ring.records.reserveCapacity(self.capacity)
        self.ring = Mutex(ring)
    }

    /// How many frames were not recorded because nobody drained in time.
    package var dropped: UInt64 { ring.withLock { $0.dropped } }

    /// Records a frame on any thread, without allocation; `microseconds` counts from 1970.
    package func append(_ frame: CANFrame, _ direction: Direction, microseconds: Int64) {
        ring.withLock { ring in
            if ring.records.count < capacity {
                ring.records.append(
                    Record(frame: frame, microseconds: microseconds, direction: direction))
            } else {
                ring.dropped += 1
            }
        }
    }

    /// Writes what has been recorded since the last call; the writer's thread only.
    ///
    /// Returns how many frames were written. When the file cannot be written, they are lost and the
    /// error is thrown.
    @discardableResult
    package func drain(to file: CandumpFile) throws(BusError) -> Int {
        var records = file.takeScratch(capacity)
        ring.withLock { swap(&records, &$0.records) }
        defer { file.giveBack(&records) }
        for record in records { try file.write(record) }
        try file.flush()
        return records.count
    }
}
