import Bank
import Logging
import Modbus
import PackMap
import Quantities
import SerialPort
import Glibc

/// One stretch of polling on an open line, until it is lost or the gateway stops.
struct LineSession {
    /// How many impossible answers in a row make a pack implausible.
    private static var implausibleLimit: Int { 3 }

    private struct Unit {
        var reading = PackReading()
        var identity = PackIdentity()
        /// Impossible answers in a row, and the last good one, of each block.
        var implausibleInARow: [Int]
        var acceptedAt: [Instant]
        /// The serial number that was told last, and when.
        var told = SerialNumber()
        var toldAt = Instant.never
    }

    private let setup: LineSetup
    private let line: ModbusLine
    private let stop: StopSignal
    private let board: PackBoard
    private let status: Latest<LineStatus>
    private let log: Logger
    private var schedule: PollSchedule
    private var units: [Unit]
    private var wireTime: Int64 = 0
    private var isStopped = false

    init(
        setup: LineSetup, stream: ByteStream, stop: StopSignal, board: PackBoard,
        status: Latest<LineStatus>, log: Logger
    ) {
        self.setup = setup
        self.stop = stop
        self.board = board
        self.status = status
        self.log = log
        line = ModbusLine(
            stream: stream, framing: setup.framing, stopDescriptor: stop.descriptor)
        schedule = PollSchedule(
            plans: [setup.plan], unitPlans: setup.units.map { _ in 0 }, cycle: setup.cycle)
        let blocks = setup.plan.blocks.count
        units = setup.units.map { _ in
            Unit(
                implausibleInARow: [Int](repeating: 0, count: blocks),
                acceptedAt: [Instant](repeating: .never, count: blocks))
        }
        for index in units.indices {
            units[index].reading = board.reading(setup.firstPosition + index)
        }
    }

    mutating func run() throws(LineError) {
        try listenFirst()
        while !isStopped, !stop.isRaised {
            switch schedule.next(now: MachineClock.now()) {
            case .wait(let until): waitForCycle(until)
            case .exchange(let index, let block): try exchange(index, block)
            }
        }
    }

    /// Listens before the first request: two masters on one line corrupt each other.
    private mutating func listenFirst() throws(LineError) {
        status.update {
            $0.state = .listening
            $0.trouble = ""
        }
        let heard = try line.listen(nanoseconds: setup.listen.nanoseconds)
        let trouble = Self.words(heard)
        if !trouble.isEmpty {
            log.warning(
                "heard before the first request",
                metadata: ["line": "\(setup.name)", "heard": "\(trouble)"])
        }
        let foreign = AlarmSet(AlarmKind.foreignMaster)
        var isForeign = false
        if case .master = heard { isForeign = true }
        for index in units.indices {
            board.update(setup.firstPosition + index) { slot in
                if isForeign {
                    slot.findings.formUnion(foreign)
                } else {
                    slot.findings.subtract(foreign)
                }
            }
        }
        status.update {
            $0.state = .polling
            $0.trouble = trouble
        }
    }

    private static func words(_ heard: ForeignTraffic) -> String {
        switch heard {
        case .silence: ""
        case .master(let unit):
            "another master is polling (it asked unit \(unit.rawValue)); use the packs' inverter-side port"
        case .asciiProtocol: "a pack speaks an ASCII protocol; switch its protocol to Modbus"
        case .noise(let count): "\(count) bytes of noise; check wiring, termination and baud rate"
        }
    }

    private mutating func waitForCycle(_ until: Instant) {
        let (cycle, wire, stray) = (schedule.lastCycle, wireTime, line.strayBytes)
        wireTime = 0
        status.update {
            if wire > 0 {
                $0.cycle = cycle
                $0.wireTime = TimeSpan(nanoseconds: wire)
            }
            $0.strayBytes = stray
        }
        var polls = [pollfd(reading: stop.descriptor)]
        while !stop.isRaised, MachineClock.now() < until { Poll.wait(&polls, until: until) }
    }

    private mutating func exchange(_ index: Int, _ block: Int) throws(LineError) {
        let unit = setup.units[index]
        guard let request = setup.plan.blocks[block].request(to: unit) else { return }
        let outcome = line.exchange(
            request, replyUnit: setup.plan.replyUnit(for: unit), timing: setup.timing)
        let now = MachineClock.now()
        wireTime += setup.timing.wireTime(of: request)
        let verdict: PollOutcome
        var trouble = ""
        switch outcome {
        case .reply(let data):
            (verdict, trouble) = accept(data, index, block, now)
        case .exception(let exception):
            verdict = .exception
            trouble = "refuses block '\(setup.map.blockNames[block])': \(exception.words)"
        case .timeout:
            verdict = .timeout
            trouble = "no answer"
        case .checkFailed:
            verdict = .damaged
            trouble = "answer with a wrong CRC"
        case .wrongUnit(let other):
            verdict = .damaged
            trouble = "reply from unit \(other.rawValue) while waiting for unit \(unit.rawValue)"
        case .stopped:
            isStopped = true
            return
        case .lost(let error): throw error
        }
        schedule.finish(verdict, now: now)
        count(outcome, verdict, index, trouble)
        if verdict == .accepted { publish(index, block, now) }
    }

    private mutating func accept(
        _ data: FrameBytes, _ index: Int, _ block: Int, _ now: Instant
    ) -> (PollOutcome, String) {
        var unit = units[index]
        let verdict = setup.plan.decode(
            block: block, data, at: now, into: &unit.reading, identity: &unit.identity)
        units[index] = unit
        switch verdict {
        case .accepted:
            units[index].implausibleInARow[block] = 0
            units[index].acceptedAt[block] = now
            return (.accepted, "")
        case .allZero: return implausible(index, block, "is all zero")
        case .short: return implausible(index, block, "is short")
        case .implausible(let target, let value):
            return implausible(index, block, "has an impossible \(target): \(value)")
        }
    }

    /// Counts for each block of its own: a good one does not vouch for another.
    private mutating func implausible(
        _ index: Int, _ block: Int, _ trouble: String
    ) -> (PollOutcome, String) {
        units[index].implausibleInARow[block] += 1
        if isImplausible(index) {
            board.update(setup.firstPosition + index) { $0.isImplausible = true }
        }
        return (.implausible, "block '\(setup.map.blockNames[block])' \(trouble)")
    }

    /// Whether a block that the pack cannot do without was impossible too often.
    private func isImplausible(_ index: Int) -> Bool {
        let counts = units[index].implausibleInARow
        return counts.indices.contains {
            setup.plan.blocks[$0].isRequired && counts[$0] >= Self.implausibleLimit
        }
    }

    /// Since when every fast value that is needed is known anew; nil before all were read.
    private func answeredAt(_ index: Int) -> Instant? {
        var oldest: Instant?
        for (block, rules) in setup.plan.blocks.enumerated()
        where rules.poll == .every(1) && rules.isRequired {
            let stamp = units[index].acceptedAt[block]
            if stamp == .never { return nil }
            oldest = min(oldest ?? stamp, stamp)
        }
        return oldest
    }

    /// Puts the unit's values on the board, where the bridge is woken by them.
    private mutating func publish(_ index: Int, _ block: Int, _ now: Instant) {
        let unit = units[index]
        let isComplete = schedule.isComplete(index)
        let isImplausible = isImplausible(index)
        let answeredAt = answeredAt(index)
        board.update(setup.firstPosition + index) { slot in
            slot.reading = unit.reading
            slot.isComplete = isComplete
            slot.isImplausible = isImplausible
            if let answeredAt { slot.answeredAt = answeredAt }
        }
        identify(index, block, now)
    }

    /// Tells who the pack is, when it was read: every time it was asked for once, and where it
    /// stands in a block of every cycle, when it is news or has been for an hour.
    private mutating func identify(_ index: Int, _ block: Int, _ now: Instant) {
        let serial = units[index].identity.serial
        let isThere = setup.plan.texts.contains { $0.field == .serial && Int($0.block) == block }
        guard serial.isKnown else { return }
        if setup.plan.blocks[block].poll != .once {
            let isOld = now.since(units[index].toldAt) >= PollSchedule.rarely
            guard isThere, serial != units[index].told || isOld else { return }
        }
        units[index].told = serial
        units[index].toldAt = now
        board.identify(setup.firstPosition + index, as: serial)
    }

    private func count(
        _ outcome: ExchangeOutcome, _ verdict: PollOutcome, _ index: Int, _ trouble: String
    ) {
        let state = schedule.state(of: index)
        let replyTime = line.lastReplyTime
        var changed = false
        status.update { status in
            var unit = status.units[index]
            changed = unit.trouble != trouble
            unit.trouble = trouble
            unit.state = state
            unit.statistics.requests += 1
            switch outcome {
            case .reply:
                unit.statistics.latency.record(replyTime)
                if verdict == .accepted {
                    unit.statistics.replies += 1
                } else {
                    unit.statistics.implausible += 1
                }
            case .exception: unit.statistics.exceptions += 1
            case .timeout: unit.statistics.timeouts += 1
            case .checkFailed: unit.statistics.checkFailures += 1
            case .wrongUnit: unit.statistics.wrongUnits += 1
            case .stopped, .lost: break
            }
            status.units[index] = unit
        }
        if changed, !trouble.isEmpty {
            log.warning(
                "pack in trouble",
                metadata: [
                    "line": "\(setup.name)", "modbus.unit_id": "\(setup.units[index].rawValue)",
                    "pack": "\(setup.firstPosition + index + 1)", "trouble": "\(trouble)",
                ])
        }
    }
}
