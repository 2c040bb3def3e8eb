import CANBus
import CLinux
import Glibc

/// A CAN bus behind an adapter that speaks Lawicel's ASCII protocol (SLCAN) on a serial device.
///
/// The adapter is set up by this end, bit rate included. A bus whose controller refuses every frame
/// for 2 s counts as bus-off; closing and opening the channel restarts the controller. When the
/// device is unplugged it is looked for again under the same path, so give a stable one.
package final class SLCANBus: Bus {
    package let name: String
    package private(set) var descriptor: Int32 = -1
    package private(set) var counters = BusCounters()
    package private(set) var problem: BusError?

    private let baud: Int
    private let rate: SLCANBitRate
    private let listensOnly: Bool
    private let output = WriteBuffer()
    private let input: UnsafeMutableRawBufferPointer
    private var parser = SLCANParser()
    private var setup = SLCANSetup()
    private var health = SLCANHealth(openedAt: 0)
    private var isOff = false
    private var reopening = ReopenSchedule()

    /// Names an adapter; nothing is opened before `attend`.
    ///
    /// `baud` is the speed of the serial device, which USB adapters ignore; `bitRate` is that of the
    /// bus in bits per second. A bus that `listensOnly` neither sends nor acknowledges, so that a
    /// wrong bit rate disturbs nobody.
    package init(
        device: String, baud: Int = 115_200, bitRate: Int = 500_000, listensOnly: Bool = false
    ) throws(BusError) {
        name = device
        self.baud = baud
        self.listensOnly = listensOnly
        rate = try SLCANBitRate(bitsPerSecond: bitRate)
        input = .allocate(byteCount: 1024, alignment: 8)
    }

    deinit {
        close()
        input.deallocate()
    }

    package var wantsToWrite: Bool { descriptor >= 0 && !output.isEmpty }

    package var state: BusState {
        if descriptor < 0 { return .removed }
        if isOff { return .busOff }
        return setup.isOpen ? health.state : .down
    }

    package var nextAttention: Int64 {
        if descriptor < 0 { return reopening.nextAttempt }
        guard setup.isOpen else { return min(setup.deadline, reopening.nextAttempt) }
        return min(setup.deadline, health.nextQuestion, health.restartMoment)
    }

    package func attend(at now: Int64) {
        if reopening.isDue(at: now) {
            if descriptor < 0 { open(at: now) } else { setUp(at: now) }
        }
        guard descriptor >= 0 else { return }
        perform(setup.tick(at: now), at: now)
        if setup.isOpen { watch(at: now) }
        flush(at: now)
    }

    package func send(_ frame: CANFrame, at now: Int64) -> SendOutcome {
        guard descriptor >= 0, setup.isOpen, !isOff else {
            counters.undeliverable += 1
            return .down
        }
        guard output.append(SLCANLine(frame)) else {
            counters.dropped += 1
            return .full
        }
        health.handleSending()
        flush(at: now)
        guard descriptor >= 0 else {
            counters.undeliverable += 1
            return .down
        }
        counters.sent += 1
        return .accepted
    }

    package func receive(at now: Int64, _ body: (CANFrame) -> Void) -> Int {
        guard descriptor >= 0 else { return 0 }
        let count = read(descriptor, input.baseAddress, input.count)
        if count < 0 {
            if errno != EAGAIN, errno != EINTR { lose(at: now, code: errno) }
            return 0
        }
        if count == 0 { lose(at: now, code: EIO) }
        let before = counters.received
        for index in 0..<count {
            guard let event = parser.take(input[index]) else { continue }
            handle(event, at: now, body)
            if descriptor < 0 { break }
        }
        return Int(truncatingIfNeeded: counters.received - before)
    }

    package func close() {
        guard descriptor >= 0 else { return }
        if setup.isOpen, output.append(SLCANLine(command: "C")) {
            _ = output.flush(to: descriptor)
        }
        Glibc.close(descriptor)
        forget()
        reopening = ReopenSchedule()
    }

    // MARK: the device

    private func open(at now: Int64) {
        let outcome = clinux_serial_open(
            name, UInt32(clamping: baud), Int32(CLINUX_PARITY_NONE), 1)
        guard outcome >= 0 else {
            problem = openingProblem(-outcome)
            reopening.failed(at: now)
            return
        }
        descriptor = outcome
        counters.openings += 1
        problem = nil
        setUp(at: now)
    }

    private func setUp(at now: Int64) {
        reopening.succeeded(at: now)
        perform(setup.begin(at: now), at: now)
    }

    private func openingProblem(_ code: Int32) -> BusError {
        switch code {
        case ENOENT, ENODEV, ENXIO: .noDevice(name)
        case ENOTTY, EINVAL: .notSerial(name, baud: baud)
        case EACCES, EPERM: .notPermitted(name)
        case EBUSY: .busy(name)
        default: .system(operation: "open CAN adapter", name: name, code: code)
        }
    }

    private func flush(at now: Int64) {
        guard descriptor >= 0 else { return }
        let code = output.flush(to: descriptor)
        if code != 0 { lose(at: now, code: code) }
    }

    private func lose(at now: Int64, code: Int32) {
        Glibc.close(descriptor)
        forget()
        problem = .system(operation: "reach CAN adapter", name: name, code: code)
        reopening.lost(at: now)
    }

    private func forget() {
        descriptor = -1
        output.discard()
        parser.forget()
        setup.abandon()
        isOff = false
    }

    // MARK: the adapter

    private func handle(_ event: SLCANEvent, at now: Int64, _ body: (CANFrame) -> Void) {
        if setup.isOpen { account(health.handle(event, at: now)) }
        let isUsable = setup.isOpen
        perform(setup.handle(event, at: now), at: now)
        switch event {
        case .frame(let frame, _) where isUsable:
            counters.received += 1
            body(frame)
        case .remoteRequest, .unintelligible: counters.ignored += isUsable ? 1 : 0
        default: break
        }
    }

    private func account(_ finding: SLCANHealth.Finding) {
        switch finding {
        case .nothing: break
        case .refusedFrame: counters.refused += 1
        case .busError: counters.errorFrames += 1
        }
    }

    private func perform(_ action: SLCANSetup.Action, at now: Int64) {
        switch action {
        case .none: break
        case .send(let command): write(command)
        case .ready:
            health = SLCANHealth(openedAt: now)
            isOff = false
            problem = nil
        case .fail(let command):
            problem = .adapterRefused(
                device: name, command: command == .rate ? "S\(rate.code)" : listensOnly ? "L" : "O")
            reopening.failed(at: now)
        }
        flush(at: now)
    }

    private func write(_ command: SLCANSetup.Command) {
        switch command {
        case .close:
            // Two empty lines end whatever the adapter was in the middle of.
            parser.forget()
            output.discard()
            for line: StaticString in ["", "", "C"] { _ = output.append(SLCANLine(command: line)) }
        case .rate: _ = output.append(SLCANLine(rate: rate))
        case .open: _ = output.append(SLCANLine(command: listensOnly ? "L" : "O"))
        }
    }

    private func watch(at now: Int64) {
        if now >= health.restartMoment {
            problem = .adapterStuck(name)
            isOff = true
            setUp(at: now)
        } else if now >= health.nextQuestion, output.append(SLCANLine(command: "F")) {
            health.handleQuestion(at: now)
        }
    }
}
