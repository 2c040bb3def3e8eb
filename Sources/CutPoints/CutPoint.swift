#if DEBUG
    import Glibc
    import Synchronization
#endif

/// Named steps at which a reliability test lets a program die.
///
/// `AMPHORA_CUT=after-commit:3` in the environment sends SIGKILL to the process when it passes the
/// step of that name for the third time. Only debug builds look at it: no released program can be told
/// to die.
package enum CutPoint {
    #if DEBUG
        private static let wanted: (step: String, count: Int)? = {
            guard let text = getenv("AMPHORA_CUT").map({ String(cString: $0) }) else { return nil }
            let parts = text.split(separator: ":")
            guard parts.count == 2, let count = Int(parts[1]) else { return nil }
            return (String(parts[0]), count)
        }()
        private static let passed = Atomic<Int>(0)

        /// The program is at this step.
        package static func pass(_ step: StaticString) {
            guard let wanted, wanted.step == "\(step)" else { return }
            let (_, count) = passed.add(1, ordering: .sequentiallyConsistent)
            if count == wanted.count { kill(getpid(), SIGKILL) }
        }
    #else
        /// Nothing, in a released program.
        @inline(__always)
        package static func pass(_ step: StaticString) {}
    #endif
}
