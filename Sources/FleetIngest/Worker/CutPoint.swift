#if DEBUG
    import Glibc
    import Synchronization
#endif

/// Named steps of a worker at which a reliability test lets the process die.
///
/// `AMPHORA_CUT=after-store:3` sends SIGKILL to the process when any of its workers passes that step
/// for the third time. Only debug builds look at it: no released program can be told to die.
enum CutPoint: String, CaseIterable {
    /// A message came, and the broker has forgotten it.
    case received
    /// A batch is about to be handed to the store.
    case beforeStore = "before-store"
    /// A batch is committed, and no gateway knows.
    case afterStore = "after-store"
    /// The acknowledgements of a batch are handed to the network.
    case afterAcknowledgement = "after-ack"

    #if DEBUG
        private static let wanted: (point: CutPoint, count: Int)? = {
            guard let text = getenv("AMPHORA_CUT").map({ String(cString: $0) }) else { return nil }
            let parts = text.split(separator: ":")
            guard parts.count == 2, let point = CutPoint(rawValue: String(parts[0])),
                let count = Int(parts[1])
            else { return nil }
            return (point, count)
        }()
        private static let passed = Atomic<Int>(0)

        /// The worker is at this step.
        func pass() {
            guard let wanted = Self.wanted, wanted.point == self else { return }
            let (_, count) = Self.passed.add(1, ordering: .sequentiallyConsistent)
            if count == wanted.count { kill(getpid(), SIGKILL) }
        }
    #else
        /// Nothing, in a released program.
        @inline(__always)
        func pass() {}
    #endif
}
