import Synchronization
import TestKit

/// Threads that write at once, each with a store of its own.
enum Workers {
    /// How one thread ended.
    final class Worker: Sendable {
        private let ended = Mutex<Result<Void, any Error>?>(nil)

        fileprivate func end(_ outcome: Result<Void, any Error>) {
            ended.withLock { $0 = outcome }
        }

        /// Waits for its end; gives its error, or nil when it had none.
        func wait() -> (any Error)? {
            let outcome = Patience.wait(120_000) { ended.withLock { $0 } }
            switch outcome {
            case .success: return nil
            case .failure(let error): return error
            case nil:
                return TestKitError.late(
                    awaited: "the end of a worker", milliseconds: 120_000, seen: "")
            }
        }
    }

    /// Runs `body` on a thread.
    static func start(_ body: @escaping @Sendable () throws -> Void) -> Worker {
        let worker = Worker()
        Background.run { worker.end(Result { try body() }) }
        return worker
    }

    /// Runs `body` on `count` threads and waits for all; throws the first error of any.
    static func run(
        _ count: Int, _ body: @escaping @Sendable (Int) throws -> Void
    ) throws {
        let workers = (0..<count).map { number in start { try body(number) } }
        for error in workers.map({ $0.wait() }) {
            if let error { throw error }
        }
    }
}
