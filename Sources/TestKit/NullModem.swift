import Glibc

/// Two serial devices joined back to back: what is written to one is read from the other.
///
/// For two programs that each open a device of their own, such as our master and a unit of somebody
/// else's. A thread carries the bytes until the last reference goes.
package final class NullModem: Sendable {
    /// The device for one program.
    package let near: String
    /// The device for the other program.
    package let far: String
    private let stop: Int32

    /// Opens both devices.
    package init() throws(TestKitError) {
        let (left, right) = (try Pty(), try Pty())
        let pipe = try Pipe()
        near = left.path
        far = right.path
        stop = pipe.takeWriteEnd()
        let stopped = pipe.takeReadEnd()
        Background.run {
            Self.carry(left, right, until: stopped)
            close(stopped)
        }
    }

    deinit { close(stop) }

    private static func carry(_ left: Pty, _ right: Pty, until stopped: Int32) {
        let input = Int16(POLLIN)
        var polls = [left.leader, right.leader, stopped].map {
            pollfd(fd: $0, events: input, revents: 0)
        }
        while true {
            guard poll(&polls, 3, -1) > 0 else { continue }
            if polls[2].revents != 0 { return }
            do {
                if polls[0].revents != 0 { try right.write(left.read(within: 0)) }
                if polls[1].revents != 0 { try left.write(right.read(within: 0)) }
            } catch {
                return
            }
        }
    }
}
