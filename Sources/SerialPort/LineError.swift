import Glibc

/// Why a line cannot be used.
package struct LineError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    package enum Kind: Hashable, Sendable {
        /// There is no such device or host.
        case notFound
        /// The process may not open it.
        case notPermitted
        /// Another process holds it.
        case busy
        /// The device or driver cannot do what was asked.
        case unsupported
        /// It was there and is gone: adapter unplugged, connection closed.
        case lost
        /// Anything else the system reported.
        case other
    }

    /// What kind of trouble it is.
    package let kind: Kind
    /// The sentence for the person who reads it.
    package let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// A line that is only listened to and brings nothing: a listener cannot tell a silent line from a
    /// dead server.
    package static func silent(_ name: String, seconds: Int64) -> LineError {
        LineError(
            .lost,
            "nothing heard from '\(name)' for \(seconds) s: nobody polls, or the server is gone")
    }

    /// Words an error number of the system, with a hint where one helps.
    static func system(_ operation: String, _ name: String, code: Int32) -> LineError {
        let text = String(cString: strerror(code))
        switch code {
        case ENOENT, ENODEV, ENXIO:
            return LineError(
                .notFound,
                "cannot \(operation) '\(name)': \(text); stable names are listed in /dev/serial/by-id"
            )
        case EACCES, EPERM:
            return LineError(
                .notPermitted,
                "cannot \(operation) '\(name)': \(text); is the user in the group 'dialout'?")
        case EBUSY:
            return LineError(
                .busy, "cannot \(operation) '\(name)': another process is using it")
        case EIO, EPIPE, ECONNRESET, ENOTCONN:
            return LineError(.lost, "lost '\(name)' while trying to \(operation): \(text)")
        default: return LineError(.other, "cannot \(operation) '\(name)': \(text)")
        }
    }
}
