import Bank
import Logging
import Modbus
import PackMap
import Quantities
import SerialPort
import Glibc

/// One stretch of polling on an open line, until it is lost or the gateway stops.
struct LineSession {
    private let setup: LineSetup
    private let line: ModbusLine
    private let stop: StopSignal
    private let status: Latest<LineStatus>
    private let log: Logger
    private var schedule: PollSchedule
    private var packs: LinePacks
    private var wireTime: Int64 = 0
    private var isStopped = false

    init(
        setup: LineSetup, stream: ByteStream, stop: StopSignal, board: PackBoard,
        status: Latest<LineStatus>, log: Logger
    ) {
        self.setup = setup
        self.stop = stop
        self.status = status
        self.log = log
        line = ModbusLine(
            stream: stream, framing: setup.framing, stopDescriptor: stop.descriptor)
        schedule = PollSchedule(
            plans: [setup.plan], unitPlans: setup.units.map { _ in 0 }, cycle: setup.cycle)
        packs = LinePacks(setup: setup, board: board)
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
        let trouble = heard.words
        if !trouble.isEmpty {
            log.warning(
                "heard before the first request",
                metadata: ["line": "\(setup.name)", "heard": "\(trouble)"])
        }
        var isForeign = false
        if case .master = heard { isForeign = true }
        packs.noteForeignMaster(isForeign)
        status.update {
            $0.state = .polling
            $0.trouble = trouble
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
        let verdict = packs.change(index) { pack in
            setup.plan.decode(
                block: block, data, at: now, into: &pack.reading, identity: &pack.identity)
        }
        let trouble = packs.judge(verdict, index, blocks: [block], now)
        return trouble.map { (.implausible, $0) } ?? (.accepted, "")
    }

    /// Puts the unit's values on the board, where the bridge is woken by them.
    private mutating func publish(_ index: Int, _ block: Int, _ now: Instant) {
        packs.publish(
            index, isComplete: schedule.isComplete(index), answeredAt: packs.answeredAt(index))
        let isThere = setup.plan.texts.contains { $0.field == .serial && Int($0.block) == block }
        if isThere { packs.identify(index, now, always: setup.plan.blocks[block].poll == .once) }
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
        if changed, !trouble.isEmpty { packs.log(trouble, index, to: log) }
    }
}

extension ForeignTraffic {
    /// What it means for a line that is polled; empty for silence.
    var words: String {
        switch self {
        case .silence: ""
        case .master(let unit):
            "another master is polling (it asked unit \(unit.rawValue)); use the packs' inverter-side port, or read along with mode = \"listen\""
        case .asciiProtocol: "a pack speaks an ASCII protocol; switch its protocol to Modbus"
        case .noise(let count): "\(count) bytes of noise; check wiring, termination and baud rate"
        }
    }
}
