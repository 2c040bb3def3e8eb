import Modbus
import TestKit

/// Plays the wire between a master and the units: every byte takes its time.
///
/// A pseudo-terminal hands bytes over at once. Here a request is held for the time its characters
/// would take plus 3.5 characters of silence, and the characters of an answer are handed over when
/// they are due, in groups that span at most a millisecond.
final class PacedLine {
    /// What was noticed about the master.
    struct Counters: Sendable {
        /// Requests that began less than 3.5 characters after an answer.
        var silenceViolations: UInt64 = 0
        /// Requests that began while an answer was on the wire; no unit hears them.
        var collisions: UInt64 = 0
        var bytesReceived: UInt64 = 0
        var bytesSent: UInt64 = 0
    }

    private struct Transmission {
        let begin: Int64
        let bytes: [UInt8]
        var sent = 0
        /// Whether it keeps units from hearing.
        let blocks: Bool
    }

    /// The clockwork of a line, nanoseconds.
    struct Pace: Hashable, Sendable {
        var character: Int64
        var silence: Int64
        var turnRound: Int64

        /// No waiting at all but the turn-round.
        static func instant(turnMilliseconds: Double) -> Pace {
            Pace(character: 0, silence: 0, turnRound: Int64(turnMilliseconds * 1_000_000))
        }

        /// As on a wire.
        static func wire(baud: Int, bitsPerCharacter: Int, turnMilliseconds: Double) -> Pace {
            let timing = LineTiming(baud: baud, bitsPerCharacter: bitsPerCharacter)
            return Pace(
                character: timing.character, silence: timing.silence,
                turnRound: Int64(turnMilliseconds * 1_000_000))
        }
    }

    private(set) var counters = Counters()
    /// Whether the adapter gives back what is sent.
    var echoes = false
    private let pace: Pace
    private let units: BankUnits
    private let reactor: Reactor
    private let send: (ArraySlice<UInt8>) -> Void
    private var scanner = RequestScanner()
    private var queue: [Transmission] = []
    private var wireFreeAt: Int64 = 0
    private var answerEnd: Int64 = 0
    private var timer: Int?

    /// The longest span of characters that are handed over together.
    private static let group: Int64 = 1_000_000

    init(
        pace: Pace, units: BankUnits, reactor: Reactor,
        send: @escaping (ArraySlice<UInt8>) -> Void
    ) {
        self.pace = pace
        self.units = units
        self.reactor = reactor
        self.send = send
    }

    /// Takes bytes the master has written.
    func receive(_ bytes: [UInt8]) {
        let now = Clock.now()
        counters.bytesReceived += UInt64(bytes.count)
        if isOnAir(at: now) {
            counters.collisions += 1
            return
        }
        if answerEnd > 0, now < answerEnd + pace.silence { counters.silenceViolations += 1 }
        answerEnd = 0
        if echoes { transmit(bytes, at: max(now, wireFreeAt), blocks: false) }
        wireFreeAt = max(now, wireFreeAt)
        for byte in bytes {
            wireFreeAt += pace.character
            guard let request = scanner.feed(byte) else { continue }
            answer(request, heardAt: wireFreeAt)
        }
        schedule()
    }

    /// Another master asks `unit`, and is answered when it is there.
    func playForeignMaster(asking unit: UInt8) {
        guard
            let request = ReadRequest(
                unit: UnitID(unit), function: .readHoldingRegisters, address: 0, count: 13)
        else { return }
        let now = Clock.now()
        let frame = RTUFrame.encode(request)
        transmit((0..<frame.count).map { frame[$0] }, at: now, blocks: true)
        answer(.read(request), heardAt: now + Int64(frame.count) * pace.character)
        schedule()
    }

    /// Drops everything that is still to be sent.
    func reset() {
        queue = []
        scanner = RequestScanner()
        (wireFreeAt, answerEnd) = (0, 0)
        schedule()
    }

    private func answer(_ request: MasterRequest, heardAt: Int64) {
        var moment = heardAt + pace.silence + pace.turnRound
        for piece in units.answer(request, framing: .rtu, at: heardAt) {
            moment += piece.pause
            transmit(piece.bytes, at: moment, blocks: true)
            moment += Int64(piece.bytes.count) * pace.character
            answerEnd = moment
        }
    }

    private func transmit(_ bytes: [UInt8], at begin: Int64, blocks: Bool) {
        queue.append(Transmission(begin: begin, bytes: bytes, blocks: blocks))
    }

    private func isOnAir(at now: Int64) -> Bool {
        queue.contains { entry in
            let length = Int64(entry.bytes.count) * pace.character
            return entry.blocks && entry.begin <= now && now < entry.begin + length
        }
    }

    /// Sends what is due and plans the next group.
    private func schedule() {
        if let timer { reactor.cancel(timer) }
        timer = nil
        let now = Clock.now()
        for index in queue.indices { sendDue(index, now) }
        queue.removeAll { $0.sent == $0.bytes.count }
        guard let next = queue.map({ nextMoment(of: $0) }).min() else { return }
        timer = reactor.at(next) { [unowned self] in schedule() }
    }

    private func sendDue(_ index: Int, _ now: Int64) {
        let entry = queue[index]
        guard now >= entry.begin else { return }
        let due =
            pace.character == 0
            ? entry.bytes.count
            : min(entry.bytes.count, Int((now - entry.begin) / pace.character))
        guard due > entry.sent else { return }
        send(entry.bytes[entry.sent..<due])
        counters.bytesSent += UInt64(due - entry.sent)
        queue[index].sent = due
    }

    private func nextMoment(of entry: Transmission) -> Int64 {
        guard pace.character > 0 else { return entry.begin }
        let group = max(1, Int(Self.group / pace.character))
        let last = min(entry.bytes.count, entry.sent + group)
        return entry.begin + Int64(last) * pace.character
    }
}
