import MQTTLink

/// What a simulated fleet is to do.
struct FleetSettings {
    /// Broker, topics and how delivery goes; the gateway's own defaults, its name is not used.
    var link: LinkConfiguration
    /// How many gateways.
    var gateways = 1
    /// What their names begin with.
    var prefix = "gw-"
    /// The number of the first one.
    var firstNumber = 1
    /// Packs of each, 1…16.
    var packs = 16
    /// Nanoseconds from one record of a gateway to its next.
    var interval: Int64 = 10_000_000_000
    /// Records each gateway makes beside its backlog; nil goes on until told.
    var records: Int64?
    /// Every so many telemetry records an event follows; 0 makes none.
    var eventEvery = 60
    /// Records each gateway has waiting at the start.
    var backlog = 0
    /// Nanoseconds after which a record without the fleet's word is sent again.
    var resend: Int64 = 60_000_000_000
    /// Nanoseconds to wait at the end for the fleet's word on the rest.
    var drain: Int64 = 30_000_000_000
    /// How many gateways may be connecting at a time.
    var connecting = 64
    /// What epochs, boots and values come from.
    var seed: UInt64 = 1
    /// Where gateways find what they shall install; nil when nobody assigns them anything.
    var updates: UpdateSettings?
    /// Where each record is written down; nil nowhere.
    var ledger: String?
    /// Whether the status goes to standard error each second.
    var showsProgress = false
    /// Path of the control socket; nil for none.
    var control: String?

    /// The gateway's own ways of delivering, to a broker at `host:port`.
    init(host: String, port: Int) {
        link = LinkConfiguration(
            host: host, port: port, gateway: "",
            channels: [
                LinkChannel(path: "up/telemetry", schema: "amphora/telemetry/v1"),
                LinkChannel(path: "up/event", schema: "amphora/event/v1"),
            ])
    }

    /// The name of a gateway by its position, of four digits or more.
    func name(_ position: Int) -> String {
        let digits = String(firstNumber + position)
        return prefix + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
