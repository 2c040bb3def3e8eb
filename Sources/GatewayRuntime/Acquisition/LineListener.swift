import Bank
import Logging
import Modbus
import PackMap
import Quantities

/// Turns what another master and its packs say into readings and status; performs no I/O.
struct LineListener {
    /// After so long without an answer a pack may have been exchanged.
    private static var longestAbsence: TimeSpan { PollSchedule.longestBackOff }
    /// After so long what does not happen on the line is named.
    private static var settlingTime: TimeSpan { .seconds(30) }

    private struct Unit {
        var state = UnitState.unknown
        var answeredAt = Instant.never
        var rows: FollowedRows
    }

    private let setup: LineSetup
    private let status: Latest<LineStatus>
    private let log: Logger
    private let begunAt: Instant
    private var reads: FollowedReads
    private var packs: LinePacks
    private var units: [Unit]
    private var classifier = TrafficClassifier()
    private var hasHeard = false
    private var askedAt = Instant.never
    /// Units that are not configured.
    private var strangersAsked = UnitSet()
    private var strangersAnswering = UnitSet()

    init(
        setup: LineSetup, reads: FollowedReads, board: PackBoard, status: Latest<LineStatus>,
        log: Logger, now: Instant
    ) {
        self.setup = setup
        self.reads = reads
        self.status = status
        self.log = log
        begunAt = now
        packs = LinePacks(setup: setup, board: board)
        let rows = FollowedRows(plan: setup.plan)
        units = setup.units.map { _ in Unit(rows: rows) }
    }

    /// The other master belongs here.
    func begin() {
        packs.noteForeignMaster(false)
        status.update {
            $0.state = .listening
            $0.trouble = ""
        }
    }

    /// Takes a byte of a line on which no frame was found yet, to say what it is instead.
    mutating func note(_ byte: UInt8) {
        if !hasHeard { classifier.feed(byte) }
    }

    /// Takes one event of the line.
    mutating func handle(_ event: HeardEvent, _ now: Instant) {
        hasHeard = true
        switch event {
        case .request(let request):
            askedAt = now
            _ = reads.cut(for: request)
            if position(of: request.unit) == nil { strangersAsked.insert(request.unit) }
        case .reply(let request, let data): take(request, data, wasAsked: true, now)
        case .unasked(let unit, let function, let data):
            if let request = reads.request(
                answeredUnasked: unit, function, bytes: data.count)
            {
                take(request, data, wasAsked: false, now)
            }
        case .refusal(let request, let exception):
            miss(request, state: .answering, "refuses a block: \(exception.words)") {
                $0.exceptions += 1
            }
        case .unanswered(let request):
            miss(request, state: nil, "no answer to the other master") { $0.timeouts += 1 }
        case .damaged(let request):
            miss(request, state: nil, "answer with a wrong CRC") { $0.checkFailures += 1 }
        case .other: break
        }
    }

    private func position(of unit: UnitID) -> Int? { setup.units.firstIndex(of: unit) }

    // MARK: replies

    private mutating func take(
        _ request: LineRequest, _ data: FrameBytes, wasAsked: Bool, _ now: Instant
    ) {
        let number = reads.cut(for: request)
        if wasAsked { reads.countAnswer(to: number) }
        guard let index = position(of: request.unit) else {
            strangersAnswering.insert(request.unit)
            return
        }
        let cut = reads.cuts[number]
        if units[index].state == .backedOff
            || now.since(units[index].answeredAt) > Self.longestAbsence
        {
            units[index].rows.forget()
        }
        (units[index].state, units[index].answeredAt) = (.answering, now)
        let trouble = cut.isEmpty ? nil : decode(data, of: cut, index, now)
        let replyTime = wasAsked && askedAt != .never ? now.since(askedAt) : nil
        count(index, trouble ?? "") { statistics in
            if wasAsked { statistics.requests += 1 }
            if let replyTime { statistics.latency.record(replyTime.nanoseconds) }
            if trouble == nil { statistics.replies += 1 } else { statistics.implausible += 1 }
        }
    }

    /// Takes the values; what is wrong with them in words.
    private mutating func decode(
        _ data: FrameBytes, of cut: FollowedReads.Cut, _ index: Int, _ now: Instant
    ) -> String? {
        var rows = units[index].rows
        let verdict = packs.change(index) { pack in
            rows.take(data, of: cut, at: now, into: &pack.reading, identity: &pack.identity)
        }
        units[index].rows = rows
        if let trouble = packs.judge(verdict, index, blocks: cut.ownBlocks, now) { return trouble }
        let answeredAt = rows.answeredAt
        packs.publish(
            index, isComplete: rows.isComplete, answeredAt: answeredAt == .never ? nil : answeredAt)
        if cut.tellsSerial { packs.identify(index, now, always: false) }
        return nil
    }

    // MARK: status

    private mutating func miss(
        _ request: LineRequest, state: UnitState?, _ trouble: String,
        _ change: (inout ExchangeStatistics) -> Void
    ) {
        guard let index = position(of: request.unit) else { return }
        units[index].state =
            state ?? (units[index].state == .answering ? .missed : .backedOff)
        count(index, trouble) { statistics in
            statistics.requests += 1
            change(&statistics)
        }
    }

    private func count(
        _ index: Int, _ trouble: String, _ change: (inout ExchangeStatistics) -> Void
    ) {
        let state = units[index].state
        var changed = false
        status.update { status in
            changed = status.units[index].trouble != trouble
            status.units[index].trouble = trouble
            status.units[index].state = state
            change(&status.units[index].statistics)
        }
        if changed, !trouble.isEmpty { packs.log(trouble, index, to: log) }
    }

    /// Once a second: says what is not heard.
    mutating func tick(strayBytes: UInt64, _ now: Instant) {
        let trouble = lineTrouble(now)
        var changed = false
        status.update {
            changed = $0.trouble != trouble
            $0.trouble = trouble
            $0.strayBytes = strayBytes
        }
        if changed, !trouble.isEmpty {
            log.warning(
                "line in trouble",
                metadata: ["line": "\(setup.name)", "trouble": "\(trouble)"])
        }
        guard hasHeard, now.since(begunAt) >= Self.settlingTime else { return }
        for index in units.indices { nameWhatIsMissing(index, now) }
    }

    private mutating func nameWhatIsMissing(_ index: Int, _ now: Instant) {
        let absence = now.since(units[index].answeredAt)
        var trouble: String?
        if absence > Self.longestAbsence {
            trouble = "not heard; the other master does not ask this unit, or it does not answer"
            if units[index].answeredAt != .never { units[index].state = .backedOff }
        } else if let block = units[index].rows.missingBlocks.first {
            trouble =
                "waits for block '\(setup.map.blockNames[block])', which the other master does not read whole"
        }
        if let trouble { count(index, trouble) { _ in } }
    }

    private func lineTrouble(_ now: Instant) -> String {
        guard hasHeard else {
            guard now.since(begunAt) >= .seconds(10) else { return "" }
            let words = classifier.verdict.words
            return words.isEmpty ? "nothing heard: nobody polls on this line" : words
        }
        if !strangersAnswering.isEmpty {
            return "other unit ids seen: \(strangersAnswering.words)"
        }
        let isAnyHeard = units.contains { $0.answeredAt != .never }
        if !isAnyHeard, !strangersAsked.isEmpty {
            return "other unit ids seen, none of which answers: \(strangersAsked.words)"
        }
        return ""
    }
}

/// A set of unit ids.
struct UnitSet {
    private var isIn = [Bool](repeating: false, count: 256)

    /// Whether no unit is in it.
    var isEmpty: Bool { !isIn.contains(true) }

    mutating func insert(_ unit: UnitID) { isIn[Int(unit.rawValue)] = true }

    /// `4, 5, 9`.
    var words: String {
        isIn.indices.filter { isIn[$0] }.map(String.init).joined(separator: ", ")
    }
}
