import Glibc

/// Reads status documents from a running gateway's socket.
final class StatusClient {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Connects; the error says what to do when nobody answers.
    init(path: String) throws(StatusError) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | 0o2000000, 0)
        let outcome = UnixAddress.with(path) { connect(descriptor, $0, $1) }
        guard descriptor >= 0, outcome == 0 else {
            let reason = String(cString: strerror(errno))
            let hint =
                errno == EACCES
                ? "your user may not read it" : "is amphora-gateway running with this socket?"
            throw StatusError(description: "cannot reach '\(path)': \(reason); \(hint)")
        }
    }

    deinit { close(descriptor) }

    /// The next document, without its line end; nil when the gateway has ended.
    func next() throws(StatusError) -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                let line = Array(buffer[..<end])
                buffer.removeFirst(end + 1)
                return line
            }
            let count = chunk.withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw StatusError(
                    description: "lost the gateway: \(String(cString: strerror(errno)))")
            }
            if count == 0 { return nil }
            buffer.append(contentsOf: chunk[..<count])
        }
    }
}
