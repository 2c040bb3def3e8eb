import CANBus
import CLinux
import Glibc

/// A virtual CAN interface of the kernel, for suites that run where there is SocketCAN and root.
///
/// `Tests/uml/run` provides such a place. The interface goes with the last reference.
package final class CANInterface: Sendable {
    /// Its name.
    package let name: String
    private let busybox: String

    /// Whether the kernel has SocketCAN.
    package static let isPossible: Bool = {
        let descriptor = clinux_can_open("lo")
        return descriptor != -EAFNOSUPPORT && descriptor != -EPROTONOSUPPORT
    }()

    /// Makes an interface and, unless told otherwise, switches it on.
    package init(_ name: String, exists: Bool = true) throws(TestKitError) {
        self.name = name
        busybox = try Peers.tool("busybox", package: "busybox-static")
        if exists {
            try add()
            try set(up: true)
        }
    }

    deinit { try? remove() }

    /// Makes the interface, switched off.
    package func add() throws(TestKitError) { try ip("link", "add", name, "type", "vcan") }

    /// Switches it on or off.
    package func set(up: Bool) throws(TestKitError) {
        try ip("link", "set", name, up ? "up" : "down")
    }

    /// Limits how many frames wait in the kernel for the driver.
    package func set(queueLength: Int) throws(TestKitError) {
        try ip("link", "set", name, "qlen", "\(queueLength)")
    }

    /// Takes it away, as when a USB adapter is unplugged.
    package func remove() throws(TestKitError) { try ip("link", "del", name) }

    /// Puts a frame on it as the kernel has them, flags in the top bits of `id`: error frames.
    package func inject(id: UInt32, _ bytes: [UInt8]) throws(TestKitError) {
        let descriptor = clinux_can_open(name)
        guard descriptor >= 0 else { throw .system("open '\(name)'", code: -descriptor) }
        defer { close(descriptor) }
        var frame = clinux_can_frame()
        frame.id = id
        frame.length = 8
        withUnsafeMutableBytes(of: &frame.data) { $0.copyBytes(from: bytes.prefix(8)) }
        let outcome = clinux_can_send(descriptor, &frame)
        guard outcome == 0 else { throw .system("send on '\(name)'", code: -outcome) }
    }

    /// How many sockets listen to everything on it, as the kernel lists them.
    package var listeners: Int {
        guard let file = fopen("/proc/net/can/rcvlist_all", "r") else { return 0 }
        defer { fclose(file) }
        var count = 0
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
            if text.split(separator: " ").first == Substring(name) { count += 1 }
        }
        return count
    }

    private func ip(_ arguments: String...) throws(TestKitError) {
        let process = try ChildProcess(busybox, ["ip"] + arguments)
        let status = try process.waitForExit()
        guard status == .exited(0) else {
            throw .ended(
                program: "ip " + arguments.joined(separator: " "), status: status,
                output: process.errors)
        }
    }
}
