import Glibc
import Synchronization

/// Runs work that is `async` but waits for nothing on the thread that asks for it.
///
/// The verifier of swift-certificates is `async` because its stores may be; ours are in memory. The
/// gateway's threads are its own, so no thread of the shared pool is borrowed and none is blocked. A
/// verifier without `async` would allow removing this.
final class CallingThread: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Runs `body` to its end and returns what it made.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value {
        let thread = CallingThread()
        let made = Made<Value>()
        return withExtendedLifetime(thread) {
            // Awaited below: the loop ends when the task has left its value.
            Task(executorPreference: thread) {
                let result = await body()
                made.leave(result)
            }
            while true {
                if let value = made.value { return value }
                let job = thread.jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                if let job {
                    job.runSynchronously(on: thread.asUnownedTaskExecutor())
                } else {
                    sched_yield()
                }
            }
        }
    }

    private final class Made<Value: Sendable>: Sendable {
        private let kept = Mutex<Value?>(nil)
        func leave(_ value: Value) { kept.withLock { $0 = value } }
        var value: Value? { kept.withLock { $0 } }
    }
}
