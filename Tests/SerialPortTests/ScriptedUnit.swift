import Glibc
import Modbus
import SerialPort
import Synchronization
import TestKit

/// A unit that answers as a test tells it, on a thread of its own.
final class ScriptedUnit: Sendable {
    /// One request as it came in.
    struct Request: Sendable {
        let bytes: [UInt8]
        /// When its last byte was here (`Clock.now`).
        let arrivedAt: Int64
    }

    /// What a script is given for each request: its number from 0, and the way to answer.
    struct Turn: Sendable {
        let number: Int
        let request: [UInt8]
        let descriptor: Int32

        /// Sends bytes at once.
        func send(_ bytes: [UInt8]) {
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress, $0.count)
                }
                guard count > 0 else { return }
                sent += count
            }
        }

        /// Closes the connection, as a server that is switched off.
        func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

        /// Lets time pass, as a slow unit does.
        func pause(milliseconds: Int64) {
            Clock.sleep(until: Clock.now() + milliseconds * 1_000_000)
        }
    }

    private struct State {
        var requests: [Request] = []
        var answersEndedAt: [Int64] = []
        var isOver = false
    }

    private let state = Mutex(State())

    /// Plays on the near end of a pseudo-terminal; a script may hang it up.
    init(
        on pty: Pty, requestLength: Int = ReadRequest.requestLength,
        script: @escaping @Sendable (Turn) -> Void
    ) {
        let state = Reference(self)
        Background.run { Self.play(state, pty.leader, requestLength, script, keeping: pty) }
    }

    /// Plays behind a listening TCP socket, one connection after another.
    init(
        at server: LoopbackServer, requestLength: Int, script: @escaping @Sendable (Turn) -> Void
    ) {
        let state = Reference(self)
        Background.run {
            while state.unit != nil {
                let descriptor = server.accept(within: 50)
                guard descriptor >= 0 else { continue }
                Self.play(state, descriptor, requestLength, script, keeping: server)
                close(descriptor)
            }
        }
    }

    /// The requests so far.
    var requests: [Request] { state.withLock { $0.requests } }

    /// When the script had finished each of its turns.
    var answersEndedAt: [Int64] { state.withLock { $0.answersEndedAt } }

    /// Waits until the script has finished this many turns.
    func waitForAnswers(_ count: Int) -> Bool {
        Patience.wait(5_000) { self.answersEndedAt.count >= count ? true : nil } ?? false
    }

    /// Lets the thread see when the test has let go of the unit.
    private struct Reference: Sendable {
        private let box: Box
        init(_ unit: ScriptedUnit) { box = Box(unit) }
        var unit: ScriptedUnit? { box.unit }

        private final class Box: Sendable {
            weak let unit: ScriptedUnit?
            init(_ unit: ScriptedUnit) { self.unit = unit }
        }
    }

    private static func play(
        _ state: Reference, _ descriptor: Int32, _ length: Int, _ script: (Turn) -> Void,
        keeping: AnyObject
    ) {
        var pending: [UInt8] = []
        while state.unit != nil {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 20) > 0 else { continue }
            var chunk = [UInt8](repeating: 0, count: 1024)
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return }
            let now = Clock.now()
            pending += chunk.prefix(count)
            while pending.count >= length {
                let request = Request(bytes: Array(pending.prefix(length)), arrivedAt: now)
                pending.removeFirst(length)
                let number = state.unit?.note(request) ?? 0
                script(Turn(number: number, request: request.bytes, descriptor: descriptor))
                state.unit?.noteAnswer()
            }
        }
    }

    private func note(_ request: Request) -> Int {
        state.withLock {
            $0.requests.append(request)
            return $0.requests.count - 1
        }
    }

    private func noteAnswer() {
        let now = Clock.now()
        state.withLock { $0.answersEndedAt.append(now) }
    }
}

/// A TCP socket that listens on a free port of the loopback interface.
final class LoopbackServer: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init() throws(TestKitError) {
        let port = try Peers.freePort()
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        let outcome = withUnsafeMutableBytes(of: &address) { raw in
            bind(
                descriptor, raw.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        self.port = port
        self.descriptor = descriptor
        guard outcome == 0, listen(descriptor, 4) == 0 else {
            throw .missing(part: "port \(port)", remedy: "another process took it; run again")
        }
    }

    deinit { close(descriptor) }

    /// A connection, or -1 when none came in time.
    func accept(within milliseconds: Int32) -> Int32 {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, milliseconds) > 0 else { return -1 }
        return Glibc.accept(descriptor, nil, nil)
    }
}

/// What another thread raises to end a line.
final class StopSignal: Sendable {
    let descriptor: Int32
    private let writeEnd: Int32

    init() {
        var ends: (Int32, Int32) = (-1, -1)
        withUnsafeMutableBytes(of: &ends) {
            _ = pipe($0.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        (descriptor, writeEnd) = ends
    }

    deinit {
        close(descriptor)
        close(writeEnd)
    }

    func raise() { _ = write(writeEnd, "x", 1) }
}

/// A value that several threads of a test share.
final class Guarded<Value: Sendable>: Sendable {
    private let storage: Mutex<Value>

    init(_ value: Value) { storage = Mutex(value) }

    var value: Value { storage.withLock { $0 } }

    func change(_ body: (inout Value) -> Void) {
        storage.withLock { value in
            var copy = value
            body(&copy)
            value = copy
        }
    }
}
