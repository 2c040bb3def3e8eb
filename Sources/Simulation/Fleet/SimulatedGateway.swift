import MQTTLink

/// One gateway of a simulated fleet: what waits in it, and its connection.
final class SimulatedGateway {
    /// Where its connection stands; times are nanoseconds on the monotonic clock.
    enum Phase {
        /// No connection before `until`.
        case away(until: Int64)
        /// In the queue of those that may connect.
        case queued
        case connecting(since: Int64)
        case online
    }

    /// Its place among the gateways, from 0.
    let position: Int
    let identity: FleetIdentity
    /// Topics of records, by kind.
    let topics: [String]
    let acknowledgementTopic: String
    let commandTopic: String
    var book = RecordBook()
    var pace: BacklogPace
    var phase = Phase.queued
    /// A client of the library for one connection, as the gateway has it.
    var client: Mosquitto?
    /// Records the broker has not answered for.
    var inFlight = 0
    /// How many of those it allows.
    var window = 0
    /// Connections that were welcomed.
    var connections = 0
    /// Attempts that failed since the last welcome.
    var failures = 0
    /// Records made beside the backlog.
    var made: Int64 = 0
    /// What it was assigned.
    var update = UpdateLife()
    /// What the kernel watches the connection for.
    var watched: (descriptor: Int32, events: Int16) = (-1, 0)

    /// A gateway that is to connect.
    init(_ identity: FleetIdentity, position: Int, _ link: LinkConfiguration) {
        self.position = position
        self.identity = identity
        var link = link
        link.gateway = identity.name
        topics = link.channels.map { link.topic($0.path) }
        acknowledgementTopic = link.topic("down/ack")
        commandTopic = link.topic("down/command")
        pace = BacklogPace(rate: link.backlogRate, burst: max(16, link.backlogRate / 4))
    }

    /// Whether the broker has welcomed it.
    var isOnline: Bool {
        if case .online = phase { return true }
        return false
    }
}
