import ArgumentParser
import GatewaySettings
import ProfileSet
import UpdateAgent

/// `update`.
struct UpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Look at assigned profile sets, and agree with one.",
        subcommands: [UpdateStatusCommand.self, UpdateConsentCommand.self])
}

/// `update status`.
struct UpdateStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Print which set runs, which ran before, and how far an assigned one has come.",
        discussion: """
            Reads what is on the disk, so it works beside a running gateway and without one. What a running \
            one waits for is told by 'watch --json' as 'update.trouble'.

            Exit status: 0 printed, 3 the configuration is invalid or has no [update].
            """)

    @Option(help: "The configuration file.")
    var config = "/etc/amphora/gateway.toml"

    func run() throws {
        let desk = try UpdateDesk(config)
        print("runs      \(desk.words(desk.sets.current))")
        if let previous = desk.sets.previous { print("before    \(desk.words(previous))") }
        let record = desk.record
        if let assignment = record.assignment {
            print("assigned  \(assignment.words)")
            print("phase     \(record.phase.rawValue)")
        }
        if !record.reason.isEmpty { print("reason    \(record.reason)") }
        if record.release > 0 {
            print(
                "taken     release \(record.release); none with a lower counter is taken any more")
        }
        if !record.reports.isEmpty { print("reports   \(record.reports.count) to be stored") }
    }
}

/// `update consent`.
struct UpdateConsentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consent",
        abstract: "Agree with the set that waits.",
        discussion: """
            Counts where 'update.consent' is "ask".

            Exit status: 0 agreed, 1 no set waits, 3 the configuration is invalid or has no [update], or \
            the word cannot be kept.
            """)

    @Option(help: "The configuration file.")
    var config = "/etc/amphora/gateway.toml"

    func run() throws {
        let desk = try UpdateDesk(config)
        guard let assignment = desk.record.assignment else {
            Output.note("no set waits")
            throw ExitCode(ExitStatus.failure)
        }
        do {
            // the gateway only reads the word, so it may run meanwhile
            let lock = try UpdateLock(
                desk.sets.folder, .consent, as: "amphora-gateway update consent")
            defer { withExtendedLifetime(lock) {} }
            try FileBytes.replace(
                UpdateControl.consentFile(desk.settings),
                with: Array("\(assignment.sha256)\n".utf8))
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        print("agreed with \(assignment.words)")
    }
}

/// What the commands share; changes nothing.
private struct UpdateDesk {
    let settings: UpdateSettings
    let sets: InstalledSets
    let record: UpdateRecord
    private let installed: String

    init(_ path: String) throws {
        do {
            let configuration = try GatewayConfiguration.load(path: path)
            guard let update = configuration.update else {
                throw ConfigurationError(
                    path: path,
                    faults: [
                        ConfigurationFault(line: 0, "there is no [update], sets do not change")
                    ])
            }
            settings = update
            installed = configuration.profilesPath
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        sets = InstalledSets(UpdateFolder(settings.folder))
        record = sets.read() ?? UpdateRecord()
    }

    /// `base 1.4.0, release 7`, and where it lies.
    func words(_ place: String?) -> String {
        let folder = place.map { sets.folder.file($0) } ?? installed
        let name = SetPath.manifest.path
        let bytes = try? FileBytes.read("\(folder)/\(name)", limit: SetLimits.fileBytes)
        guard let manifest = bytes.flatMap({ SetManifest.peek([name: $0]) }) else {
            return "a set without a readable set.json in \(folder)"
        }
        return "\(manifest.id) \(manifest.version), release \(manifest.release), in \(folder)"
    }
}
