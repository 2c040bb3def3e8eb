/// Why the outbox could not do what was asked; each names the file.
package enum OutboxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk or the file-system quota is full.
    case diskFull(path: String, operation: String)
    /// The file or its file system cannot be written.
    case readOnly(path: String, operation: String)
    /// The file contradicts itself; `Outbox.startOver` sets it aside.
    case damaged(path: String, operation: String, detail: String)
    /// The file belongs to another program and is left alone.
    case foreign(path: String, applicationID: UInt32)
    /// Another process uses the file as its outbox, or held it for too long.
    case busy(path: String, operation: String)
    /// There is no file to read.
    case missing(path: String)
    /// Anything else the database or the system reported.
    case failed(path: String, operation: String, detail: String)

    /// The sentence for the person who reads it.
    package var description: String {
        switch self {
        case .diskFull(let path, let operation):
            "outbox '\(path)': disk is full while trying to \(operation)"
        case .readOnly(let path, let operation):
            "outbox '\(path)': cannot \(operation), the file or its file system is read-only"
        case .damaged(let path, let operation, let detail):
            "outbox '\(path)': file is damaged, found while trying to \(operation): \(detail)"
        case .foreign(let path, let applicationID):
            "outbox '\(path)': expected an outbox, found a database of another program "
                + "(application id 0x\(String(applicationID, radix: 16)))"
        case .busy(let path, let operation):
            "outbox '\(path)': cannot \(operation), another process is using the file"
        case .missing(let path): "outbox '\(path)': there is no such file"
        case .failed(let path, let operation, let detail):
            "outbox '\(path)': cannot \(operation): \(detail)"
        }
    }

    /// Under which reason a record that met this error counts as lost.
    package var lossReason: LossReason {
        switch self {
        case .diskFull: .diskFull
        case .readOnly: .readOnly
        case .damaged: .damaged
        case .foreign, .busy, .missing, .failed: .storeFailed
        }
    }
}
