import Glibc

/// A pseudo-terminal pair: the near end plays packs or an adapter, a program opens `path` as its
/// serial device.
///
/// Both ends are raw. The far end is kept open here too, so that the pair outlives the programs that
/// open and close it. All stored values are constants; any thread may use them.
package final class Pty: Sendable {
    /// The near end, blocking; close it with `hangUp`, never directly.
    package let leader: Int32
    /// The device of the far end: the link if one was asked for, else `/dev/pts/N`.
    package let path: String
    private let follower: Int32
    private let hasLink: Bool

    /// Opens a pair; `link` is made a symbolic link to the far end, replacing a link of that name.
    package init(link: String? = nil) throws(TestKitError) {
        let near = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard near >= 0 else { throw .system("open '/dev/ptmx'") }
        do throws(TestKitError) {
            let device = try Self.unlock(near)
            try Self.makeLink(link, to: device)
            follower = try Self.openRaw(device)
            path = link ?? device
            leader = near
            hasLink = link != nil
        } catch {
            close(near)
            throw error
        }
    }

    deinit {
        if hasLink { unlink(path) }
        close(follower)
        close(leader)
    }

    /// Ends the connection for whoever has `path` open, as when an adapter is unplugged.
    ///
    /// The descriptor stays valid but silent: another thread may be waiting on it.
    package func hangUp() {
        let silence = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard silence >= 0 else { return }
        dup2(silence, leader)
        close(silence)
    }

    /// Sends bytes to whoever has `path` open.
    package func write(_ bytes: [UInt8]) throws(TestKitError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.write(leader, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("write to a pseudo-terminal") }
            sent += count
        }
    }

    /// What has arrived, waiting until there is something; empty when nothing came in time.
    package func read(within milliseconds: Int32) throws(TestKitError) -> [UInt8] {
        var ready = pollfd(fd: leader, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, milliseconds) > 0 else { return [] }
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(leader, &chunk, chunk.count)
        guard count >= 0 else { throw .system("read from a pseudo-terminal") }
        return Array(chunk.prefix(count))
    }

    /// Exactly `count` bytes, or an error that shows what came instead.
    package func read(_ count: Int, within milliseconds: Int32) throws(TestKitError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try read(within: milliseconds)
            guard !more.isEmpty else {
                throw .late(
                    awaited: "\(count) bytes", milliseconds: Int64(milliseconds),
                    seen: bytes.isEmpty ? "" : "\(bytes.count) bytes")
            }
            bytes += more
        }
        return bytes
    }

    /// The settings a program has given the far end.
    package func settings() throws(TestKitError) -> termios {
        var settings = termios()
        guard tcgetattr(follower, &settings) == 0 else {
            throw .system("read the settings of '\(path)'")
        }
        return settings
    }

    /// Unlocks the far end and names its device (TIOCSPTLCK and TIOCGPTN, see `pts(4)`).
    private static func unlock(_ leader: Int32) throws(TestKitError) -> String {
        var lock: Int32 = 0
        var number: Int32 = 0
        guard ioctl(leader, 0x4004_5431, &lock) == 0, ioctl(leader, 0x8004_5430, &number) == 0
        else { throw .system("unlock a pseudo-terminal") }
        return "/dev/pts/\(number)"
    }

    private static func openRaw(_ device: String) throws(TestKitError) -> Int32 {
        let descriptor = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open '\(device)'") }
        var settings = termios()
        tcgetattr(descriptor, &settings)
        cfmakeraw(&settings)
        tcsetattr(descriptor, TCSANOW, &settings)
        return descriptor
    }

    private static func makeLink(_ link: String?, to device: String) throws(TestKitError) {
        guard let link else { return }
        var status = stat()
        if lstat(link, &status) == 0, status.st_mode & S_IFMT == S_IFLNK { unlink(link) }
        guard symlink(device, link) == 0 else { throw .system("make the link '\(link)'") }
    }
}

extension TestKitError {
    /// The last failure of a system call on this thread.
    static func system(_ operation: String, code: Int32 = errno) -> TestKitError {
        .system(operation: operation, code: code, text: String(cString: strerror(code)))
    }
}
