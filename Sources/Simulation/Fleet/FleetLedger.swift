import Glibc

/// A file with a line for each record made: gateway, epoch, number, kind and Unix milliseconds.
///
/// Written in portions and at least once a second; a process that is killed loses less than that.
final class FleetLedger {
    private static let portion = 65_536

    private let path: String
    private let descriptor: Int32
    private var bytes: [UInt8] = []
    /// Whether a line could not be written.
    private(set) var hasFailed = false

    /// Begins an empty file.
    init(path: String) throws(SimulationError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system("open '\(path)'") }
    }

    deinit { close(descriptor) }

    /// Adds a record.
    func add(_ identity: FleetIdentity, _ sequence: Int64, _ record: RecordBook.Record) {
        let kind = record.kind == .event ? "event" : "telemetry"
        let line =
            "\(identity.name) \(identity.epoch) \(sequence) \(kind) \(record.wallMilliseconds)\n"
        bytes.append(contentsOf: line.utf8)
        if bytes.count >= Self.portion { flush() }
    }

    /// Hands everything to the kernel.
    func flush() {
        if Streams.write(descriptor, bytes[...]) < bytes.count, !hasFailed {
            hasFailed = true
            Output.note("amphora-sim: cannot write '\(path)': \(String(cString: strerror(errno)))")
        }
        bytes.removeAll(keepingCapacity: true)
    }
}
