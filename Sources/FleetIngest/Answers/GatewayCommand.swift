import Telemetry

/// Something the fleet asks of a gateway.
package enum GatewayCommand: Hashable, Sendable {
    /// Send no backlog for so many seconds, 1 to 3600; live records go on.
    case holdBacklog(seconds: Int)
    /// Somebody looks at the gateway for so many seconds, 1 to 3600: make records more often meanwhile.
    case live(seconds: Int)

    /// The schema's name inside the document.
    package static var schema: StaticString { "amphora/command/v1" }

    /// Seconds after which the command means nothing to a gateway that was away.
    var expirySeconds: UInt32 {
        switch self {
        case .holdBacklog(let seconds), .live(let seconds): UInt32(clamping: seconds)
        }
    }

    /// The command as JSON.
    package func document() -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            writer.name("schema")
            writer.string("\(Self.schema)")
            let (command, seconds): (StaticString, Int) =
                switch self {
                case .holdBacklog(let seconds): ("hold_backlog", seconds)
                case .live(let seconds): ("live", seconds)
                }
            writer.name("command")
            writer.string("\(command)")
            writer.name("seconds")
            writer.integer(min(3600, max(1, seconds)))
        }
        return writer.bytes
    }
}
