/// What became of an attempt to send.
package enum SendVerdict: Hashable, Sendable {
    /// It was taken.
    case sent
    /// It was not taken, and may be later; not before so many seconds when the other side said so.
    case later(String, after: Int64?)
    /// It will never be taken.
    case never(String)
    /// The channel is no more.
    case gone(String)
}
