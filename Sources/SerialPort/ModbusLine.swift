import CLinux
import Glibc
import Modbus

/// The master's end of one line: one exchange at a time, with the silences the standard asks for.
///
/// Owned by one thread. While an answer is under way the thread sleeps until its last character is
/// due instead of waking for every part of it, which costs a tenth of the processor time at 9600
/// baud.
package final class ModbusLine {
    private let stream: ByteStream
    private let framing: LineFraming
    private let stopDescriptor: Int32
    private var lastByteAt: Int64
    private var transaction: UInt16 = 0
    private var unanswered: LineRequest?
    /// Bytes that belonged to no frame since the start.
    package private(set) var strayBytes: UInt64 = 0
    /// The bytes that went over the line, both ways.
    package private(set) var wireBytes: UInt64 = 0
    /// Time from the first byte of the last request to the last byte of its answer, nanoseconds.
    package private(set) var lastReplyTime: Int64 = 0

    /// Takes over an open stream; `stopDescriptor` becomes readable when the thread shall end.
    package init(stream: ByteStream, framing: LineFraming, stopDescriptor: Int32) {
        self.stream = stream
        self.framing = framing
        self.stopDescriptor = stopDescriptor
        lastByteAt = Self.now()
        clinux_sharpen_timers()
    }

    /// Listens for `nanoseconds` without sending and names what it hears.
    package func listen(nanoseconds: Int64) throws(LineError) -> ForeignTraffic {
        var classifier = TrafficClassifier()
        let deadline = Self.now() + nanoseconds
        while Self.now() < deadline {
            guard wait(input: true, until: deadline) != .stopped else { break }
            let count = try stream.read { byte in
                classifier.feed(byte)
                return true
            }
            if count > 0 { lastByteAt = Self.now() }
        }
        return classifier.verdict
    }

    /// ``exchange(_:replyUnit:timing:)`` of an ordinary read.
    package func exchange(
        _ request: ReadRequest, replyUnit: UnitID, timing: LineTiming
    ) -> ExchangeOutcome {
        exchange(.read(request), replyUnit: replyUnit, timing: timing)
    }

    /// Asks and waits for the answer.
    ///
    /// Modbus TCP carries only ordinary reads; the other forms have the line lost with the reason.
    package func exchange(
        _ request: LineRequest, replyUnit: UnitID, timing: LineTiming
    ) -> ExchangeOutcome {
        do {
            guard try keepSilence(silence(before: request, timing)) else { return .stopped }
            unanswered = request
            let outcome =
                framing == .tcp
                ? try exchangeTCP(request, replyUnit: replyUnit, timing: timing)
                : try exchangeRTU(request, replyUnit: replyUnit, timing: timing)
            switch outcome {
            case .reply, .exception, .checkFailed: unanswered = nil
            case .timeout, .wrongUnit, .stopped, .lost: break
            }
            return outcome
        } catch {
            return .lost(error)
        }
    }

    /// How long the line must be silent before `request`.
    ///
    /// An RTU answer does not say what it answers. Where the answer to an unanswered request could
    /// be taken for the answer to this one, the line is given one more time-out to bring it. Ranged
    /// and triggered answers repeat what was asked.
    private func silence(before request: LineRequest, _ timing: LineTiming) -> Int64 {
        guard framing != .tcp, let unanswered, unanswered != request, case .read = request,
            unanswered.unit == request.unit, unanswered.function == request.function,
            unanswered.replyLength == request.replyLength
        else { return timing.pause }
        lastByteAt = Self.now()
        return timing.timeout(of: request)
    }

    /// Waits until the line has been silent long enough; bytes that still come begin it anew.
    ///
    /// Modbus TCP keeps its bytes: frames there are told apart by their transaction, and dropping
    /// half of a late one would put the stream out of step.
    private func keepSilence(_ silence: Int64) throws(LineError) -> Bool {
        let giveUp = Self.now() + max(1_000_000_000, silence * 4)
        while true {
            guard wait(input: false, until: lastByteAt + silence) != .stopped else {
                return false
            }
            if framing == .tcp { return true }
            let count = try stream.read { _ in true }
            if count == 0 { return true }
            strayBytes += UInt64(count)
            lastByteAt = Self.now()
            if lastByteAt > giveUp { return true }
        }
    }

    private func exchangeRTU(
        _ request: LineRequest, replyUnit: UnitID, timing: LineTiming
    ) throws(LineError) -> ExchangeOutcome {
        let frame = RTUFrame.encode(request)
        var receiver = RTUReceiver(request: request, replyUnit: replyUnit)
        let start = Self.now()
        try stream.write({ frame[$0] }, count: frame.count)
        wireBytes += UInt64(frame.count)
        if framing == .rtu {
            let due = start + timing.earliestReply(to: request)
            guard wait(input: false, until: due) != .stopped else { return .stopped }
        }
        let deadline = start + timing.timeout(of: request)
        var state = ReplyState.incomplete
        var isLate = false
        while true {
            let count = try stream.read { byte in
                if state == .incomplete { state = receiver.feed(byte) } else { strayBytes += 1 }
                return true
            }
            if count > 0 { noteBytes(count, since: start) }
            if state != .incomplete || isLate { break }
            let nearEnd = count > 0 ? shortlyBeforeEnd(of: receiver, timing) : 0
            if framing == .rtu, nearEnd < deadline,
                wait(input: false, until: nearEnd) == .stopped
            {
                return .stopped
            }
            switch wait(input: true, until: deadline) {
            case .stopped: return .stopped
            case .ready: continue
            case .late: isLate = true
            }
        }
        strayBytes += UInt64(receiver.strayBytes)
        if state == .incomplete { state = receiver.verdictAtTimeout }
        if state == .incomplete { strayBytes += UInt64(receiver.heldBytes) }
        return outcome(state, receiver)
    }

    /// When all but the last part of an answer that has begun will be there.
    ///
    /// Drivers and adapters hand characters over in groups of about a millisecond, so what was read
    /// last may have been there for that long.
    private func shortlyBeforeEnd(of receiver: RTUReceiver, _ timing: LineTiming) -> Int64 {
        lastByteAt + Int64(receiver.missingBytes) * timing.character - 2_000_000
    }

    private func outcome(_ state: ReplyState, _ receiver: RTUReceiver) -> ExchangeOutcome {
        switch state {
        case .incomplete: .timeout
        case .reply: .reply(receiver.data)
        case .exception(let exception): .exception(exception)
        case .wrongUnit(let unit): .wrongUnit(unit)
        case .checkFailed: .checkFailed
        }
    }

    private func exchangeTCP(
        _ asked: LineRequest, replyUnit: UnitID, timing: LineTiming
    ) throws(LineError) -> ExchangeOutcome {
        guard case .read(let request) = asked else { throw Self.notCarried(asked, stream.name) }
        transaction &+= 1
        let frame = TCPFrame.encode(request, transaction: transaction)
        var receiver = TCPReceiver(
            request: request, transaction: transaction, replyUnit: replyUnit)
        let start = Self.now()
        try stream.write({ frame[$0] }, count: frame.count)
        wireBytes += UInt64(frame.count)
        let deadline = start + timing.timeout(of: request)
        var state = TCPReplyState.incomplete
        while true {
            let count = try stream.read { byte in
                state = receiver.feed(byte)
                return state == .incomplete
            }
            if count > 0 { noteBytes(count, since: start) }
            switch state {
            case .reply: return .reply(receiver.data)
            case .exception(let exception): return .exception(exception)
            case .wrongUnit(let unit): return .wrongUnit(unit)
            case .notModbusTCP: throw Self.notModbusTCP(stream.name)
            case .incomplete: break
            }
            switch wait(input: true, until: deadline) {
            case .stopped: return .stopped
            case .late where receiver.isMidFrame: throw Self.brokeOff(stream.name)
            case .late: return .timeout
            case .ready: continue
            }
        }
    }

    private static func notCarried(_ request: LineRequest, _ name: String) -> LineError {
        LineError(
            .lost,
            "function \(request.function) for '\(name)' has a form that Modbus TCP does not carry; a "
                + "serial server with framing = \"rtu-over-tcp\" does")
    }

    private static func brokeOff(_ name: String) -> LineError {
        LineError(.lost, "lost '\(name)': an answer broke off in the middle")
    }

    private static func notModbusTCP(_ name: String) -> LineError {
        LineError(
            .lost,
            "'\(name)' does not answer in Modbus TCP; serial servers that pass bytes unchanged need "
                + "framing = \"rtu-over-tcp\"")
    }

    private func noteBytes(_ count: Int, since start: Int64) {
        lastByteAt = Self.now()
        lastReplyTime = lastByteAt - start
        wireBytes += UInt64(count)
    }

    private enum Wake { case ready, late, stopped }

    /// Waits for the deadline, for input if asked, or for the stop signal.
    private func wait(input: Bool, until deadline: Int64) -> Wake {
        while true {
            let left = deadline - Self.now()
            if left <= 0 { return .late }
            var polls = (
                pollfd(fd: stopDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stream.descriptor, events: Int16(POLLIN), revents: 0)
            )
            let count = withUnsafeMutablePointer(to: &polls) { pointer in
                pointer.withMemoryRebound(to: pollfd.self, capacity: 2) {
                    clinux_poll($0, input ? 2 : 1, left)
                }
            }
            if count < 0 { continue }
            if polls.0.revents != 0 { return .stopped }
            if input, polls.1.revents != 0 { return .ready }
        }
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
