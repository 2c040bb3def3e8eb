import NIOCore
import Telemetry

/// Tells one client how things go, by server-sent events.
///
/// What it gets is the newest state and never a list of what it missed, so a client that comes back needs no
/// memory of ours, and one that is slow is left out until it has read; after ten seconds it is cut.
final class EventStream {
    private static let patience: Int64 = 10_000
    private static let heartbeat: Int64 = 15_000

    let connection: LocalConnection
    private let token: String
    private var made: Int64?
    private var alarms: UInt64?
    private var toldAt: Int64 = 0
    private var stuckSince: Int64?
    private var number: UInt64 = 0

    init(_ connection: LocalConnection, token: String) {
        self.connection = connection
        self.token = token
    }

    /// Sends what is new; ends when the session has.
    func tell(_ core: LocalCore) {
        let now = core.house.uptime
        guard core.isSignedIn(token) else {
            send("session_ended", Array("{}".utf8))
            connection.finish()
            return
        }
        guard connection.isWritable else {
            let since = stuckSince ?? now
            stuckSince = since
            if now - since >= Self.patience { connection.close() }
            return
        }
        stuckSince = nil
        if core.moment.made != made || made == nil, number == 0 || core.moment.made != nil {
            made = core.moment.made
            toldAt = now
            send("live", LocalRoutes.liveDocument(core))
        }
        let version = core.alarms.version
        if version != alarms {
            alarms = version
            toldAt = now
            send("alarms", Self.alarms(core))
        }
        if now - toldAt >= Self.heartbeat {
            toldAt = now
            connection.send(ByteBuffer(string: ":\n\n"))
        }
    }

    private static func alarms(_ core: LocalCore) -> [UInt8] {
        let tally = core.alarms.tally
        var writer = JSONWriter(capacity: 64)
        writer.object { writer in
            writer.member("open", tally.open)
            // nobody acknowledges at a gateway
            writer.member("unacknowledged", tally.open)
            writer.member("worst_level", tally.worst)
        }
        return writer.bytes
    }

    private func send(_ name: String, _ document: [UInt8]) {
        number += 1
        var buffer = ByteBuffer(string: "event: \(name)\nid: \(number)\ndata: ")
        buffer.writeBytes(document)
        buffer.writeString("\n\n")
        connection.send(buffer)
    }
}
