import Glibc

@testable import Simulation

/// What a master or a gateway has open: the far end of a line, as bytes.
final class FarEnd {
    let descriptor: Int32

    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw SimulationError.system("open '\(path)'") }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ bytes: [UInt8]) { Streams.write(descriptor, bytes[...]) }

    /// Everything that arrives until the line is quiet for so long, or until `most` bytes came.
    func read(quiet milliseconds: Int32, first: Int32 = 1000, most: Int = .max) -> [UInt8] {
        var bytes: [UInt8] = []
        var wait = first
        while bytes.count < most {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, wait) > 0, case .bytes(let more) = Streams.read(descriptor)
            else { return bytes }
            bytes += more
            wait = milliseconds
        }
        return bytes
    }
}
