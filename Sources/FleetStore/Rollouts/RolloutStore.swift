/// Rollouts and what gateways shall install; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
///
/// 1. A change is kept whole or not at all, and is on disk before the call returns.
/// 2. Of two that change one rollout at once, one is told that it was too late.
/// 3. A gateway is in one rollout at a time that is not over.
/// 4. The counter of a gateway's assignments never goes down.
/// 5. What a user asks for is done once for its key, within what the user may do and sees then, and kept
///    together with the entry that tells of it or not at all.
package protocol RolloutStore: AnyObject {
    /// Brings the database to the newest version of its tables; safe to call from several processes.
    func migrate() throws(FleetStoreError)

    /// Keeps a new rollout, unless its name is taken or gateways of it are in another one (rule 3), or the
    /// user who asks for it may not (rule 5); nil is the program itself.
    func addRollout(
        _ rollout: RolloutRecord, gateways: [RolloutGatewayRecord], note: RolloutNote,
        asked: ToldRequest?
    ) throws(FleetStoreError) -> RolloutAdding

    /// All rollouts, the newest first.
    func rollouts() throws(FleetStoreError) -> [RolloutRecord]

    /// One of them; nil when there is none of that name.
    func rollout(_ id: String) throws(FleetStoreError) -> RolloutRecord?

    /// The gateways of a rollout in the order of their places.
    func gateways(of rollout: String) throws(FleetStoreError) -> [RolloutGatewayRecord]

    /// How many gateways of each rollout are how far, in any order.
    func gatewayCounts() throws(FleetStoreError) -> [RolloutGatewayCount]

    /// Who did what to a rollout, oldest first.
    func notes(of rollout: String) throws(FleetStoreError) -> [RolloutNote]

    /// Keeps a step, unless somebody else was faster (rules 1, 2 and 4) or the user who asks for it may not
    /// (rule 5); nil is the program itself.
    func keep(
        _ change: RolloutChange, asked: ToldRequest?
    ) throws(FleetStoreError) -> RolloutKeeping

    /// What each gateway shall install, ordered by gateway.
    func assignments() throws(FleetStoreError) -> [AssignmentRecord]

    /// Puts assignments in place of others, unless those are not there any more as they were read, and
    /// notes it; gives the gateways whose assignment was replaced (rules 1 and 4).
    func replace(
        _ replacements: [AssignmentReplacement], notes: [(rollout: String, note: RolloutNote)]
    ) throws(FleetStoreError) -> [String]

    /// Another number after each change of an assignment or a rollout.
    func assignmentTurn() throws(FleetStoreError) -> Int64

    /// A gateway in all its rollouts, with their names.
    func attempts(
        of gateway: String
    ) throws(FleetStoreError) -> [(rollout: String, attempt: RolloutGatewayRecord)]

    /// All devices, ordered by id.
    func devices() throws(FleetStoreError) -> [Device]

    /// How many reports `updateEvents` would give; looks at an index only.
    func updateEventCount(since: Int64) throws(FleetStoreError) -> Int64

    /// What gateways reported of updates since a Unix time in milliseconds, oldest first.
    func updateEvents(since: Int64) throws(FleetStoreError) -> [StoredSample<EventSample>]

    /// As in `FleetStore`.
    func currentBanks() throws(FleetStoreError) -> [StoredSample<BankSample>]
    /// As in `FleetStore`.
    func bankSamples(
        gateway: String, from: Int64, to: Int64, limit: Int
    ) throws(FleetStoreError) -> [StoredSample<BankSample>]
    /// As in `FleetStore`.
    func events(
        gateway: String, from: Int64, to: Int64, limit: Int
    ) throws(FleetStoreError) -> [StoredSample<EventSample>]
    /// As in `ConfigurationStore`.
    func newestEvents(code: String) throws(FleetStoreError) -> [StoredSample<EventSample>]
}

/// What became of a new rollout.
package enum RolloutAdding: Hashable, Sendable {
    /// It is kept.
    case added
    /// There is one of its name.
    case taken
    /// Gateways are in another one that is not over; ordered by gateway.
    case busy([BusyGateway])
    /// It is not to be done, as this says.
    case claimed(RequestClaim)
}

/// What became of a step.
package enum RolloutKeeping: Hashable, Sendable {
    /// It is kept.
    case kept
    /// Somebody else was faster.
    case late
    /// It is not to be done, as this says.
    case claimed(RequestClaim)
}

extension RolloutStore {
    /// Keeps a new rollout that no user asks for.
    package func addRollout(
        _ rollout: RolloutRecord, gateways: [RolloutGatewayRecord], note: RolloutNote
    ) throws(FleetStoreError) -> RolloutAdding {
        try addRollout(rollout, gateways: gateways, note: note, asked: nil)
    }

    /// Keeps a step that no user asks for; false when somebody else was faster.
    package func keep(_ change: RolloutChange) throws(FleetStoreError) -> Bool {
        try keep(change, asked: nil) == .kept
    }
}

/// A gateway that is in a rollout.
package struct BusyGateway: Hashable, Sendable, RowReadable {
    /// The gateway's id, and the rollout's name.
    package let gateway: String, rollout: String

    init(from row: inout some RowSource) {
        gateway = row.word()
        rollout = row.word()
    }
}

/// How many gateways of a wave are equally far.
package struct RolloutGatewayCount: Hashable, Sendable, RowReadable {
    /// The rollout's name, and the wave from 0.
    package let rollout: String, wave: Int32
    /// How far they are, and why they failed; empty when they did not.
    package let state: String, failure: String
    /// How many.
    package let gateways: Int64

    init(from row: inout some RowSource) {
        rollout = row.word()
        wave = row.number()
        state = row.word()
        failure = row.word()
        gateways = row.wide()
    }
}
