import ArgumentParser
import FleetIngest
import Logging
import Logs

/// `ingest`.
struct IngestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Store what gateways publish until SIGTERM or Ctrl-C, and acknowledge it.",
        discussion: """
            Several processes may share the work: give each a name of its own.
            Samples are rolled up into the windows of history meanwhile.
            SIGUSR1 prints the counters as one line of JSON on standard output; so does the end.
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var broker: BrokerOptions

    @Option(help: "Workers in this process, 1 to 64; each has a connection and a store of its own.")
    var workers = 1

    @Option(help: "Rows of a transaction, 1 to 100000; a record of 16 packs is 17.")
    var batchRows = 1000

    @Option(help: "Milliseconds the first record of a batch waits for others, 1 to 10000.")
    var batchMilliseconds = 200

    @Option(
        help: ArgumentHelp(
            "Seconds between attempts to reach broker or store at most, 1 to 3600.",
            valueName: "seconds"))
    var retryMaxS = 30

    @Option(
        help: ArgumentHelp(
            "Port of 127.0.0.1 on which GET /health tells counters and troubles.",
            valueName: "port"))
    var health: Int?

    @Option(
        help: ArgumentHelp(
            "Seconds from one round of roll-ups of history to the next, 1 to 3600; 0 leaves them to others.",
            valueName: "seconds"))
    var rollUpS = 30

    @Option(help: "The least level that is logged: debug, info, warning or error.")
    var logLevel = "info"

    func run() throws {
        let plan: IngestPlan
        do {
            plan = try IngestPlan(self)
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        LoggingSystem.bootstrap { _ in LineLogHandler() }
        let log = Logger(label: "amphora")
        LineLogHandler.least = plan.logLevel
        do {
            try IngestService(plan, log: log).run()
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }
}

/// Where records are kept.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where records are kept: 'sqlite:PATH' or 'postgres:URL'.", valueName: "store"))
    var store: String
}

/// Where records come from.
struct BrokerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The MQTT 5 broker.", valueName: "host:port"))
    var broker: String

    @Option(help: "User name at the broker.")
    var username: String?

    @Option(
        help: "A file whose first line is the password that goes with the user name.",
        completion: .file())
    var passwordFile: String?

    @Option(
        help: "PEM file of the authority that signed the broker's certificate; turns TLS on.",
        completion: .file())
    var ca: String?

    @Option(
        help: """
            PEM file of our own certificate; '{worker}' in the path stands for the number of the worker. \
            The broker of 'broker config' gives each certificate one connection, so several workers need \
            several: 'ca issue-service ingest NAME --workers N' makes them.
            """, completion: .file())
    var cert: String?

    @Option(
        help: "PEM file of the private key of our certificate; '{worker}' as in --cert.",
        completion: .file())
    var key: String?

    @Option(help: "First part of every topic.")
    var root = "amphora"

    @Option(help: "The group whose members divide the messages among them.")
    var group = "ingest"

    @Option(
        help: """
            What the workers call themselves at the broker; unique among all processes and the same \
            after a restart. (default: group and host name)
            """)
    var name: String?
}
