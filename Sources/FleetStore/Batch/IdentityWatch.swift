/// The first record of an epoch that was seen to be live.
struct EpochBeginning: Hashable {
    let gateway: Int32
    let epoch: Int64
    /// Unix time in milliseconds when that record was made.
    let made: Int64
    /// The boot that made it.
    let boot: String
}

/// Tells whether two machines use one identity.
///
/// One machine begins a new epoch only after it has ended the old one, so each record of the old
/// epoch was made before any of the new. When epoch A began before epoch B and a record of A was
/// made after B began, by a boot other than that which began B, then both are at work at once. A
/// backlog of A that arrives after B does not count, for it was made before. Only records that were
/// received within a day of their making are looked at, and none from the future: a clock that was
/// wrong by years must not make one machine look like two. Machines whose clocks were never trusted
/// are not told apart.
struct IdentityWatch {
    /// A step of the clock that time services make without ado, ms.
    private static let tolerance: Int64 = 1000
    private static let dayMilliseconds: Int64 = 86_400_000

    private var beginnings: [Int32: [EpochBeginning]]

    /// Starts from what is known of the gateways of a batch.
    init(_ known: [EpochBeginning]) {
        beginnings = Dictionary(grouping: known) { $0.gateway }
    }

    /// Looks at the new records of a batch; gives the epochs that begin in it and the gateways that
    /// are two machines.
    mutating func look(at records: [StagedRecord]) -> (
        new: [EpochBeginning], shared: [SharedSighting]
    ) {
        let live = records.filter(Self.isLive)
        var new: [EpochBeginning] = []
        for record in live {
            let key = record.record.key
            let known = beginnings[record.gateway, default: []]
            guard !known.contains(where: { $0.epoch == key.epoch }) else { continue }
            let beginning = EpochBeginning(
                gateway: record.gateway, epoch: key.epoch, made: record.time,
                boot: record.record.clock.boot)
            beginnings[record.gateway, default: []].append(beginning)
            new.append(beginning)
        }
        let shared = live.compactMap { record in
            overtaker(of: record).map { other in
                record.sighting(with: GatewaySession(epoch: other.epoch, boot: other.boot))
            }
        }
        return (new, shared)
    }

    /// The epoch that began between the beginning of the record's epoch and the record.
    private func overtaker(of record: StagedRecord) -> EpochBeginning? {
        let known = beginnings[record.gateway, default: []]
        guard known.count > 1,
            let own = known.first(where: { $0.epoch == record.record.key.epoch })
        else { return nil }
        return known.first { other in
            other.epoch != own.epoch && other.boot != record.record.clock.boot
                && other.boot != own.boot && own.made < other.made
                && other.made + Self.tolerance < record.time
        }
    }

    private static func isLive(_ record: StagedRecord) -> Bool {
        let age = BootClock.bounded(record.record.receivedMilliseconds) - record.time
        return record.quality != .unmended && age >= -tolerance && age <= dayMilliseconds
    }
}
