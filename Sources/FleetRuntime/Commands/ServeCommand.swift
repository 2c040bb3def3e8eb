import ArgumentParser
import FleetAPI
import FleetStore
import Glibc
import Logging
import Logs

/// `serve`.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract:
            "Serve HTTP until SIGTERM or Ctrl-C: GET /health tells whether the store is there.")

    @OptionGroup var store: StoreOptions

    @Option(help: ArgumentHelp("Where to listen.", valueName: "host:port"))
    var listen = "127.0.0.1:8080"

    func run() throws {
        guard let endpoint = IngestPlan.endpoint(listen) else {
            Output.note("amphora-fleet: '--listen' is '\(listen)', expected 'host:port'")
            throw ExitCode(ExitStatus.configuration)
        }
        LoggingSystem.bootstrap { _ in LineLogHandler() }
        let log = Logger(label: "amphora")
        do {
            let signals = try ProcessSignals()
            let probe = try StoreProbe(store.store)
            let server = try HealthServer(
                host: endpoint.host, port: endpoint.port, log: log, report: probe.report)
            log.info(
                "serving",
                metadata: ["http.address": "\(listen)", "version": "\(Version.number)"])
            while signals.next() == .report { Output.result(probe.report().document) }
            server.stop()
            probe.stop()
            log.info("stopped serving")
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }
}
