import CANBus
import Glibc
import Synchronization

/// A CAN bus made of adapters on pseudo-terminals, one for each program that wants to take part.
///
/// What one program sends, all others hear; the test itself takes part through `send` and `take`. A
/// thread serves the adapters until the last reference goes. Any thread may use it.
package final class LawicelHub: Sendable {
    private struct Port {
        /// Nil while the adapter is unplugged.
        var pty: Pty?
        var adapter = LawicelAdapter()
    }

    private struct Contents {
        var ports: [Port] = []
        var heard: [CANFrame] = []
        var isOver = false
    }

    private final class Core: Sendable {
        let contents = Mutex(Contents())
    }

    private let core = Core()
    private let folder: TemporaryDirectory

    /// Opens `count` adapters; their devices are `path(0)` and so on.
    package init(adapters count: Int = 1) throws(TestKitError) {
        folder = try TemporaryDirectory("can")
        for index in 0..<count {
            let pty = try Self.open(folder.file("adapter\(index)"))
            core.contents.withLock { $0.ports.append(Port(pty: pty)) }
        }
        Background.run { [core] in Self.serve(core) }
    }

    deinit { core.contents.withLock { $0.isOver = true } }

    /// The device of an adapter; the name survives `replug`.
    package func path(_ index: Int) -> String { folder.file("adapter\(index)") }

    /// Sends a frame to every program whose channel is open.
    package func send(_ frame: CANFrame) {
        core.contents.withLock { contents in
            for port in contents.ports { Self.write(port.adapter.tell(frame), to: port.pty) }
        }
    }

    /// Sends raw text to the program behind an adapter.
    package func write(_ text: String, to index: Int = 0) {
        core.contents.withLock { Self.write(text, to: $0.ports[index].pty) }
    }

    /// The frames programs have sent since the last call.
    package func take() -> [CANFrame] {
        core.contents.withLock { contents in
            defer { contents.heard = [] }
            return contents.heard
        }
    }

    /// An adapter as it is now.
    package func adapter(_ index: Int = 0) -> LawicelAdapter {
        core.contents.withLock { $0.ports[index].adapter }
    }

    /// Makes an adapter behave otherwise.
    package func change(_ index: Int = 0, _ change: (inout LawicelAdapter) -> Void) {
        core.contents.withLock { change(&$0.ports[index].adapter) }
    }

    /// Pulls an adapter out of its socket.
    package func unplug(_ index: Int = 0) {
        core.contents.withLock { $0.ports[index].pty = nil }
    }

    /// Puts a fresh adapter in, under the same device name.
    package func replug(_ index: Int = 0) throws(TestKitError) {
        let pty = try Self.open(path(index))
        core.contents.withLock { $0.ports[index] = Port(pty: pty) }
    }

    private static func open(_ link: String) throws(TestKitError) -> Pty {
        let pty = try Pty(link: link)
        _ = fcntl(pty.leader, F_SETFL, fcntl(pty.leader, F_GETFL) | O_NONBLOCK)
        return pty
    }

    private static func write(_ text: String, to pty: Pty?) {
        let bytes = Array(text.utf8)
        if let pty, !bytes.isEmpty { _ = Glibc.write(pty.leader, bytes, bytes.count) }
    }

    private static func serve(_ core: Core) {
        while !core.contents.withLock({ $0.isOver }) {
            var isIdle = true
            core.contents.withLock { contents in
                for index in contents.ports.indices where serve(index, &contents) { isIdle = false }
            }
            if isIdle { usleep(500) }
        }
    }

    /// Hands what the program behind an adapter has sent to all others; false when that is nothing.
    private static func serve(_ index: Int, _ contents: inout Contents) -> Bool {
        guard let pty = contents.ports[index].pty else { return false }
        var chunk = [UInt8](repeating: 0, count: 1024)
        let count = read(pty.leader, &chunk, chunk.count)
        guard count > 0 else { return false }
        let (answer, frames) = contents.ports[index].adapter.hear(chunk[..<count])
        write(answer, to: pty)
        contents.heard += frames
        for frame in frames {
            for other in contents.ports.indices where other != index {
                write(contents.ports[other].adapter.tell(frame), to: contents.ports[other].pty)
            }
        }
        return true
    }
}
