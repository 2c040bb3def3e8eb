/// The system clock beside the floor.
package struct ClockReading: Hashable, Sendable {
    /// The system clock in seconds since 1970.
    package let wall: Int64
    /// The floor in seconds since 1970.
    package let floor: Int64

    /// Joins the parts.
    package init(wall: Int64, floor: Int64) { (self.wall, self.floor) = (wall, floor) }

    /// The moment at which certificates are judged, in seconds since 1970.
    package var now: Int64 { max(wall, floor) }

    /// Whether the system clock is certainly wrong.
    package var isSuspect: Bool { wall < floor }

    /// What to tell when the clock is suspect; nil when it is not.
    package var warning: String? {
        guard isSuspect else { return nil }
        return "clock suspect: this machine's clock says \(Moment.text(wall)), but it is at least "
            + "\(Moment.text(floor)); set the clock or let a time service do it"
    }
}
