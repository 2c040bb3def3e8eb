import CANBus
import CLinux
import Glibc

/// A CAN interface of the kernel.
///
/// The interface's bit rate and `restart-ms` are set by whoever brings it up. After bus-off the
/// kernel restarts the controller when it has a `restart-ms`; else this switches the interface off
/// and on, where the process may (CAP_NET_ADMIN), and says so where it may not. Nothing is handed
/// over during bus-off: the driver would keep it and send old limits after the restart. For the same
/// reason the kernel gets six or seven frames at a time; more wait here, the newest of each identifier.
package final class SocketCANBus: Bus {
    package let name: String
    package private(set) var descriptor: Int32 = -1
    package private(set) var counters = BusCounters()
    package private(set) var problem: BusError?

    private let accepted: [UInt32]
    private var isDown = false
    private var controller = ControllerState()
    private var reopening = ReopenSchedule()
    private var restarting = ReopenSchedule(shortest: 1_000_000_000, longest: 30_000_000_000)
    private var nextLinkCheck = Int64.max
    private var pending = PendingFrames()
    private var nextRetry = Int64.max

    /// At most this many frames are taken from the socket in one call.
    private static let batch = 64
    /// How often a switched-off interface is looked at, in nanoseconds: 200 ms.
    private static let linkCheckPeriod: Int64 = 200_000_000
    /// How long the queue of an interface, for which `poll` cannot wait, is left alone: 2 ms, in
    /// which 500 kbit/s carry eight frames.
    private static let queueWait: Int64 = 2_000_000

    /// Names an interface; nothing is opened before `attend`.
    ///
    /// With `accepting` the kernel passes on only these identifiers, and error frames; a list longer
    /// than its filter (64) lets everything through.
    package init(interface: String, accepting: [CANIdentifier] = []) throws(BusError) {
        guard (1...15).contains(interface.utf8.count), !interface.utf8.contains(UInt8(ascii: "/"))
        else { throw .badInterfaceName(interface) }
        name = interface
        accepted =
            accepting.count > CLINUX_CAN_FILTERS
            ? [] : accepting.map { $0.rawValue | ($0.isExtended ? Flag.extended : 0) }
        restarting.reset()
    }

    deinit { close() }

    package var state: BusState {
        if descriptor < 0 { return .removed }
        return isDown ? .down : controller.state
    }

    package var nextAttention: Int64 {
        descriptor < 0
            ? reopening.nextAttempt : min(nextLinkCheck, restarting.nextAttempt, nextRetry)
    }

    package var wantsToWrite: Bool { !pending.isEmpty && nextRetry == .max }

    package func attend(at now: Int64) {
        if descriptor < 0 {
            if reopening.isDue(at: now) { open(at: now) }
        } else if isDown {
            if now >= nextLinkCheck { checkLink(at: now) }
        } else if controller.state == .busOff, restarting.isDue(at: now) {
            restart(at: now)
        } else if !pending.isEmpty {
            sendPending(at: now)
        }
    }

    package func send(_ frame: CANFrame, at now: Int64) -> SendOutcome {
        guard descriptor >= 0, controller.state != .busOff else {
            counters.undeliverable += 1
            return .down
        }
        if !pending.isEmpty { sendPending(at: now) }
        let outcome = pending.isEmpty ? write(frame, at: now) : .full
        if outcome == .down { counters.undeliverable += 1 }
        return outcome == .full ? wait(frame) : outcome
    }

    package func receive(at now: Int64, _ body: (CANFrame) -> Void) -> Int {
        var raw = clinux_can_frame()
        var count = 0
        for _ in 0..<Self.batch {
            guard descriptor >= 0 else { break }
            let outcome = clinux_can_receive(descriptor, &raw)
            if outcome == 0 { break }
            guard outcome > 0 else {
                handle(failure: -outcome, operation: "receive from", at: now)
                break
            }
            if raw.id & Flag.error != 0 {
                handle(error: raw, at: now)
            } else if let frame = CANFrame(raw) {
                hasReceived()
                count += 1
                body(frame)
            } else {
                counters.ignored += 1
            }
        }
        return count
    }

    package func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
        isDown = false
        controller = ControllerState()
        restarting.reset()
        nextLinkCheck = .max
        dropPending()
    }

    // MARK: sending

    /// Hands a frame to the kernel; `full` leaves it to the caller.
    private func write(_ frame: CANFrame, at now: Int64) -> SendOutcome {
        var raw = clinux_can_frame(frame)
        var outcome = clinux_can_send(descriptor, &raw)
        // The socket keeps the news of a short outage until the next call, whatever is true by then.
        if outcome == -ENETDOWN, !isDown { outcome = clinux_can_send(descriptor, &raw) }
        nextRetry = outcome == -ENOBUFS ? now &+ Self.queueWait : .max
        switch outcome {
        case 0:
            if isDown { cameUp() }
            counters.sent += 1
            return .accepted
        case -ENOBUFS, -EAGAIN: return .full
        default:
            handle(failure: -outcome, operation: "send to", at: now)
            return .down
        }
    }

    private func wait(_ frame: CANFrame) -> SendOutcome {
        switch pending.put(frame) {
        case .added: return .accepted
        case .replaced:
            counters.dropped += 1
            return .accepted
        case .full:
            counters.dropped += 1
            return .full
        }
    }

    private func sendPending(at now: Int64) {
        while let frame = pending.first, write(frame, at: now) == .accepted {
            pending.removeFirst()
        }
    }

    /// Old frames are worth nothing once the bus carries again.
    private func dropPending() {
        counters.undeliverable += UInt64(pending.count)
        pending.removeAll()
        nextRetry = .max
    }

    // MARK: opening and coming back

    private func open(at now: Int64) {
        let outcome = clinux_can_open(name)
        guard outcome >= 0 else {
            problem = openingProblem(-outcome)
            reopening.failed(at: now)
            return
        }
        descriptor = outcome
        if !accepted.isEmpty {
            let code = clinux_can_accept(outcome, accepted, UInt32(accepted.count))
            if code < 0 { problem = .system(operation: "filter", name: name, code: -code) }
        }
        counters.openings += 1
        reopening.succeeded(at: now)
        problem = nil
        checkLink(at: now)
    }

    private func openingProblem(_ code: Int32) -> BusError {
        switch code {
        case EAFNOSUPPORT, EPROTONOSUPPORT: .noSocketCAN
        case ENODEV, ENXIO: .noInterface(name)
        case EPERM, EACCES: .notPermitted(name)
        default: .system(operation: "open CAN interface", name: name, code: code)
        }
    }

    private func checkLink(at now: Int64) {
        switch clinux_can_is_up(name) {
        case 1: cameUp()
        case 0: wentDown(nextLook: now &+ Self.linkCheckPeriod)
        case let code: lose(at: now, .system(operation: "look at", name: name, code: -code))
        }
    }

    private func wentDown(nextLook: Int64) {
        isDown = true
        nextLinkCheck = nextLook
        dropPending()
    }

    private func cameUp() {
        isDown = false
        nextLinkCheck = .max
        controller.handleRestart()
        restarting.reset()
        problem = nil
    }

    private func lose(at now: Int64, _ reason: BusError) {
        close()
        problem = reason
        reopening.lost(at: now)
    }

    private func handle(failure code: Int32, operation: String, at now: Int64) {
        switch code {
        case ENETDOWN: wentDown(nextLook: now)  // old news when the interface is up again already
        case ENODEV, ENXIO: lose(at: now, .noInterface(name))
        default: lose(at: now, .system(operation: operation, name: name, code: code))
        }
    }

    // MARK: errors on the bus

    private func handle(error raw: clinux_can_frame, at now: Int64) {
        counters.errorFrames += 1
        let wasOff = controller.state == .busOff
        controller.handle(
            errorClass: raw.id & Flag.errorMask, controllerDetail: raw.data.1)
        let isOff = controller.state == .busOff
        if isOff, !wasOff {
            dropPending()
            restarting.reset()
            restarting.failed(at: now)
        } else if wasOff, !isOff {
            restarting.reset()
            problem = nil
        }
    }

    private func hasReceived() {
        counters.received += 1
        guard controller.state == .busOff else { return }
        controller.handleReception()
        restarting.reset()
        problem = nil
    }

    private func restart(at now: Int64) {
        let outcome = clinux_can_cycle(name)
        if outcome == 0 {
            cameUp()
        } else {
            problem = .cannotRestart(name, code: -outcome)
            restarting.failed(at: now)
        }
    }
}

/// Bits of the kernel's identifier word, `linux/can.h`.
private enum Flag {
    static let extended: UInt32 = 0x8000_0000
    static let remote: UInt32 = 0x4000_0000
    static let error: UInt32 = 0x2000_0000
    static let errorMask: UInt32 = 0x1FFF_FFFF
}

extension clinux_can_frame {
    fileprivate init(_ frame: CANFrame) {
        self.init()
        id = frame.identifier.rawValue | (frame.identifier.isExtended ? Flag.extended : 0)
        length = frame.length
        withUnsafeMutableBytes(of: &data) {
            $0.storeBytes(of: frame.bits.littleEndian, as: UInt64.self)
        }
    }
}

extension CANFrame {
    /// A data frame; nil for a remote request.
    fileprivate init?(_ raw: clinux_can_frame) {
        let isExtended = raw.id & Flag.extended != 0
        guard raw.id & Flag.remote == 0,
            let identifier = CANIdentifier(
                raw.id & (isExtended ? 0x1FFF_FFFF : 0x7FF), isExtended: isExtended)
        else { return nil }
        let bits = withUnsafeBytes(of: raw.data) { $0.loadUnaligned(as: UInt64.self) }
        self.init(identifier, length: raw.length, bits: UInt64(littleEndian: bits))
    }
}
