import Bank
import Glibc
import Logging
import Modbus
import PackMap
import Quantities
import SerialPort

/// One stretch of reading along on an open line that another master polls, until it is lost or the
/// gateway stops.
///
/// Nothing is ever sent.
struct ListenSession {
    /// A silence inside a frame is shorter on a wire, adapters that hand bytes over in groups included.
    private static var wireQuiet: TimeSpan { .milliseconds(60) }
    /// The same behind a network.
    private static var networkQuiet: TimeSpan { .milliseconds(250) }
    /// No answer comes later than this, or than the map's own time-out.
    private static var leastPatience: TimeSpan { .seconds(1) }
    /// A connection that brings nothing for so long is opened anew: one that never sends cannot tell
    /// a silent line from a dead server.
    private static var networkSilence: TimeSpan { .seconds(30) }

    private let setup: LineSetup
    private let stream: ByteStream
    private let stop: StopSignal
    private let quiet: TimeSpan
    private let patience: TimeSpan
    private var follower: LineFollower
    private var listener: LineListener
    private var lastByteAt = MachineClock.now()
    private var hasGivenUp = false
    private var nextTick = MachineClock.now()

    init(
        setup: LineSetup, stream: ByteStream, stop: StopSignal, board: PackBoard,
        status: Latest<LineStatus>, log: Logger
    ) {
        self.setup = setup
        self.stream = stream
        self.stop = stop
        let reads = FollowedReads(plan: setup.plan)
        follower = LineFollower(forms: reads.forms, replyOffset: setup.plan.replyOffset)
        listener = LineListener(
            setup: setup, reads: reads, board: board, status: status, log: log,
            now: MachineClock.now())
        let longest = setup.plan.blocks.compactMap { $0.request(to: UnitID(0)) }
            .map { setup.timing.timeout(of: $0) }.max()
        patience = max(Self.leastPatience, TimeSpan(nanoseconds: longest ?? 0))
        quiet = setup.framing == .rtu ? Self.wireQuiet : Self.networkQuiet
    }

    mutating func run() throws(LineError) {
        listener.begin()
        let stream = stream
        var polls = [pollfd(reading: stop.descriptor), pollfd(reading: stream.descriptor)]
        while !stop.isRaised {
            Poll.wait(&polls, until: deadline)
            let now = MachineClock.now()
            let count = try stream.read { byte in
                take(byte, now)
                return true
            }
            if count > 0 { (lastByteAt, hasGivenUp) = (now, false) }
            try noteSilence(now)
            guard now >= nextTick else { continue }
            nextTick = now + .seconds(1)
            listener.tick(strayBytes: follower.strayBytes, now)
        }
    }

    /// When to look up next if no byte comes.
    private var deadline: Instant {
        if follower.holdsBytes { return min(nextTick, lastByteAt + quiet) }
        return hasGivenUp ? nextTick : min(nextTick, lastByteAt + patience)
    }

    private mutating func take(_ byte: UInt8, _ now: Instant) {
        listener.note(byte)
        follower.feed(byte)
        while let event = follower.next() { listener.handle(event, now) }
    }

    private mutating func noteSilence(_ now: Instant) throws(LineError) {
        let silence = now.since(lastByteAt)
        if follower.holdsBytes, silence >= quiet {
            while let event = follower.nextAfterSilence() { listener.handle(event, now) }
        }
        if !hasGivenUp, silence >= patience {
            hasGivenUp = true
            if let event = follower.giveUp() { listener.handle(event, now) }
        }
        guard setup.framing != .rtu, silence >= Self.networkSilence else { return }
        throw LineError.silent(stream.name, seconds: silence.milliseconds / 1000)
    }
}
