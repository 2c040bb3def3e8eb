/// What the gateway tells of itself; the raw value is the code in the record, and stays.
///
/// Packs, the identity and updates have codes of their own (`AlarmKind`, `IdentityAlarm`,
/// `UpdateReport.Code`). Each code has words for people in the target `Alarms`.
enum OwnEvent: String, CaseIterable, Sendable {
    /// The program began.
    case started
    /// The program ended in an orderly way.
    case stopped
    /// Records were given up.
    case outboxLoss = "outbox_loss"
    /// What became of a document of the fleet.
    case configuration
    /// The source of sets is cut off or frozen.
    case updateStale = "update_stale"
}
