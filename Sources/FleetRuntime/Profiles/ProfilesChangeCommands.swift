import ArgumentParser
import CertificateAuthority
import ProfileRepository
import ProfileSet
import TUF

/// `profiles init`.
struct ProfilesInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a repository, with drafts of its root and its list of sets.",
        discussion: """
            Keys are given as the files '.pub' that 'keygen' wrote. The fleet makes its own keys in the \
            folder 'online'. Sign the drafts, then publish. A gateway believes the root first that 'root' below \
            [update] names, a copy of 'published/metadata/1.root.json'; without one it asks the fleet for \
            it once, over TLS.

            Durations are a whole number and a unit: m minutes, h hours, d days, w weeks, y years.
            """)

    @OptionGroup var place: RepositoryOptions

    @Option(
        help: ArgumentHelp("A key that may sign roots; may be repeated.", valueName: "pub"),
        completion: .file())
    var rootKey: [String] = []

    @Option(help: ArgumentHelp("How many must sign a root.", valueName: "count"))
    var rootThreshold = 1

    @Option(
        help: ArgumentHelp(
            "A key that may sign the list of sets; may be repeated.", valueName: "pub"),
        completion: .file())
    var targetsKey: [String] = []

    @Option(help: ArgumentHelp("How many must sign the list of sets.", valueName: "count"))
    var targetsThreshold = 1

    @Option(help: ArgumentHelp("How long a root is valid.", valueName: "duration"))
    var rootLife = RepositoryLives().root.description

    @Option(help: ArgumentHelp("How long the list of sets is valid.", valueName: "duration"))
    var targetsLife = RepositoryLives().targets.description

    @Option(help: ArgumentHelp("How long assignments are valid.", valueName: "duration"))
    var assignmentsLife = RepositoryLives().assignments.description

    @Option(help: ArgumentHelp("How long a snapshot is valid.", valueName: "duration"))
    var snapshotLife = RepositoryLives().snapshot.description

    @Option(help: ArgumentHelp("How long a timestamp is valid.", valueName: "duration"))
    var timestampLife = RepositoryLives().timestamp.description

    @Option(
        help:
            "Assignments are divided by so many hexadecimal digits, 1…3: 2 is good for 100,000 gateways."
    )
    var binDigits = 2

    func run() throws {
        try ProfilesCommand.perform {
            guard (1...3).contains(binDigits) else {
                throw RepositoryError.request("'--bin-digits' is \(binDigits), allowed 1…3")
            }
            var lives = RepositoryLives()
            lives.root = try life(rootLife, "--root-life")
            lives.targets = try life(targetsLife, "--targets-life")
            lives.assignments = try life(assignmentsLife, "--assignments-life")
            lives.snapshot = try life(snapshotLife, "--snapshot-life")
            lives.timestamp = try life(timestampLife, "--timestamp-life")
            lives.binDigits = binDigits
            let repository = try ProfileRepository.create(
                at: place.repository,
                root: try authority("root", rootKey, rootThreshold),
                targets: try authority("targets", targetsKey, targetsThreshold), lives: lives,
                now: ProfilesCommand.now)
            print("made a repository in '\(repository.path)'")
            for sentence in try repository.lacking() { print("lacking: \(sentence)") }
        }
    }

    private func life(_ text: String, _ name: String) throws -> Lifetime {
        try Lifetime.parse(text, of: name, allowed: RepositoryLives.allowed)
    }

    private func authority(
        _ role: TUFName, _ files: [String], _ threshold: Int
    ) throws -> TUFAuthority {
        guard !files.isEmpty, threshold > 0 else {
            throw RepositoryError.request(
                "give at least one '--\(role)-key', and a threshold of at least 1")
        }
        return TUFAuthority(
            role: role, keys: try files.map { try KeyFile.readPublic($0) }, threshold: threshold)
    }
}

/// `profiles add`.
struct ProfilesAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Prove a profile set and add it to the draft of the list of sets.",
        discussion: """
            The set is examined as a gateway does it, every vector included; a set with any fault is not \
            added. Sign the draft, then publish.
            """)

    @OptionGroup var place: RepositoryOptions

    @Argument(help: "The folder of the set.", completion: .directory)
    var folder: String

    func run() throws {
        try ProfilesCommand.perform {
            let contents = try SetFolder.read(folder)
            let repository = try place.open()
            let target = try repository.add(
                contents.files, unread: contents.unread, runtime: Version.semantic, name: folder,
                now: ProfilesCommand.now)
            print("\(target.path) \(target.length) bytes, sha256 \(target.hashes["sha256"] ?? "")")
            for sentence in try repository.lacking() { print("lacking: \(sentence)") }
        }
    }
}

/// `profiles publish`.
struct ProfilesPublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Show signed drafts to gateways, and renew snapshot and timestamp.",
        discussion: """
            At every moment gateways see a state that is valid as a whole; interrupted, the same command \
            completes it. A running 'amphora-fleet serve' with this repository shows it at once, and any web \
            server can give the folder 'published' to gateways. Rollouts publish their assignments themselves.
            """)

    @OptionGroup var place: RepositoryOptions

    @Option(
        help: ArgumentHelp(
            "A file with one assignment (JSON) a line; 'gateway' says for whom it is.",
            valueName: "file"), completion: .file())
    var assignments: String?

    func run() throws {
        try ProfilesCommand.perform {
            let changes = try assignments.map { try AssignmentList.read($0) } ?? []
            let repository = try place.open()
            let report = try repository.publish(changes, now: ProfilesCommand.now)
            try repository.prune(now: ProfilesCommand.now)
            print(
                "published root \(report.root), targets \(report.targets), snapshot "
                    + "\(report.snapshot), timestamp \(report.timestamp); \(changes.count) assignments, "
                    + "\(report.bins) lists of them signed anew")
        }
    }
}

/// `profiles rotate`.
struct ProfilesRotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Draft a change of keys, or a new life for root and list of sets.",
        discussion: """
            Without any option the next root is the present one with a new life. Keys that come are given as \
            files '.pub', keys that go by the first digits of their ids. The draft is signed by the keys \
            before and after the change; gateways follow from one root to the next.
            """)

    @OptionGroup var place: RepositoryOptions

    @Option(help: ArgumentHelp("A key that may sign roots.", valueName: "pub"), completion: .file())
    var addRootKey: [String] = []

    @Option(help: ArgumentHelp("A key that may not sign roots any more.", valueName: "id"))
    var removeRootKey: [String] = []

    @Option(help: ArgumentHelp("How many must sign a root.", valueName: "count"))
    var rootThreshold: Int?

    @Option(
        help: ArgumentHelp("A key that may sign the list of sets.", valueName: "pub"),
        completion: .file())
    var addTargetsKey: [String] = []

    @Option(
        help: ArgumentHelp("A key that may not sign the list of sets any more.", valueName: "id"))
    var removeTargetsKey: [String] = []

    @Option(help: ArgumentHelp("How many must sign the list of sets.", valueName: "count"))
    var targetsThreshold: Int?

    @Option(
        help: "A role for which the fleet makes itself a new key: snapshot, timestamp, assignments."
    )
    var online: [String] = []

    @Flag(help: "Give the list of sets a new life.")
    var renewTargets = false

    func run() throws {
        try ProfilesCommand.perform {
            var rotation = Rotation()
            rotation.renewsTargets = renewTargets
            for role in online {
                switch role {
                case "snapshot": rotation.renewed.insert(.snapshot)
                case "timestamp": rotation.renewed.insert(.timestamp)
                case "assignments": rotation.renewsAssignments = true
                default:
                    throw RepositoryError.request(
                        "'--online' is '\(role)', allowed snapshot, timestamp, assignments")
                }
            }
            for (role, added, removed, threshold) in [
                (TUFRoot.Role.root, addRootKey, removeRootKey, rootThreshold),
                (.targets, addTargetsKey, removeTargetsKey, targetsThreshold),
            ] {
                if !added.isEmpty {
                    rotation.added[role] = try added.map { try KeyFile.readPublic($0) }
                }
                if !removed.isEmpty { rotation.removed[role] = removed }
                if let threshold { rotation.thresholds[role] = threshold }
            }
            let repository = try place.open()
            try repository.rotate(rotation, now: ProfilesCommand.now)
            for sentence in try repository.lacking() { print("lacking: \(sentence)") }
        }
    }
}
