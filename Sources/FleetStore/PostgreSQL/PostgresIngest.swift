/// Stores one batch in one transaction.
///
/// Locks are taken in one order by every worker: the one against folding, gateways that need mending,
/// new gateways, keys, dead letters, clocks, epochs, shared identities, marks of alarms, states; within each,
/// ascending. So no two wait for each other.
/// States come last, in one message with the commit: these few rows are where all workers meet, and
/// whoever waits for them has only its own commit left to do.
struct PostgresIngest {
    let connection: PostgresConnection
    let plan: BatchPlan

    private static let lockBase: Int64 = 0x416D_4653_0001_0000
    /// Gateways share this many locks, so that a batch of a thousand new ones stays within the
    /// server's table of locks.
    private static let lockCount: UInt64 = 64

    /// Begins a transaction that writes keys.
    private static let begin =
        "BEGIN; SELECT pg_advisory_xact_lock_shared(\(PostgresSchema.keyLock))"

    private static let letterLock: Int64 = 0x416D_4653_0000_0002

    /// What became of a batch that is committed.
    struct Stored {
        let outcome: IngestOutcome
        /// Clocks that the database has now.
        let clocks: [GatewayBoot: BootClock]
    }

    /// Stores all of it.
    func store(
        _ deadLetters: [DeadLetter], knowing remembered: [GatewayBoot: BootClock]
    ) throws(FleetStoreError) -> Stored {
        let known = try known(remembered)
        let ids = Dictionary(known.gateways.map { ($0.name, $0.id) }) { first, _ in first }
        let news = plan.news(to: known.clocks)
        // before anything is written, so that it is written where it belongs
        var mended: Set<Int32> = []
        for (boot, clock) in news where known.clocks[boot] == nil {
            guard let id = ids[boot.gateway] else { continue }
            try connection.mend(gateway: id, boot: boot.boot, offset: clock.offset)
            mended.insert(id)
        }
        let unmended = Set(known.gateways.filter(\.hasUnmended).map(\.id))
        let staged = try connection.settled(
            plan.staged(gateways: ids, clocks: known.clocks), of: unmended)
        var shared: [SharedSighting] = []
        let fresh = try passGate(staged, isOpen: known.isLocked, &shared)
        var watch = IdentityWatch(known.gateways.compactMap(\.beginning))
        let seen = watch.look(at: fresh)
        try insertPacks(fresh)
        try insert(deadLetters)
        for (boot, clock) in news {
            guard let id = ids[boot.gateway] else { continue }
            try keep(clock, of: boot.boot, gateway: id)
        }
        for beginning in seen.new { try keep(beginning) }
        try connection.keep(shared + seen.shared)
        try connection.markAlarms(of: mended, and: fresh)
        try keepStatesAndCommit(staged)
        return Stored(
            outcome: outcome(stored: fresh.count, shared: shared + seen.shared),
            clocks: known.clocks.merging(news.map { ($0.boot, $0.clock) }) { $1 })
    }

    private func outcome(stored: Int, shared: [SharedSighting]) -> IngestOutcome {
        var outcome = IngestOutcome()
        outcome.stored = stored
        outcome.repeated = plan.records.count - stored + plan.duplicates
        outcome.sharedIdentities = Set(shared.map(\.name)).sorted()
        return outcome
    }

    // MARK: - What is known

    /// Gateways and clocks, and whether a transaction is open that has locked some.
    private struct Known {
        var gateways: [KnownGateway] = []
        var clocks: [GatewayBoot: BootClock] = [:]
        var isLocked = false
    }

    /// Looks up gateways and clocks.
    ///
    /// A record without a time is written, and the first clock of a boot, only under the lock of its
    /// gateway: whoever comes second sees what the first has written, so no record stays behind
    /// without a time once its boot has a clock.
    private func known(
        _ remembered: [GatewayBoot: BootClock]
    ) throws(FleetStoreError) -> Known {
        guard !plan.records.isEmpty else { return Known() }
        var known = Known()
        known.gateways = try knownGateways()
        known.clocks = try knownClocks(remembered)
        // a gateway or a clock may have come between the two looks, so each is asked for by itself
        let there = Set(known.gateways.map(\.name))
        let new = plan.gateways.filter { !there.contains($0) }
        var toLock = Set(new)
        toLock.formUnion(plan.boots.filter { known.clocks[$0] == nil }.map(\.gateway))
        toLock.formUnion(known.gateways.filter(\.hasUnmended).map(\.name))
        guard !toLock.isEmpty else { return known }
        try connection.execute(Self.begin, "store a batch")
        try lock(toLock)
        if !new.isEmpty {
            try connection.run(PostgresStatements.addGateways, [.text(new.arrayText)])
        }
        return Known(
            gateways: try knownGateways(), clocks: try knownClocks([:]), isLocked: true)
    }

    private func lock(_ gateways: Set<String>) throws(FleetStoreError) {
        let numbers = gateways.map { name in
            let hash = name.utf8.reduce(UInt64(5381)) { $0 &* 33 &+ UInt64($1) }
            return Self.lockBase + Int64(hash % Self.lockCount)
        }
        for number in Set(numbers).sorted() {
            try connection.run("SELECT pg_advisory_xact_lock(?1)", [.number(number)])
        }
    }

    private func knownGateways() throws(FleetStoreError) -> [KnownGateway] {
        try connection.rows(PostgresStatements.knownGateways, [.text(plan.gateways.arrayText)])
    }

    private func knownClocks(
        _ remembered: [GatewayBoot: BootClock]
    ) throws(FleetStoreError) -> [GatewayBoot: BootClock] {
        let boots = plan.boots
        // the newest offset counts only for records whose clock was not trusted
        if plan.untrusted.isEmpty, boots.allSatisfy({ remembered[$0] != nil }) {
            return remembered.filter { boots.contains($0.key) }
        }
        let known: [KnownClock] = try connection.rows(
            PostgresStatements.knownClocks,
            [.text(boots.map(\.gateway).arrayText), .text(boots.map(\.boot).arrayText)])
        return Dictionary(known.map { ($0.boot, $0.clock) }) { first, _ in first }
    }

    // MARK: - Rows

    /// Stages the records and lets those through that are new, with their bank samples and events.
    private func passGate(
        _ staged: [StagedRecord], isOpen: Bool, _ shared: inout [SharedSighting]
    ) throws(FleetStoreError) -> [StagedRecord] {
        guard !staged.isEmpty else {
            try connection.execute("BEGIN", "store a batch")
            return []
        }
        let through: [GatewayKey] = try connection.copy(
            PostgresRows.stage(staged), into: PostgresStatements.stage,
            after: isOpen ? "" : Self.begin + "; ",
            before: [connection.call(PostgresStatements.gate)])
        guard through.count < staged.count else { return staged }
        shared += try connection.rows(PostgresStatements.others, []) as [SharedSighting]
        let keys = Set(through)
        return staged.filter { keys.contains(GatewayKey($0)) }
    }

    private func insertPacks(_ fresh: [StagedRecord]) throws(FleetStoreError) {
        let packs = PostgresRows.packs(fresh)
        if packs.rows > 0 { try connection.copy(packs, into: PostgresStatements.packs) }
    }

    /// Moves the states of gateways forward and ends the transaction.
    private func keepStatesAndCommit(_ staged: [StagedRecord]) throws(FleetStoreError) {
        let newest = PostgresRows.newest(staged)
        guard newest.rows > 0 else { return try connection.execute("COMMIT", "store a batch") }
        try connection.copy(
            newest, into: PostgresStatements.newest,
            before: connection.call(PostgresStatements.bankState),
            connection.call(PostgresStatements.outboxReport), "COMMIT")
    }

    /// Stores letters, one worker at a time: two that trim the same gateway would remove each other's
    /// rows in no certain order.
    private func insert(_ letters: [DeadLetter]) throws(FleetStoreError) {
        guard !letters.isEmpty else { return }
        try connection.run("SELECT pg_advisory_xact_lock(?1)", [.number(Self.letterLock)])
        for letter in letters { try insert(letter) }
        try connection.trim(letters)
    }

    private func insert(_ letter: DeadLetter) throws(FleetStoreError) {
        let hex = letter.payload.prefix(DeadLetter.payloadLimit).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        func optional(_ number: Int64?) -> SQLValue { number.map { .number($0) } ?? .null }
        try connection.run(
            PostgresStatements.deadLetter,
            [
                .text(letter.topic.withoutNul),
                letter.gateway.map { .text($0.withoutNul) } ?? .null,
                optional(letter.epoch), optional(letter.sequence),
                .number(letter.receivedMilliseconds), .text(letter.reason.withoutNul),
                .number(letter.digest), .text(hex),
            ])
    }

    // MARK: - What is kept of each gateway

    private func keep(
        _ clock: BootClock, of boot: String, gateway: Int32
    ) throws(FleetStoreError) {
        try connection.run(
            PostgresStatements.keepClock,
            [
                .number(Int64(gateway)), .text(boot), .number(clock.monotonic),
                .number(clock.offset),
            ])
    }

    private func keep(_ beginning: EpochBeginning) throws(FleetStoreError) {
        try connection.run(
            PostgresStatements.keepEpoch,
            [
                .number(Int64(beginning.gateway)), .number(beginning.epoch),
                .number(beginning.made), .text(beginning.boot),
            ])
    }
}
