import CLinux
import Glibc

/// Thousands of descriptors to wait for, seen by a ``Reactor`` as a single one.
///
/// The kernel keeps the list, so that a wake-up costs by what is ready and not by what is watched.
final class ReadySet {
    /// For the reactor; readable while anything in the set is ready.
    let descriptor: Int32
    private var ready = [clinux_ready](repeating: clinux_ready(), count: 256)

    /// An empty set.
    init() throws(SimulationError) {
        descriptor = clinux_set_make()
        guard descriptor >= 0 else { throw .system("make a set of descriptors") }
    }

    deinit { close(descriptor) }

    /// Waits for `events` of a descriptor under a tag; one that is closed leaves by itself.
    ///
    /// Returns false when the kernel refuses.
    func watch(_ descriptor: Int32, for events: Int16, tag: UInt32) -> Bool {
        clinux_set_watch(self.descriptor, descriptor, events, tag) == 0
    }

    /// Calls `body` with tag and events of what is ready now, 256 at most; what is left stays ready.
    func visit(_ body: (UInt32, Int16) -> Void) {
        let count = clinux_set_ready(descriptor, &ready, Int32(ready.count))
        for index in 0..<max(0, Int(count)) { body(ready[index].tag, ready[index].events) }
    }
}

/// How many descriptors this process may have open.
enum OpenFiles {
    /// Descriptors kept for everything but the connections.
    private static let reserve = 64
    /// The library opens a pair of sockets for each of its clients, beside the connection.
    private static let each = 3

    /// Raises the limit as far as it goes and throws when `connections` do not fit under it.
    static func allow(connections: Int) throws(SimulationError) {
        let limit = clinux_raise_descriptor_limit()
        guard limit >= 0 else {
            throw .system("raise the limit of open files", code: Int32(-limit))
        }
        let most = max(0, Int(limit) - reserve) / each
        guard connections <= most else {
            throw .option(
                name: "--gateways", found: "\(connections)",
                expected:
                    "at most \(most): each takes \(each) open files, and the hard limit of them "
                    + "(RLIMIT_NOFILE) is \(limit)")
        }
    }
}
