import Glibc
import TestKit

/// Why a simulation cannot be started or a command cannot be obeyed.
package enum SimulationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A system call failed.
    case system(operation: String, text: String)
    /// An option has a value that makes no sense.
    case option(name: String, found: String, expected: String)
    /// A line on the control socket was not understood.
    case command(found: String, expected: String)
    /// A file could not be used; `fault` tells where and why.
    case file(path: String, fault: String)

    /// The sentence people read.
    package var description: String {
        switch self {
        case .system(let operation, let text): "cannot \(operation): \(text)"
        case .option(let name, let found, let expected):
            "'\(name)' is '\(found)', expected \(expected)"
        case .command(let found, let expected): "expected \(expected), found '\(found)'"
        case .file(let path, let fault): "'\(path)': \(fault)"
        }
    }

    /// The last failure of a system call on this thread.
    static func system(_ operation: String, code: Int32 = errno) -> SimulationError {
        .system(operation: operation, text: String(cString: strerror(code)))
    }
}

extension SimulationError {
    /// A failure of a part that the simulation borrows from the test kit.
    init(_ error: TestKitError) {
        if case .system(let operation, _, let text) = error {
            self = .system(operation: operation, text: text)
        } else {
            self = .system(operation: "start", text: error.description)
        }
    }
}
