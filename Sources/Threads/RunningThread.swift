internal import CLinux
import Glibc

/// Why a thread or its parts could not be made.
package struct ThreadError: Error, CustomStringConvertible {
    /// What was being done.
    package let operation: String
    /// The system's error number.
    package let code: Int32

    /// Names both.
    package init(operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }

    /// `cannot make a pipe: Too many open files`.
    package var description: String {
        "cannot \(operation): \(String(cString: strerror(code)))"
    }
}

/// A thread that runs one function.
package struct RunningThread {
    private var thread = pthread_t()

    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts it; the name shows in `top`, at most 15 characters.
    package init(
        _ name: String, _ body: @escaping @Sendable () -> Void
    ) throws(ThreadError) {
        let context = Unmanaged.passRetained(Start(name, body))
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                clinux_name_thread(start.name)
                start.body()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw ThreadError(operation: "start thread '\(name)'", code: code)
        }
    }

    /// Waits until its function has returned.
    package func join() { pthread_join(thread, nil) }
}
