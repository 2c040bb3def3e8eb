/// Why a real part that a test or a simulation needs could not be had.
package enum TestKitError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A system call failed.
    case system(operation: String, code: Int32, text: String)
    /// A program, module or library is not installed; `remedy` tells what to do.
    case missing(part: String, remedy: String)
    /// Something did not happen in time; `seen` is what happened instead.
    case late(awaited: String, milliseconds: Int64, seen: String)
    /// A program ended although it was still needed, or ended badly.
    case ended(program: String, status: ExitStatus, output: String)

    /// The sentence a failing test shows.
    package var description: String {
        switch self {
        case .system(let operation, _, let text): "cannot \(operation): \(text)"
        case .missing(let part, let remedy): "\(part) is missing: \(remedy)"
        case .late(let awaited, let milliseconds, let seen):
            "waited \(milliseconds) ms for \(awaited), saw \(seen.isEmpty ? "nothing" : "'\(seen)'")"
        case .ended(let program, let status, let output):
            "'\(program)' ended with \(status)\(output.isEmpty ? "" : ": \(output)")"
        }
    }
}

/// How a process ended.
package enum ExitStatus: Hashable, Sendable, CustomStringConvertible {
    /// It returned this exit status, 0…255.
    case exited(Int32)
    /// This signal killed it.
    case signalled(Int32)

    /// The status as an error message shows it.
    package var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signalled(let number): "signal \(number)"
        }
    }
}
