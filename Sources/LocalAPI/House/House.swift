import Views

/// What a house was like at one moment, as its gateway knows it.
package struct HouseMoment: Sendable {
    /// When it was measured, Unix time in milliseconds by the gateway's own clock; nil before anything was.
    ///
    /// Its age is right even where the clock is not, for it is told from the monotonic one.
    package var made: Int64?
    /// The bank; nil before anything was measured.
    package var bank: BankSample?
    /// Its packs, in order.
    package var packs: [PackSample]

    /// Joins the parts.
    package init(made: Int64?, bank: BankSample?, packs: [PackSample]) {
        self.made = made
        self.bank = bank
        self.packs = packs
    }
}

/// What the server asks the gateway for; each answer is a copy that takes no longer than copying.
package protocol House: Sendable {
    /// The gateway's id.
    var gateway: String { get }
    /// The monotonic clock, ms.
    var uptime: Int64 { get }
    /// Unix time in milliseconds, as this machine believes.
    var wall: Int64 { get }
    /// How things are now; asked once a second, however many look.
    func moment() -> HouseMoment
    /// How lines, bus, link and outbox are doing, as JSON; asked at most once a second.
    func diagnosis() -> [UInt8]
}
