import ArgumentParser
import FleetStore
import ProfileRepository
import ProfileSet
import Rollouts

/// `profiles remove`.
struct ProfilesRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take a set out of the list of sets, so that no gateway gets it any more.",
        discussion: """
            Sign the draft, then publish; from then on the set cannot be fetched, and 'rollout create' \
            refuses it from now on. Its version and its release counter are never given to another set.
            A gateway that runs the set keeps it until a rollout brings another one. While a rollout that is \
            not over names the set, or a gateway's standing assignment does, nothing is removed; with \
            --force it is: standing assignments are taken back then, and a rollout that still gives the set \
            fails at the gateways that cannot fetch it.
            """)

    @OptionGroup var place: RepositoryOptions
    @OptionGroup var author: AuthorOptions

    @Option(
        help: ArgumentHelp(
            "Where rollouts are kept: 'sqlite:PATH' or 'postgres:URL'.", valueName: "store"))
    var store: String?

    @Flag(help: "Remove it whoever counts on it; without --store nobody is asked.")
    var force = false

    @Argument(help: "The name of the set.") var set: String
    @Argument(help: "Its version, such as 1.4.0.") var version: String

    func run() throws {
        try ProfilesCommand.perform {
            guard let number = SemanticVersion(version) else {
                throw RepositoryError.request(
                    "the version is '\(version)', expected three numbers such as '1.4.0'")
            }
            guard force || store != nil else {
                throw RepositoryError.request(
                    "give '--store', where rollouts that name the set are seen, or '--force'")
            }
            let repository = try place.open()
            let use = try store.map { try look($0) }
            try repository.remove(set, number, now: ProfilesCommand.now)
            print("removed '\(set) \(version)'; gateways can get it until the draft is published")
            if let store, let use { try tell(use, store) }
            for sentence in try repository.lacking() { print("lacking: \(sentence)") }
        }
    }

    /// Sees who counts on the set; ends the command when somebody does.
    private func look(_ address: String) throws -> SetUse {
        var use = SetUse()
        try RolloutCommand.run(address) { desk, _ in
            use = try desk.use(of: set, version)
        }
        guard !force, !(use.rollouts.isEmpty && use.assigned.isEmpty) else { return use }
        for rollout in use.rollouts {
            Output.note("rollout '\(rollout)' is not over and names the set")
        }
        if let first = use.assigned.first {
            Output.note(
                "\(use.assigned.count) standing assignments name the set, such as that of '\(first)'"
            )
        }
        Output.note("not removed; '--force' removes it nevertheless")
        throw ExitCode.failure
    }

    /// Takes standing assignments back, and says what becomes of gateways.
    private func tell(_ use: SetUse, _ address: String) throws {
        for rollout in use.rollouts {
            print("mind: rollout '\(rollout)' is not over and names the set")
        }
        if !use.assigned.isEmpty {
            try RolloutCommand.run(address) { desk, now in
                let back = try desk.takeBack(set, version, by: author.name, at: now)
                print("standing assignments taken back: \(back.count)")
            }
        }
        if use.running > 0 {
            print(
                "gateways that said that they run it: \(use.running); they keep it until a rollout brings "
                    + "them another set")
        }
    }
}
