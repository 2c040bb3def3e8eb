import ArgumentParser
import GatewaySettings
import HTTPSClient
import RemoteConfiguration

/// `config show`.
struct ConfigShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print every key with the value that counts; secrets as dots.")

    @Option(help: "The configuration file.")
    var config = "/etc/amphora/gateway.toml"

    @Flag(help: "With the fleet's document over the file, as the gateway runs.")
    var effective = false

    @Flag(help: "With the layer each value comes from: built-in, file or remote.")
    var origin = false

    func run() throws {
        do {
            let layers = try layers()
            print(layers.shownLines(hasOrigin: origin).joined(separator: "\n"))
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
    }

    private func layers() throws -> LayeredConfiguration {
        let file = try GatewayBeginning.read(config)
        let site = try LayeredConfiguration(file: file, path: config)
        guard effective, let fleet = site.configuration.fleet else { return site }
        let folder = ConfigurationFolder(path: fleet.configuration)
        let trial = folder.read(.candidate).flatMap { $0.state == .trial ? $0 : nil }
        guard let entry = trial ?? folder.read(.current) else { return site }
        return try LayeredConfiguration(
            file: file, path: config, document: entry.document,
            name: "document of the fleet, version \(entry.version)")
    }
}

extension LayeredConfiguration {
    /// `bank.minimum_packs = 2  # file, the fleet asks 1`, one line for each key.
    func shownLines(hasOrigin: Bool) -> [String] {
        configuration.shown.map { setting in
            let line = "\(setting.key) = \(setting.value.text)"
            guard hasOrigin else { return line }
            let held = held.first { $0.key == setting.key }
            let words = held.map { ", holds back the fleet's \($0.asked)" } ?? ""
            return "\(line)  # \(layer(of: setting.key).rawValue)\(words)"
        }
    }
}

/// `config pull`.
struct ConfigPullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Ask the fleet for this gateway's document and keep it for the next start.",
        discussion: """
            A good document is tried by the next start of the gateway and confirmed or reverted there. \
            A gateway that is running asks by itself.
            """)

    @Option(help: "The configuration file.")
    var config = "/etc/amphora/gateway.toml"

    @Flag(help: "Ask once and end.")
    var once = false

    func validate() throws {
        guard once else {
            throw ValidationError(
                "expected --once; a running gateway asks regularly by itself")
        }
    }

    func run() throws {
        let control: RemoteControl
        do {
            let file = try GatewayBeginning.read(config)
            let site = try LayeredConfiguration(file: file, path: config)
            guard let fleet = site.configuration.fleet else {
                throw ConfigurationError(
                    path: config,
                    faults: [ConfigurationFault(line: 0, "there is no [fleet] to ask")])
            }
            let identity = GatewayIdentity(fleet, gateway: site.configuration.gateway)
            control = try RemoteControl(
                identity: identity, file: file, path: config,
                sets: SetChoice.current(site.configuration),
                connect: RemoteControl.overHTTPS(identity, HTTPSCanceller()))
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        try pull(control)
    }

    private func pull(_ control: RemoteControl) throws {
        let folder = ConfigurationFolder(path: control.fleet.configuration)
        guard let lock = try FolderLock(folder) else {
            Output.note("a gateway is running on '\(folder.path)' and asks the fleet by itself")
            throw ExitCode(ExitStatus.failure)
        }
        defer { withExtendedLifetime(lock) {} }
        var keeper = ConfigurationKeeper(folder)
        let answer: ConfigurationFetcher.Answer
        do {
            answer = ConfigurationFetcher(
                try control.connect(control.fleet), url: control.fleet.url
            ).fetch(
                tags: keeper.tags, mostBytes: RemoteDocument.mostBytes,
                wallSeconds: MachineClock.wallNanoseconds() / 1_000_000_000)
        } catch {
            answer = .unreachable(error.description)
        }
        switch answer {
        case .unchanged: print("nothing new\(inForce(keeper))")
        case .document(let bytes, let tag): try take(bytes, tag, control, &keeper)
        case .later(let words, _), .unreachable(let words):
            Output.note(words)
            throw ExitCode(ExitStatus.unreachable)
        }
    }

    private func take(
        _ bytes: [UInt8], _ tag: String?, _ control: RemoteControl,
        _ keeper: inout ConfigurationKeeper
    ) throws {
        switch try keeper.take(bytes, tag: tag, control.judge) {
        case .known: print("nothing new\(inForce(keeper))")
        case .accepted(let plan):
            print("version \(plan.version ?? 0) is good; the next start tries it")
            for held in plan.held { print(held.description) }
        case .refused(let refusal):
            for fault in refusal.faults { Output.note(fault) }
            throw ExitCode(ExitStatus.failure)
        }
    }

    private func inForce(_ keeper: ConfigurationKeeper) -> String {
        keeper.current.map { "; version \($0.version) is in force" } ?? ""
    }
}
