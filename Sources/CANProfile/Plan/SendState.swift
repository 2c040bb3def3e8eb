import Bank
import CANBus

/// What sending itself changes: how often each frame was sent.
package struct SendState: Sendable {
    private var counts: [UInt64]

    /// Nothing was sent of any frame of the plan.
    package init(_ plan: FramePlan) { counts = [UInt64](repeating: 0, count: plan.frames.count) }

    /// How often the frame at `index` was sent.
    package func count(_ index: Int) -> UInt64 {
        counts.indices.contains(index) ? counts[index] : 0
    }

    /// Notes that the frame at `index` was sent.
    package mutating func noteSent(_ index: Int) {
        if counts.indices.contains(index) { counts[index] &+= 1 }
    }
}
