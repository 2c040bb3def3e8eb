import CLinux
import Glibc
import MQTTLink
import TestKit

/// Gateways that send records to a fleet through a broker, all on the reactor's thread.
///
/// Each has a connection of its own and keeps a record until the fleet's word (outbox rule 3). The
/// first record is made when all are connected, or when the time for connecting is over.
final class FleetSimulation {
    let settings: FleetSettings
    let reactor: Reactor
    let set: ReadySet
    let ledger: FleetLedger?
    let gateways: [SimulatedGateway]
    /// Properties of records, by kind.
    let recordProperties: [MessageProperties]
    let connectProperties: MessageProperties
    var document: FleetDocument
    var counts = FleetCounts()
    var lag = LagHistogram()
    var generator: SeededGenerator
    /// Positions of gateways that may connect, in that order.
    var queue: [Int] = []
    /// Positions of gateways that wait before they may.
    var away: [Int] = []
    let backoff: Backoff
    private let startedAt = Clock.now()
    private var control: ControlSocket?
    private var round: Int64 = 0
    private var firstSlotAt: Int64 = 0
    private var slot = 0
    private var hasBegun = false
    private(set) var isMaking = true
    private var tickCount = 0
    /// How long it took until all were connected, in nanoseconds.
    private(set) var connectedAfter: Int64?

    /// How many turns the upkeep of all gateways is spread over, ten of them a second.
    private static let turns = 10

    /// Makes the gateways and begins to connect.
    init(_ settings: FleetSettings, reactor: Reactor) throws(SimulationError) {
        try OpenFiles.allow(connections: settings.gateways)
        self.settings = settings
        self.reactor = reactor
        set = try ReadySet()
        ledger = try settings.ledger.map { path throws(SimulationError) in
            try FleetLedger(path: path)
        }
        generator = SeededGenerator(seed: settings.seed)
        document = FleetDocument(packs: settings.packs)
        backoff = Backoff(
            first: settings.link.reconnectMilliseconds * 1_000_000,
            longest: settings.link.reconnectMaximumMilliseconds * 1_000_000)
        recordProperties = settings.link.channels.map { .document(schema: $0.schema) }
        connectProperties = .session(
            expirySeconds: settings.link.sessionExpirySeconds, receiveMaximum: 64)
        let now = WallClock.milliseconds()
        let past = Int64(settings.backlog + 1) * (settings.interval / 1_000_000)
        gateways = (0..<settings.gateways).map { position in
            let identity = FleetIdentity(
                name: settings.name(position), position: position, seed: settings.seed,
                earliest: now - past)
            return SimulatedGateway(identity, position: position, settings.link)
        }
        if let path = settings.control {
            control = try ControlSocket(path: path, reactor: reactor) {
                [unowned self] (text) throws(SimulationError) in try obey(text)
            }
        }
        fillBacklogs(until: now)
        start()
    }

    deinit { reactor.unwatch(set.descriptor) }

    private func start() {
        reactor.watch(set.descriptor, for: POLLIN) { [unowned self] _ in
            set.visit { tag, events in process(gateways[Int(tag)], events) }
            endWhenDone()
        }
        queue = Array(gateways.indices)
        connectNext()
        reactor.every(1_000_000_000 / Int64(Self.turns)) { [unowned self] in tick() }
        reactor.at(startedAt + Int64(settings.link.connectSeconds) * 1_000_000_000) {
            [unowned self] in begin()
        }
        guard settings.showsProgress else { return }
        reactor.every(1_000_000_000) { [unowned self] in Output.note(status) }
    }

    private func obey(_ text: String) throws(SimulationError) -> String {
        var words = CommandWords(text)
        let word = try words.next("'status'")
        guard word == "status" else { throw .command(found: word, expected: "'status'") }
        try words.finish()
        return status
    }

    // MARK: making records

    private func fillBacklogs(until now: Int64) {
        let step = settings.interval / 1_000_000
        for count in stride(from: settings.backlog, to: 0, by: -1) {
            for (position, gateway) in gateways.enumerated() {
                let phase = step * Int64(position) / Int64(gateways.count)
                append(gateway, wallMilliseconds: now - Int64(count) * step - phase, madeAt: nil)
            }
        }
    }

    /// All gateways are there, or the time for that is over: the first slot is now.
    func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        if counts.connected == gateways.count { connectedAfter = Clock.now() - startedAt }
        firstSlotAt = Clock.now()
        if isMaking { makeDue() }
    }

    /// Slots of an interval are spread evenly over the gateways.
    private var slotDueAt: Int64 {
        firstSlotAt + round * settings.interval
            + settings.interval / Int64(gateways.count) * Int64(slot)
    }

    /// Makes what is due, in portions, so that the connections get their turn when that is much.
    private func makeDue() {
        let now = Clock.now()
        var portion = 64
        while isMaking, portion > 0, slotDueAt <= now {
            make(gateways[slot])
            portion -= 1
            slot += 1
            guard slot == gateways.count else { continue }
            slot = 0
            round += 1
            skipMissedRounds(now)
            if let records = settings.records, gateways.allSatisfy({ $0.made >= records }) {
                endMaking()
            }
        }
        endWhenDone()
        if isMaking { reactor.at(slotDueAt) { [unowned self] in makeDue() } }
    }

    /// A machine that stood still measured nothing meanwhile, and no two records bear one moment.
    private func skipMissedRounds(_ now: Int64) {
        let behind = now - slotDueAt
        guard settings.interval >= Self.leastSkipped, behind > settings.interval else { return }
        firstSlotAt += behind / settings.interval * settings.interval
    }

    /// Who asks for shorter intervals wants a flood, not measurements.
    private static var leastSkipped: Int64 { 100_000_000 }

    private func make(_ gateway: SimulatedGateway) {
        if gateway.update.isMute { return }
        var isFirst = true
        while isFirst || kind(of: gateway.book.next, gateway) == .event {
            isFirst = false
            if let records = settings.records, gateway.made >= records { break }
            gateway.made += 1
            append(gateway, wallMilliseconds: WallClock.milliseconds(), madeAt: Clock.now())
        }
        pump(gateway)
    }

    /// Reads what it shall install, and says what there is to say of that.
    private func lookAfterUpdates(_ gateway: SimulatedGateway, _ now: Int64) {
        guard let updates = settings.updates else { return }
        gateway.update.look(
            at: "\(updates.folder)/\(gateway.identity.name).json", now: now,
            wall: WallClock.milliseconds(), probation: updates.probation
        ) { updates.manner(of: gateway.identity, with: $0) }
        for report in gateway.update.due(now) {
            gateway.update.reports[gateway.book.next] = report
            append(
                gateway, wallMilliseconds: WallClock.milliseconds(), madeAt: now, as: .event)
            pump(gateway)
        }
    }

    private func append(
        _ gateway: SimulatedGateway, wallMilliseconds: Int64, madeAt: Int64?,
        as given: RecordBook.Kind? = nil
    ) {
        let kind = given ?? kind(of: gateway.book.next, gateway)
        let record = RecordBook.Record(
            wallMilliseconds: wallMilliseconds, madeAt: madeAt, kind: kind)
        let sequence = gateway.book.append(record, isLive: madeAt != nil && gateway.isOnline)
        counts.made += 1
        ledger?.add(gateway.identity, sequence, record)
    }

    /// Every so many records of a gateway is an event, the first one by chance.
    private func kind(of sequence: Int64, _ gateway: SimulatedGateway) -> RecordBook.Kind {
        guard settings.eventEvery > 0 else { return .telemetry }
        let period = Int64(settings.eventEvery) + 1
        let offset = Int64(gateway.identity.seed % UInt64(period))
        return (sequence + offset) % period == 0 ? .event : .telemetry
    }

    // MARK: upkeep and the end

    private func tick() {
        let now = Clock.now()
        let turn = tickCount % Self.turns
        tickCount += 1
        queueDue(now)
        for (position, gateway) in gateways.enumerated() {
            if position % Self.turns == turn {
                maintain(gateway, now)
                if isMaking, hasBegun { lookAfterUpdates(gateway, now) }
            }
            if !gateway.book.backlog.isEmpty { pump(gateway) }
        }
        if turn == 0 { ledger?.flush() }
        endWhenDone()
    }

    /// No more records; what waits has the time of the settings to be acknowledged.
    private func endMaking() {
        isMaking = false
        reactor.at(Clock.now() + settings.drain) { [unowned self] in reactor.stop() }
    }

    private func endWhenDone() {
        if !isMaking, counts.waiting == 0 { reactor.stop() }
    }

    /// Waits for the fleet's word on the rest, unless it has done so, and leaves the broker.
    ///
    /// Returns whether there were records, the fleet has acknowledged every one and each is in the
    /// ledger.
    func finish() -> Bool {
        if isMaking {
            endMaking()
            if counts.waiting > 0 { reactor.runOn() }
        }
        for gateway in gateways where gateway.isOnline { gateway.client?.disconnect() }
        ledger?.flush()
        let isComplete = counts.made > 0 && counts.acknowledged == counts.made
        return isComplete && !(ledger?.hasFailed ?? false)
    }
}

/// The clock on the wall.
enum WallClock {
    /// Unix time in milliseconds.
    static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
