import Glibc

/// Why a step of an update could not be done now.
package enum UpdateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk: what was tried, on what, and what the system said.
    case storage(verb: String, path: String, reason: String)
    /// The source does not answer, or has not what it named.
    case source(String)

    /// Another program changes the folder of sets.
    case held(folder: String, by: String)

    /// What the system says about `errno`, or another code.
    static func storage(_ verb: String, _ path: String, _ code: Int32 = errno) -> UpdateError {
        .storage(verb: verb, path: path, reason: String(cString: strerror(code)))
    }

    /// One sentence.
    package var description: String {
        switch self {
        case .storage(let verb, let path, let reason): "cannot \(verb) '\(path)': \(reason)"
        case .source(let reason): reason
        case .held(let folder, let holder):
            "the folder of profile sets '\(folder)' is in use by \(holder); expected one program at a time that changes it"
        }
    }
}
