import CutPoints
import Glibc
import GatewaySettings
import Logging
import MQTTLink
import Numbering
import Outbox
import Provisioning
import Quantities
import Telemetry
import Threads

/// What the link needs from the others.
struct LinkSetup: Sendable {
    let configuration: LinkConfiguration
    let outboxPath: String
    let uplink: Latest<UplinkStatus>
    let acknowledged: AcknowledgementBox
    /// Raised when many acknowledgements wait to be freed.
    let recorderWake: WakeSignal
    /// Told when the fleet says that somebody looks.
    let onlookers: Onlookers
    let damage: DamageReport
    let delivery: OutboxSettings.Delivery
    let mailbox: LinkMailbox
    /// Raised when the fleet says that it has another document; nil without a fleet.
    var configurationNews: WakeSignal?
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

    /// Files that cannot be read may come later, as a certificate does with enrolment.
    func run() {
        var told = ""
        while !stop.isRaised {
            do {
                let source = OutboxSource(setup)
                let link = try MQTTLink(
                    setup.configuration, source: source, mailbox: setup.mailbox)
                setup.uplink.update { $0.linkFault = "" }
                told = ""
                link.run(stop: stop.descriptor)
            } catch {
                let reason = error.description
                if reason != told {
                    setup.log.critical("broker link not usable", metadata: ["reason": "\(reason)"])
                }
                told = reason
                setup.uplink.update {
                    $0.linkFault = reason
                }
                var polls = [pollfd(reading: stop.descriptor)]
                Poll.wait(&polls, until: MachineClock.now() + .seconds(5))
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
                let isTaken = body(
                    OutgoingMessage(
                        token: entry.sequence, channel: entry.recordClass == .telemetry ? 0 : 1,
                        payload: entry.payload))
                if isTaken { CutPoint.pass("sent") }
                return isTaken
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

    func waiting() throws(OutboxError) -> ClosedRange<Int64>? { try openReader().waiting() }

    /// The broker has it: where there is no fleet, the row may go with the recorder's next
    /// transaction.
    func acknowledged(_ token: Int64) {
        CutPoint.pass("taken")
        guard setup.delivery == .broker else { return }
        if setup.acknowledged.insert(token) % Self.wakeThreshold == 0 { setup.recorderWake.raise() }
    }

    /// The fleet has stored records (outbox rule 3), or asks for rest.
    func received(_ message: ReceivedMessage) -> [ReceiverWord]? {
        if message.topic.hasSuffix("/down/config") {
            setup.configurationNews?.raise()
            return []
        }
        guard message.topic.hasSuffix("/down/ack") || message.topic.hasSuffix("/down/command")
        else {
            return nil
        }
        do {
            switch try FleetAnswer.read(message.payload) {
            case .holdBacklog(let seconds):
                setup.log.info(
                    "fleet asks the backlog to wait", metadata: ["seconds": "\(seconds)"])
                return [.holdBacklog(seconds: seconds)]
            case .live(let seconds):
                setup.onlookers.stay(seconds: seconds, now: MachineClock.now())
                setup.recorderWake.raise()
                return []
            case .stored(let epoch, let stored, let rejected):
                return settle(epoch, stored, rejected)
            }
        } catch {
            setup.log.warning(
                "message of the fleet not understood",
                metadata: ["topic": "\(message.topic)", "reason": "\(error)"])
            return []
        }
    }

    /// Numbers of another epoch are those of a file that is no more.
    private func settle(
        _ epoch: Int64, _ stored: SequenceRanges, _ rejected: [Rejection]
    ) -> [ReceiverWord] {
        guard setup.delivery == .fleet, let reader = try? openReader(), reader.epoch == epoch else {
            return []
        }
        var settled = stored
        for rejection in rejected { settled.insert(rejection.sequence) }
        // An answer may name any number, the outbox takes only what it holds: one far ahead would free
        // records that are not made yet, one for all numbers would keep it busy for ever.
        guard let waiting = try? reader.waiting() else { return [.settled(settled)] }
        var freed = stored
        freed.clamp(to: waiting)
        let refused = rejected.filter { waiting.contains($0.sequence) }
        for rejection in refused {
            setup.log.error(
                "record rejected by the fleet",
                metadata: ["seq": "\(rejection.sequence)", "reason": "\(rejection.reason)"])
        }
        CutPoint.pass("settled")
        setup.acknowledged.reject(refused)
        let count = setup.acknowledged.insert(freed)
        if count >= Self.wakeThreshold || !refused.isEmpty { setup.recorderWake.raise() }
        setup.uplink.update { $0.stored += freed.count }
        return [.settled(settled)]
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
    ///
    /// With a fleet the gateway's own certificate is shown, unless the file names another; it is looked
    /// for anew with each connection.
    init(
        _ settings: MQTTSettings, delivery: OutboxSettings.Delivery, gateway: String,
        identity: GatewayIdentity? = nil
    ) {
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
        backlogRate = settings.backlogRate
        backlogJitterSeconds = settings.backlogJitterSeconds
        awaitsReceiver = delivery == .fleet
        subscriptions = delivery == .fleet ? ["down/#"] : identity == nil ? [] : ["down/config"]
        reconnectMaximumMilliseconds = Int64(settings.reconnectMaximumSeconds) * 1000
        username = settings.username
        password =
            settings.password.revealed.isEmpty ? nil : LinkPassword(settings.password.revealed)
        if let authorityFile = settings.authorityFile {
            tls = LinkCertificates(
                authorityFile: authorityFile, certificateFile: settings.certificateFile,
                keyFile: settings.keyFile)
        }
        guard let identity, settings.certificateFile == nil else { return }
        let authorityFile = settings.authorityFile
        findCertificates = { () throws(LinkError) in
            do throws(ProvisioningError) {
                let pair = try identity.pair()
                return LinkCertificates(
                    authorityFile: authorityFile ?? pair.authoritiesPath,
                    certificateFile: pair.certificatePath, keyFile: pair.key.location)
            } catch {
                throw LinkError(error.description)
            }
        }
    }
}

extension UplinkStatus {
    /// Takes the link's own account over.
    mutating func apply(_ link: LinkStatus) {
        linkState = link.state == .online ? "connected" : link.state.rawValue
        linkProblem = link.state == .online ? "" : link.lastTrouble ?? ""
        if !linkFault.isEmpty { (linkState, linkProblem) = ("unusable", linkFault) }
        reconnects = UInt64(max(0, link.connections - 1))
        inFlight = link.inFlight
        acknowledged = Int64(clamping: link.acknowledged)
        backlog = link.backlog
        unconfirmed = link.unconfirmed
    }
}
