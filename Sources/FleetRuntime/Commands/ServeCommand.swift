import ArgumentParser
import FleetAPI
import FleetStore
import Glibc
import Logging
import Logs
import Rollouts
import ProfileSet

/// `serve`.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve gateways and whoever looks after them until SIGTERM or Ctrl-C.",
        discussion: """
            Over HTTP, GET /health tells whether the store is there. With --tls, gateways get and renew \
            their certificates by EST (RFC 7030) over TLS, from the authority that --ca names, and fetch what \
            they shall run on. Rollouts go forward, and what each gateway shall install is signed and shown in \
            the repository; with --assignments it lies in that folder instead, one file a gateway. Alarms are made \
            of what gateways report, and raised for those of which nothing is heard; \
            'hooks' says which programs are told, 'users notify' how people are, \
            by mail with --mail-server and in their browsers with --push-key. With --api, users ('users add') look \
            at their gateways with tokens ('users token'); without a certificate that is plain HTTP and for this \
            machine only, for instance for a proxy on it that speaks TLS.
            """)

    @OptionGroup var store: StoreOptions

    @Option(help: ArgumentHelp("Where to listen.", valueName: "host:port"))
    var listen = "127.0.0.1:8080"

    @Option(
        help: ArgumentHelp(
            "Where gateways enrol and fetch their configuration, over TLS.", valueName: "host:port")
    )
    var tls: String?

    @Option(
        help: ArgumentHelp(
            "Write what gateways shall install here, unsigned, not into the repository.",
            valueName: "folder"),
        completion: .directory)
    var assignments: String?

    @Option(
        help: ArgumentHelp(
            "Seconds from one look at rollouts to the next, 1 to 3600.", valueName: "seconds"))
    var rolloutS = 5

    @Option(
        help: ArgumentHelp(
            "Raise an alarm when nothing a gateway measured for so long has come, 1 to 10080.",
            valueName: "minutes"))
    var silentMin = 15

    @OptionGroup var api: UserServerOptions
    @OptionGroup var notify: NotifyOptions
    @OptionGroup var authority: AuthorityOptions
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var profiles: RepositoryOptions

    func run() throws {
        guard let endpoint = IngestPlan.endpoint(listen) else {
            Output.note("amphora-fleet: '--listen' is '\(listen)', expected 'host:port'")
            throw ExitCode(ExitStatus.configuration)
        }
        let gateways = tls.flatMap(IngestPlan.endpoint)
        if let tls, gateways == nil {
            Output.note("amphora-fleet: '--tls' is '\(tls)', expected 'host:port'")
            throw ExitCode(ExitStatus.configuration)
        }
        let users = try api.checked()
        let ways = try notify.ways()
        guard (1...3600).contains(rolloutS) else {
            Output.note("amphora-fleet: '--rollout-s' is \(rolloutS), allowed 1…3600")
            throw ExitCode(ExitStatus.configuration)
        }
        guard (1...10_080).contains(silentMin) else {
            Output.note("amphora-fleet: '--silent-min' is \(silentMin), allowed 1…10080")
            throw ExitCode(ExitStatus.configuration)
        }
        LoggingSystem.bootstrap { _ in LineLogHandler() }
        let log = Logger(label: "amphora")
        do {
            let signals = try ProcessSignals()
            let probe = try StoreProbe(store.store)
            let server = try HealthServer(
                host: endpoint.host, port: endpoint.port, log: log, report: probe.report)
            let enrolment = try gateways.map {
                try openGatewayServer(
                    $0, store: store.store, authority: authority.folder(),
                    passphrase: passphrase.passphrase(), profiles: profiles.repository, log: log)
            }
            let keeper = try gateways.map { _ in
                try RepositoryKeeper(profiles.repository, log: log)
            }
            // without gateways that could fetch them there is nowhere to put assignments
            let rollouts =
                tls == nil && assignments == nil
                ? nil
                : try RolloutService(
                    store: store.store, everySeconds: rolloutS, log: log, sink: sink)
            let alarms = try AlarmService(
                store: store.store, silentMinutes: Int64(silentMin), log: log)
            let hooks = try HookService(store: store.store, log: log)
            let notified = try NotifyService(store: store.store, ways: ways, log: log)
            let views = try users.map {
                try $0.open(
                    store: store.store, repository: profiles.repository, log: log,
                    ways: ways)
            }
            log.info(
                "serving",
                metadata: [
                    "http.address": "\(listen)", "tls.address": "\(tls ?? "none")",
                    "api.address": "\(users?.address ?? "none")",
                    "version": "\(Version.number)",
                ])
            while signals.next() == .report { Output.result(probe.report().document) }
            hooks.stop()
            notified.stop()
            views?.stop()
            alarms.stop()
            rollouts?.stop()
            enrolment?.stop()
            keeper?.stop()
            server.stop()
            probe.stop()
            log.info("stopped serving")
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }

    /// Where assignments go.
    private func sink() throws -> any AssignmentSink {
        if let assignments { return try AssignmentFolder(assignments) }
        return AssignmentPublisher(profiles.repository)
    }
}
