import Bank
import CANProfile
import CANTransport
import CLinux
import Glibc
import Logging
import MQTTLink
import Outbox
import Quantities
import Telemetry

/// The composition root: makes every part from the configuration and runs them on their threads.
///
/// | Thread | Owns | May wait for |
/// | --- | --- | --- |
/// | main | signals, status socket, CAN log | people |
/// | line, one each | serial device or connection | packs |
/// | bridge | CAN bus, limits | nobody |
/// | recorder | outbox, record file | the disk |
/// | link | broker connection | the network |
final class Gateway {
    private let plan: GatewayPlan
    private let log: Logger
    private let board: PackBoard
    private let snapshots: Latest<BridgeSnapshot>
    private let lineStatuses: [Latest<LineStatus>]
    private let uplink = Latest(UplinkStatus())
    private let canLog: CandumpLog?
    private let startedAt = MachineClock.now()
    private var mailbox: LinkMailbox?
    private var services: [any ThreadedService] = []
    private var workers: [Worker] = []

    init(_ plan: GatewayPlan, log: Logger) throws {
        self.plan = plan
        self.log = log
        clinux_limit_arenas(2)
        board = try PackBoard(count: plan.packCount)
        snapshots = Latest(BridgeSnapshot(count: plan.packCount))
        canLog = plan.configuration.inverter.log == nil ? nil : CandumpLog()
        lineStatuses = plan.lines.map { Latest(LineStatus($0)) }
        let recorderWake = try WakeSignal()
        let acknowledged = AcknowledgementBox()
        let damage = DamageReport()
        if plan.configuration.mqtt != nil { mailbox = try LinkMailbox() }
        services.append(
            try RecorderService(setup: recorderSetup(acknowledged, damage), wake: recorderWake))
        if let mailbox, let settings = plan.configuration.mqtt {
            let setup = LinkSetup(
                configuration: LinkConfiguration(
                    settings, delivery: plan.configuration.outbox.delivery,
                    gateway: plan.configuration.gateway),
                outboxPath: plan.configuration.outbox.path, uplink: uplink,
                acknowledged: acknowledged, recorderWake: recorderWake, damage: damage,
                delivery: plan.configuration.outbox.delivery, mailbox: mailbox, log: log)
            services.append(try LinkService(setup: setup))
        }
        services.append(try bridge(recorderWake: recorderWake))
        for (setup, status) in zip(plan.lines, lineStatuses) {
            services.append(try LineService(setup: setup, board: board, status: status, log: log))
        }
    }

    private func recorderSetup(
        _ acknowledged: AcknowledgementBox, _ damage: DamageReport
    ) -> RecorderSetup {
        let mailbox = mailbox
        let configuration = plan.configuration
        return RecorderSetup(
            gateway: configuration.gateway, profile: plan.profile.id,
            interval: .seconds(Int64(configuration.telemetry.intervalSeconds)),
            outboxPath: configuration.outbox.path,
            outboxBudget: Int64(configuration.outbox.sizeMegabytes) << 20,
            commitWindow: .milliseconds(Int64(configuration.outbox.commitWindowMilliseconds)),
            filePath: configuration.telemetry.file,
            fileBytes: configuration.telemetry.fileSizeMegabytes << 20,
            fileCount: configuration.telemetry.fileCount, snapshots: snapshots, uplink: uplink,
            acknowledged: acknowledged, damage: damage, mailbox: mailbox,
            stateInterval: .seconds(Int64(configuration.mqtt?.stateIntervalSeconds ?? 10)),
            log: log)
    }

    private func bridge(recorderWake: WakeSignal) throws -> BridgeService {
        let settings = plan.configuration.inverter
        let profile = plan.profile
        let controller = BankController(configuration: plan.bank)
        let keepAlive = plan.keepAliveAction
        let packCount = plan.packCount
        let (canLog, log) = (canLog, log)
        let (foreign, gateway) = (plan.foreign, plan.configuration.gateway)
        return try BridgeService(board: board, snapshots: snapshots, recorderWake: recorderWake) {
            do {
                let bus: any Bus =
                    switch settings.transport {
                    case .socketCAN: try SocketCANBus(interface: settings.interface)
                    case .slcan:
                        try SLCANBus(
                            device: settings.device ?? "", baud: settings.deviceBaud,
                            bitRate: profile.bitRate)
                    }
                return BridgeCore(
                    bus: bus, profile: profile, keepAlive: keepAlive,
                    sendOnChange: settings.sendOnChange, controller: controller,
                    packCount: packCount, log: canLog, foreign: foreign, gateway: gateway)
            } catch {
                log.critical("CAN bus not usable", metadata: ["reason": "\(error)"])
                return nil
            }
        }
    }

    /// Runs until SIGTERM or SIGINT, then stops every part in turn.
    func run() throws {
        let signals = try StopSignals()
        let server = try statusServer()
        for service in services {
            let priority: Int32 = service is BridgeService ? 10 : service is LineService ? 5 : 0
            workers.append(try Worker(service, realTimePriority: priority))
        }
        log.info(
            "gateway started",
            metadata: [
                "version": "\(Version.number)", "packs": "\(plan.packCount)",
                "profile_set": "\(plan.profileSet)",
            ])
        serve(server, until: signals)
        log.info("gateway stopping")
        // Lines and bridge first, then the recorder stores its last record, then the link.
        for worker in workers.reversed() { worker.stopAndJoin() }
        drainCANLog(canFile())
    }

    private func statusServer() throws -> StatusServer? {
        let path = plan.configuration.statusSocket
        if path.isEmpty { return nil }
        if let cut = path.lastIndex(of: "/") { mkdir(String(path[..<cut]), 0o755) }
        return try StatusServer(path: path)
    }

    /// The main thread's work: status once a second for whoever watches, and the CAN log.
    private func serve(_ server: StatusServer?, until signals: StopSignals) {
        let document = StatusDocument(
            gateway: plan.configuration.gateway, startedAt: startedAt, profile: plan.profile.id)
        var writer = JSONWriter(capacity: 32_768)
        var nextAt = MachineClock.now()
        let file = canFile()
        while !signals.wasAsked {
            var polls = [pollfd(reading: signals.descriptor)]
            server?.addDescriptors(to: &polls)
            let isBusy = server?.hasClients == true || canLog != nil
            Poll.wait(&polls, until: isBusy ? nextAt : Instant(nanoseconds: .max))
            if polls.dropFirst().contains(where: \.isReady) {
                server?.handleReady { self.status(document, &writer) }
            }
            let now = MachineClock.now()
            guard now >= nextAt else { continue }
            nextAt = now + .seconds(1)
            if server?.hasClients == true { server?.publish(status(document, &writer)) }
            drainCANLog(file)
        }
    }

    private func status(_ document: StatusDocument, _ writer: inout JSONWriter) -> [UInt8] {
        if let link = mailbox?.status { uplink.update { $0.apply(link) } }
        writer.removeAll()
        document.write(
            snapshots.get(), lineStatuses.map { $0.get() }, uplink.get(), now: MachineClock.now(),
            to: &writer)
        return writer.bytes
    }

    private func canFile() -> CandumpFile? {
        let settings = plan.configuration.inverter
        guard let path = settings.log else { return nil }
        let name = settings.transport == .socketCAN ? settings.interface : "slcan0"
        return CandumpFile(
            path: path, interface: name, maximumBytes: settings.logSizeMegabytes << 20)
    }

    private func drainCANLog(_ file: CandumpFile?) {
        guard let file, let canLog else { return }
        do {
            _ = try canLog.drain(to: file)
        } catch {
            log.warning("CAN log not written", metadata: ["reason": "\(error)"])
        }
    }
}

extension LineStatus {
    /// A line that was not opened yet.
    init(_ setup: LineSetup) {
        self.init(
            name: setup.name, endpoint: setup.endpointName, map: setup.map.id,
            units: setup.units.enumerated().map {
                Unit(unit: $1.rawValue, position: setup.firstPosition + $0)
            })
    }
}
