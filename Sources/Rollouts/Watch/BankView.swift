/// What of a measurement of a bank tells whether it works.
package struct BankView: Hashable, Sendable {
    /// Unix time in milliseconds when it was made.
    package var timeMilliseconds: Int64
    /// Packs that answer.
    package var packsOnline: Int
    /// `unseen`, `present` or `silent`: the inverter's own messages.
    package var keepAlive: String
    /// `active`, `warning`, `passive`, `bus_off`, `down` or `removed`.
    package var bus: String
    /// Frames that the bus took since the gateway's program began; nil when it did not say.
    package var framesSent: Int64?
    /// Codes of the protections and faults that are up.
    package var alarms: Set<String>

    /// Joins the parts.
    package init(
        timeMilliseconds: Int64, packsOnline: Int, keepAlive: String, bus: String,
        framesSent: Int64?, alarms: Set<String> = []
    ) {
        self.timeMilliseconds = timeMilliseconds
        self.packsOnline = packsOnline
        self.keepAlive = keepAlive
        self.bus = bus
        self.framesSent = framesSent
        self.alarms = alarms
    }

    /// Whether frames can reach the inverter.
    var isOnBus: Bool { ["active", "warning", "passive"].contains(bus) }
}

/// How a bank was before its gateway was told.
package struct Baseline: Hashable, Sendable {
    /// Packs that answered.
    package var packsOnline: Int
    /// Whether the inverter's own messages came, and whether frames could reach it.
    package var isAnswered: Bool, isOnBus: Bool
    /// Whether frames went out; true where nobody said.
    package var sendsFrames: Bool
    /// Codes of protections and faults that were up, or had been in the days before.
    package var alarms: Set<String>

    /// A bank as it was last seen, and codes that were raised in the days before.
    package init(_ bank: BankView, raised: Set<String>) {
        packsOnline = bank.packsOnline
        isAnswered = bank.keepAlive == "present"
        isOnBus = bank.isOnBus
        sendsFrames = bank.framesSent.map { $0 > 0 } ?? true
        alarms = bank.alarms.union(raised)
    }

    /// Joins the parts.
    package init(
        packsOnline: Int, isAnswered: Bool, isOnBus: Bool, sendsFrames: Bool, alarms: Set<String>
    ) {
        self.packsOnline = packsOnline
        self.isAnswered = isAnswered
        self.isOnBus = isOnBus
        self.sendsFrames = sendsFrames
        self.alarms = alarms
    }

    /// What is asked of a bank that was never seen before: it measures, with one pack at least.
    package static var unknown: Baseline {
        Baseline(
            packsOnline: 1, isAnswered: false, isOnBus: false, sendsFrames: false, alarms: [])
    }
}
