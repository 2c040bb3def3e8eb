import ArgumentParser
import FleetAPI
import FleetStore
import Logging

/// Where users are served.
struct UserServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where users and their programs ask, over plain HTTP on this machine, or with "
                + "'--api-cert' over TLS.", valueName: "host:port"))
    var api: String?

    @Option(
        help: ArgumentHelp(
            "PEM file with the certificate for '--api' and those above it.", valueName: "file"),
        completion: .file())
    var apiCert: String?

    @Option(
        help: ArgumentHelp("PEM file with the key of '--api-cert'.", valueName: "file"),
        completion: .file())
    var apiKey: String?

    /// Options that fit together.
    struct Checked {
        let host: String
        let port: Int
        let files: (certificates: String, key: String)?

        /// For the log: what it speaks and where.
        var address: String { "\(files == nil ? "http" : "https")://\(host):\(port)" }

        /// Opens the server; throws when the store's address is none, or nothing can listen there.
        func open(
            store: String, repository: String, log: Logger, ways: NotifyOptions.Ways
        ) throws -> UserServer {
            let users = try FleetStores.openUsers(store)
            // a store that is away now is waited for by those who ask
            try? users.migrate()
            var identity: (@Sendable () throws -> ServerPair)?
            if let files {
                identity = {
                    ServerPair(
                        certificates: try WholeFile.read(files.certificates),
                        key: try WholeFile.read(files.key))
                }
            }
            return try UserServer(
                host: host, port: port,
                stores: [FleetStores.openViews(store), FleetStores.openViews(store)],
                watching: [FleetStores.openViews(store)],
                log: log, clock: { Moment.now() }, identity: identity,
                catalogue: .repository(repository), pushKey: ways.pushKey,
                sendsMail: ways.mail != nil)
        }
    }

    /// What was given; nil without `--api`.
    ///
    /// Ends the command with status 3 when it does not fit.
    func checked() throws -> Checked? {
        var faults: [String] = []
        let endpoint = api.flatMap(IngestPlan.endpoint)
        if let api, endpoint == nil { faults.append("'--api' is '\(api)', expected 'host:port'") }
        if (apiCert == nil) != (apiKey == nil) {
            faults.append("'--api-cert' and '--api-key' belong together")
        }
        if api == nil, apiCert != nil { faults.append("'--api-cert' needs '--api'") }
        if let endpoint, apiCert == nil, !UserServer.isLoopback(endpoint.host) {
            faults.append(
                "'--api' is '\(endpoint.host):\(endpoint.port)' without a certificate, allowed are "
                    + "127.0.0.1, ::1 and localhost; give '--api-cert' and '--api-key', or put a "
                    + "proxy that speaks TLS in front")
        }
        guard faults.isEmpty else {
            Output.note(faults.map { "amphora-fleet: \($0)" }.joined(separator: "\n"))
            throw ExitCode(ExitStatus.configuration)
        }
        guard let endpoint else { return nil }
        var files: (certificates: String, key: String)?
        if let apiCert, let apiKey { files = (apiCert, apiKey) }
        return Checked(host: endpoint.host, port: endpoint.port, files: files)
    }
}
