import FleetIngest
import Glibc
import Logging

/// What `ingest` is to do, checked as a whole.
struct IngestPlan: Sendable {
    let configuration: IngestConfiguration
    let store: String
    let workers: Int
    /// Port of the health endpoint; nil has none.
    let healthPort: Int?
    /// Seconds between rounds of roll-ups; nil leaves them to others.
    let rollUpSeconds: Int?
    let logLevel: Logger.Level

    /// Everything that is wrong with the options, each with what was found and what is allowed.
    struct Faults: Error, CustomStringConvertible {
        var list: [String] = []
        var description: String { list.joined(separator: "\n") }

        mutating func check(_ isGood: Bool, _ words: @autoclosure () -> String) {
            if !isGood { list.append("amphora-fleet: \(words())") }
        }
    }

    /// Checks the options and reads the files they name; throws with all faults.
    ///
    /// Opening a store reaches no database yet, so only an address that names none is a fault.
    init(_ command: IngestCommand, opensStore: Bool = true) throws(Faults) {
        var faults = Faults()
        let options = command.broker
        let endpoint = Self.endpoint(options.broker)
        faults.check(endpoint != nil, "'--broker' is '\(options.broker)', expected 'host:port'")
        faults.check(
            (1...64).contains(command.workers), "'--workers' is \(command.workers), allowed 1…64")
        faults.check(
            (1...100_000).contains(command.batchRows),
            "'--batch-rows' is \(command.batchRows), allowed 1…100000")
        faults.check(
            (1...10_000).contains(command.batchMilliseconds),
            "'--batch-milliseconds' is \(command.batchMilliseconds), allowed 1…10000")
        faults.check(
            (1...3600).contains(command.retryMaxS),
            "'--retry-max-s' is \(command.retryMaxS), allowed 1…3600")
        faults.check(
            command.health.map { (1...65_535).contains($0) } ?? true,
            "'--health' is \(command.health ?? 0), allowed 1…65535")
        faults.check(
            (0...3600).contains(command.rollUpS),
            "'--roll-up-s' is \(command.rollUpS), allowed 0…3600")
        faults.check(
            Self.isTopicPart(options.root),
            "'--root' is '\(options.root)', expected a topic without "
                + "'+', '#' and '$', and without '/' at its ends")
        faults.check(
            Self.isTopicPart(options.group) && !options.group.contains("/"),
            "'--group' is '\(options.group)', expected a name without '/', '+', '#' and '$'")
        let level = Logger.Level(rawValue: command.logLevel)
        faults.check(
            level != nil,
            "'--log-level' is '\(command.logLevel)', expected 'debug', 'info', 'warning' or 'error'"
        )
        var settings = IngestConfiguration(
            host: endpoint?.host ?? "", port: endpoint?.port ?? 0,
            name: options.name ?? "\(options.group)-\(Self.hostName())")
        settings.root = options.root
        settings.group = options.group
        settings.batchRows = command.batchRows
        settings.batchMilliseconds = command.batchMilliseconds
        settings.retryMaximumMilliseconds = Int64(clamping: command.retryMaxS) * 1000
        settings.username = options.username
        settings.password = Self.password(options, &faults)
        settings.tls = Self.certificates(options, workers: command.workers, &faults)
        if opensStore {
            do {
                _ = try openStore(command.store.store)
            } catch {
                faults.check(false, "\(error)")
            }
        }
        guard faults.list.isEmpty else { throw faults }
        configuration = settings
        store = command.store.store
        workers = command.workers
        healthPort = command.health
        rollUpSeconds = command.rollUpS > 0 ? command.rollUpS : nil
        logLevel = level ?? .info
    }

    /// Host and port of `host:port` or `[address]:port`; nil when either is missing.
    static func endpoint(_ text: String) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), Int(port))
    }

    static func isTopicPart(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 256 && !text.hasPrefix("/") && !text.hasSuffix("/")
            && !text.utf8.contains { "+#$\0".utf8.contains($0) }
    }

    private static func password(
        _ options: BrokerOptions, _ faults: inout Faults
    ) -> Secret? {
        guard let path = options.passwordFile else { return nil }
        faults.check(options.username != nil, "'--password-file' needs '--username'")
        guard let file = fopen(path, "rb") else {
            let reason = String(cString: strerror(errno))
            faults.check(false, "cannot read the password file '\(path)': \(reason)")
            return nil
        }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        let line = buffer.prefix(count).prefix { $0 != 0x0A && $0 != 0x0D }
        faults.check(!line.isEmpty, "the password file '\(path)' begins with an empty line")
        return Secret(String(decoding: line, as: UTF8.self))
    }

    private static func certificates(
        _ options: BrokerOptions, workers: Int, _ faults: inout Faults
    ) -> IngestCertificates? {
        faults.check(
            (options.cert == nil) == (options.key == nil), "'--cert' and '--key' belong together")
        faults.check(options.ca != nil || options.cert == nil, "'--cert' needs '--ca'")
        let all = IngestCertificates(
            authorityFile: options.ca ?? "", certificateFile: options.cert, keyFile: options.key)
        var paths = [options.ca]
        for worker in 1...min(max(workers, 1), 64) {
            let own = all.files(ofWorker: worker)
            for path in [own.certificateFile, own.keyFile] where !paths.contains(path) {
                paths.append(path)
            }
        }
        for case let path? in paths {
            let isReadable = access(path, R_OK) == 0
            let reason = String(cString: strerror(errno))
            faults.check(isReadable, "cannot read '\(path)': \(reason)")
        }
        return options.ca == nil ? nil : all
    }

    private static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "host" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
