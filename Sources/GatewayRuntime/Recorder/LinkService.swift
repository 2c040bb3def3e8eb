import Logging
import MQTTLink
import Outbox
import Quantities
import Telemetry

/// What the link needs from the others.
struct LinkSetup: Sendable {
    let configuration: LinkConfiguration
    let outboxPath: String
    let uplink: Latest<UplinkStatus>
    let acknowledged: AcknowledgementBox
    /// Raised when many acknowledgements wait to be freed.
    let recorderWake: WakeSignal
    let damage: DamageReport
    let mailbox: LinkMailbox
    let log: Logger
}

/// Publishes what the outbox holds, on a thread that may wait for the network.
final class LinkService: ThreadedService {
    let name = "link"
    let stop: StopSignal
    private let setup: LinkSetup

    init(setup: LinkSetup) throws(ThreadError) {
        self.setup = setup
        stop = try StopSignal()
    }

    func run() {
        do {
            let source = OutboxSource(setup)
            let link = try MQTTLink(setup.configuration, source: source, mailbox: setup.mailbox)
            link.run(stop: stop.descriptor)
        } catch {
            setup.log.critical("broker link not usable", metadata: ["reason": "\(error)"])
            let reason = error.description
            setup.uplink.update {
                $0.linkState = "unusable"
                $0.linkProblem = reason
            }
        }
    }
}

/// Lends the outbox's records to the link and collects what the broker has acknowledged.
///
/// Used by the link's thread. The outbox may not exist yet when the link starts, and may be replaced
/// while it runs; the reader is opened anew then.
final class OutboxSource: PublishSource {
    private static var wakeThreshold: Int64 { 500 }

    private let setup: LinkSetup
    private var reader: OutboxReader?

    init(_ setup: LinkSetup) { self.setup = setup }

    func read(
        after token: Int64, limit: Int, _ body: (OutgoingMessage) -> Bool
    ) throws(OutboxError) {
        let reader = try openReader()
        do {
            _ = try reader.read(after: token, limit: limit, maximumBytes: 1 << 20) { entry in
                body(
                    OutgoingMessage(
                        token: entry.sequence, channel: entry.recordClass == .event ? 1 : 0,
                        payload: entry.payload))
            }
        } catch {
            self.reader = nil
            if case .damaged = error {
                setup.damage.raise()
                setup.recorderWake.raise()
            }
            throw error
        }
    }

    func newest() throws(OutboxError) -> Int64 { try openReader().newest() }

    /// The broker has it: the row may go with the recorder's next transaction.
    func acknowledged(_ token: Int64) {
        if setup.acknowledged.insert(token) % Self.wakeThreshold == 0 { setup.recorderWake.raise() }
    }

    private func openReader() throws(OutboxError) -> OutboxReader {
        if let reader { return reader }
        let opened = try OutboxReader(path: setup.outboxPath)
        reader = opened
        return opened
    }
}

extension LinkConfiguration {
    /// Takes the configuration file's settings over.
    init(_ settings: MQTTSettings, gateway: String) {
        self.init(
            host: settings.host, port: settings.port, gateway: gateway,
            channels: [
                LinkChannel(path: "up/telemetry", schema: "amphora/telemetry/v1"),
                LinkChannel(path: "up/event", schema: "amphora/event/v1"),
            ])
        root = settings.root
        version = settings.version == .v5 ? .v5 : .v311
        qos = Int32(settings.qos)
        window = settings.window
        keepAliveSeconds = settings.keepAliveSeconds
        reconnectMaximumMilliseconds = Int64(settings.reconnectMaximumSeconds) * 1000
        username = settings.username
        password =
            settings.password.revealed.isEmpty ? nil : LinkPassword(settings.password.revealed)
        tls = settings.authorityFile.map {
            LinkCertificates(
                authorityFile: $0, certificateFile: settings.certificateFile,
                keyFile: settings.keyFile)
        }
    }
}

extension UplinkStatus {
    /// Takes the link's own account over.
    mutating func apply(_ link: LinkStatus) {
        linkState = link.state == .online ? "connected" : link.state.rawValue
        linkProblem = link.state == .online ? "" : link.lastTrouble ?? ""
        reconnects = UInt64(max(0, link.connections - 1))
        inFlight = link.inFlight
        acknowledged = Int64(clamping: link.acknowledged)
    }
}
