import Bank
import CANProfile
import CANTransport
import CLinux
import GatewaySettings
import Glibc
import LocalAPI
import Logging
import Logs
import MQTTLink
import Outbox
import Quantities
import Telemetry
import ProfileSet

/// The composition root: makes every part from the configuration and runs them on their threads.
///
/// | Thread | Owns | May wait for |
/// | --- | --- | --- |
/// | main | signals, status socket, CAN log | people |
/// | line, one each | serial device or connection | packs |
/// | bridge | CAN bus, limits | nobody |
/// | recorder | outbox, record file | the disk |
/// | link | broker connection | the network |
/// | configuration | the fleet's documents | the fleet, the disk |
/// | identity | key and certificate | the fleet, the disk |
/// | local, local-password | the local app, behind all others | its clients |
/// | update | assigned profile sets | their source, the disk, their proof |
///
/// What a document of the fleet changes is in <doc:RemoteConfiguration>.
final class Gateway {
    private(set) var plan: GatewayPlan
    let log: Logger
    let snapshots: Latest<BridgeSnapshot>
    let uplink = Latest(UplinkStatus())
    let reports = ReportBox()
    let recorderWake: WakeSignal
    private let onlookers = Onlookers()
    let mailbox: LinkMailbox?
    private let tuning: Latest<RecorderTuning>
    private let acknowledged = AcknowledgementBox()
    private let damage = DamageReport()
    let canLog: CandumpLog?
    private let startedAt = MachineClock.now()
    private var board: PackBoard
    private var lineStatuses: [Latest<LineStatus>] = []
    private var recorder: Worker?
    private var link: Worker?
    private var bridge: (service: BridgeService, worker: Worker)?
    private var lines: [Worker?] = []
    private let remote: RemoteControl?
    private let beginning: RemoteBeginning?
    private var remoteWorker: Worker?
    private var identity: (service: IdentityService, worker: Worker)?
    private let identityState = Latest(IdentityState())
    private let updates: UpdateControl?
    private let updateReports = UpdateReportBox()
    private let updateState = Latest(UpdateState())
    private let trials: TrialGate
    private let running: Latest<GatewayPlan>
    private let lineBoard = Latest<[Latest<LineStatus>]>([])
    private var updater: Worker?
    private let alarms: AlarmBoard?
    private var local: Worker?

    /// Makes what every part shares; `remote` is nil without a fleet.
    init(
        _ plan: GatewayPlan, remote: RemoteControl? = nil, beginning: RemoteBeginning? = nil,
        updates: UpdateControl? = nil, log: Logger
    ) throws {
        self.plan = plan
        self.updates = updates
        running = Latest(plan)
        trials = try TrialGate()
        // a start in the middle of a trial goes on with it
        if updates?.start.record.phase.isTrial == true { _ = trials.take(.set) }
        if beginning?.isTrial == true { _ = trials.take(.configuration) }
        if let updates { updateState.set(UpdateState(updates)) }
        self.remote = remote
        self.beginning = beginning
        self.log = log
        alarms = plan.configuration.local.map { _ in AlarmBoard() }
        clinux_limit_arenas(2)
        board = try PackBoard(count: plan.packCount)
        snapshots = Latest(BridgeSnapshot(count: plan.packCount))
        canLog = plan.configuration.inverter.log == nil ? nil : CandumpLog()
        recorderWake = try WakeSignal()
        tuning = Latest(RecorderTuning(plan.configuration))
        // with a fleet a broker may come later
        let mayPublish = plan.configuration.mqtt != nil || remote != nil
        mailbox = mayPublish ? try LinkMailbox() : nil
    }

    private var recorderSetup: RecorderSetup {
        let configuration = plan.configuration
        return RecorderSetup(
            gateway: configuration.gateway, profile: plan.profile.id, tuning: tuning,
            reports: reports, updates: updateReports, updateState: updates.map { _ in updateState },
            identity: remote.map { _ in identityState },
            outboxPath: configuration.outbox.path,
            outboxBudget: Int64(configuration.outbox.sizeMegabytes) << 20,
            filePath: configuration.telemetry.file,
            fileBytes: configuration.telemetry.fileSizeMegabytes << 20,
            fileCount: configuration.telemetry.fileCount, snapshots: snapshots, uplink: uplink,
            acknowledged: acknowledged, onlookers: onlookers, damage: damage, alarms: alarms,
            mailbox: mailbox, log: log)
    }

    private func startLink() throws {
        guard let mailbox, let settings = plan.configuration.mqtt else { return }
        let configuration = plan.configuration
        let setup = LinkSetup(
            configuration: LinkConfiguration(
                settings, delivery: configuration.outbox.delivery, gateway: configuration.gateway,
                identity: remote?.identity),
            outboxPath: configuration.outbox.path, uplink: uplink, acknowledged: acknowledged,
            recorderWake: recorderWake, onlookers: onlookers, damage: damage,
            delivery: configuration.outbox.delivery,
            mailbox: mailbox, configurationNews: remote?.news, log: log)
        link = try Worker(try LinkService(setup: setup))
    }

    private func startBridge() throws {
        let service = try makeBridge()
        bridge = (service, try Worker(service, realTimePriority: 10))
    }

    private func makeBridge() throws -> BridgeService {
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

    private func startLine(_ index: Int) throws {
        let setup = plan.lines[index]
        let status = Latest(LineStatus(setup))
        lineStatuses[index] = status
        lines[index] = try Worker(
            try LineService(setup: setup, board: board, status: status, log: log),
            realTimePriority: 5)
    }

    private func startLines(_ indices: some Sequence<Int>) throws {
        lines += Array(repeating: nil, count: max(0, plan.lines.count - lines.count))
        for setup in plan.lines.dropFirst(lineStatuses.count) {
            lineStatuses.append(Latest(LineStatus(setup)))
        }
        for index in indices { try startLine(index) }
        lineBoard.set(lineStatuses)
    }

    private func stopLines(_ indices: some Sequence<Int>) {
        for index in indices where index < lines.count {
            lines[index]?.stopAndJoin()
            lines[index] = nil
        }
    }

    private func startRemote() throws {
        guard let remote, let beginning else { return }
        let setup = ConfigurationSetup(
            control: remote, trials: trials, beginning: beginning, plan: plan,
            snapshots: snapshots,
            mailbox: mailbox, reports: reports, recorderWake: recorderWake, log: log)
        remoteWorker = try Worker(try ConfigurationService(setup))
    }

    private func startIdentity() throws {
        guard let remote else { return }
        let service = try IdentityService(
            IdentitySetup(
                identity: remote.identity, state: identityState, mailbox: mailbox,
                recorderWake: recorderWake, news: remote.news, log: log))
        identity = (service, try Worker(service))
    }

    private func startUpdater() throws {
        guard let updates else { return }
        let setup = UpdateSetup(
            control: updates, snapshots: snapshots, lines: lineBoard, plan: running,
            reports: updateReports, recorderWake: recorderWake, trials: trials,
            remote: remote, state: updateState)
        updater = try Worker(try UpdateService(setup, log: log))
    }

    private func startLocal() throws {
        guard let settings = plan.configuration.local, let alarms else { return }
        let house = LocalHouse(
            gateway: plan.configuration.gateway, startedAt: startedAt, snapshots: snapshots,
            lines: lineBoard, uplink: uplink, mailbox: mailbox,
            identity: remote.map { _ in identityState }, update: updates.map { _ in updateState },
            plan: running)
        local = try Worker(
            try LocalService(settings: settings, house: house, alarms: alarms, log: log))
    }

    /// Starts every part.
    func start() throws {
        recorder = try Worker(try RecorderService(setup: recorderSetup, wake: recorderWake))
        try startLink()
        try startBridge()
        try startLines(plan.lines.indices)
        try startRemote()
        try startIdentity()
        try startUpdater()
        try startLocal()
        log.info(
            "gateway started",
            metadata: [
                "version": "\(Version.number)", "packs": "\(plan.packCount)",
                "profile_set": "\(plan.profileSet)",
            ])
    }

    /// Stops every part: lines and bridge first, then the recorder stores its last record, then the link.
    func stop() {
        local?.stopAndJoin()
        remote?.cancel()
        updates?.source.cancel()
        updater?.stopAndJoin()
        identity?.service.cancel()
        identity?.worker.stopAndJoin()
        remoteWorker?.stopAndJoin()
        stopLines(lines.indices)
        bridge?.worker.stopAndJoin()
        recorder?.stopAndJoin()
        link?.stopAndJoin()
        drainCANLog(canFile())
    }

    /// Goes over to another plan, stopping no more than what changes.
    func apply(_ new: GatewayPlan) throws {
        let change = PlanChange(from: plan, to: new)
        if change.hasFarewell { bridge?.service.leave(plan.profile) }
        stopLines(change.lines)
        if change.hasBridge { bridge?.worker.stopAndJoin() }
        if change.hasLink {
            link?.stopAndJoin()
            link = nil
        }
        plan = new
        running.set(new)
        tuning.set(RecorderTuning(new.configuration))
        recorderWake.raise()
        LineLogHandler.least =
            Logger.Level(rawValue: new.configuration.logLevel.rawValue) ?? .info
        if change.hasLayout {
            board = try PackBoard(count: new.packCount)
            snapshots.set(BridgeSnapshot(count: new.packCount))
            lines = []
            lineStatuses = []
        }
        if change.hasBridge {
            try startBridge()
        } else {
            if change.hasProfile { bridge?.service.replace(profile: new.profile) }
            if change.hasForeign { bridge?.service.replace(foreign: new.foreign) }
            if change.hasBank { bridge?.service.replace(bank: new.bank) }
        }
        try startLines(change.hasLayout ? Array(new.lines.indices) : change.lines)
        if change.hasLink { try startLink() }
        if let rate = change.backlogRate { mailbox?.setBacklogRate(rate) }
        log.info("configuration applied", metadata: ["parts": "\(change)"])
    }

    /// Runs until SIGTERM or SIGINT, then stops every part in turn.
    func run() throws {
        let signals = try StopSignals()
        let server = try statusServer()
        try start()
        serve(server, until: signals)
        log.info("gateway stopping")
        stop()
    }

    private func statusServer() throws -> StatusServer? {
        let path = plan.configuration.statusSocket
        if path.isEmpty { return nil }
        if let cut = path.lastIndex(of: "/") { mkdir(String(path[..<cut]), 0o755) }
        return try StatusServer(path: path)
    }

    /// The main thread's work: status once a second for whoever watches, and the CAN log.
    private func serve(_ server: StatusServer?, until signals: StopSignals) {
        var document = StatusDocument(
            gateway: plan.configuration.gateway, startedAt: startedAt, profile: plan.profile.id)
        var writer = JSONWriter(capacity: 32_768)
        var nextAt = MachineClock.now()
        let file = canFile()
        while !signals.wasAsked {
            var polls = [
                pollfd(reading: signals.descriptor),
                pollfd(reading: remote?.handover.descriptor ?? -1),
                pollfd(reading: updates?.handover.descriptor ?? -1),
            ]
            server?.addDescriptors(to: &polls)
            let isBusy = server?.hasClients == true || canLog != nil
            Poll.wait(&polls, until: isBusy ? nextAt : Instant(nanoseconds: .max))
            if polls[1].isReady {
                takeHandover()
                document.profile = plan.profile.id
            }
            if polls[2].isReady {
                takeSet()
                document.profile = plan.profile.id
            }
            if polls.dropFirst(3).contains(where: \.isReady) {
                server?.handleReady { self.status(document, &writer) }
            }
            let now = MachineClock.now()
            guard now >= nextAt else { continue }
            nextAt = now + .seconds(1)
            if server?.hasClients == true { server?.publish(status(document, &writer)) }
            drainCANLog(file)
        }
    }

    /// Applies what the configuration's thread has made ready.
    func takeHandover() {
        guard let remote, let offered = remote.handover.take() else { return }
        var trouble: String?
        do {
            // made before the gateway went over to another set
            let isOld = updates.map { $0.choice.folder != offered.configuration.profilesPath }
            try apply(
                isOld == true
                    ? try offered.using(profiles: updates?.choice.folder ?? "") : offered)
        } catch {
            trouble = "\(error)"
            log.critical("configuration not applied", metadata: ["reason": "\(error)"])
        }
        remote.handover.finish(trouble: trouble)
    }

    /// Goes over to the set that the agent asks for: what of it is used here and differs begins anew.
    private func takeSet() {
        guard let updates, let wish = updates.handover.take() else { return }
        do {
            let next = try plan.using(profiles: wish ?? updates.choice.installed)
            updates.choice.path = wish
            try apply(next)
            log.info("profile set in use", metadata: ["set": "\(next.profileSet)"])
            updates.handover.finish(trouble: nil)
        } catch {
            log.error("profile set not used", metadata: ["reason": "\(error)"])
            updates.handover.finish(trouble: "\(error)")
        }
    }

    private func status(_ document: StatusDocument, _ writer: inout JSONWriter) -> [UInt8] {
        if let link = mailbox?.status { uplink.update { $0.apply(link) } }
        writer.removeAll()
        var update = updates.map { _ in updateState.get() }
        update?.running = plan.profileSet
        document.write(
            snapshots.get(), lineStatuses.map { $0.get() }, uplink.get(),
            identity: remote.map { _ in identityState.get() }, update: update,
            now: MachineClock.now(), to: &writer)
        return writer.bytes
    }
}
