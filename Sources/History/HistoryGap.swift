/// A time without values, which a chart shows as such.
package struct HistoryGap: Hashable, Sendable {
    /// Unix times in milliseconds of the last value before and of the first after, or the ends of the
    /// chart.
    package var from: Int64, to: Int64
    /// Why there is none, as far as that is known.
    package var cause: GapCause
    /// The records on both sides; nil where the chart ends.
    package var before: RecordMoment?, after: RecordMoment?
}

/// Why there are no values.
package enum GapCause: String, Hashable, Sendable {
    /// The gateway recorded, but the pack did not answer.
    case packSilent = "pack_silent"
    /// Nothing has come from the gateway since.
    case gatewayOffline = "gateway_offline"
    /// Records were made that wait in the outbox of the gateway and are still to come.
    case recordsWaiting = "records_waiting"
    /// Records were made, but the outbox had to thin or drop them.
    case outboxLoss = "outbox_loss"
    /// The gateway made no records: it was off, or had no bank to read.
    case nothingRecorded = "nothing_recorded"
    /// Nobody can tell.
    case unknown

    /// What the numbers of the records on both sides tell.
    ///
    /// `stored` counts the numbers between them that the fleet has, such as events; `isWaiting` says
    /// whether the outbox still holds records as old as the gap.
    package static func between(
        _ before: RecordMoment, _ after: RecordMoment, stored: Int64, isWaiting: Bool
    ) -> GapCause {
        // an outbox that was begun anew tells nothing of the old one
        guard before.epoch == after.epoch, after.sequence > before.sequence else { return .unknown }
        let (numbers, isHuge) = after.sequence.subtractingReportingOverflow(before.sequence)
        guard !isHuge, numbers - 1 > stored else { return isHuge ? .unknown : .nothingRecorded }
        return isWaiting ? .recordsWaiting : .outboxLoss
    }
}
