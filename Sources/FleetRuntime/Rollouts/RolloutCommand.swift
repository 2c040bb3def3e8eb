import ArgumentParser
import FleetStore
import Rollouts

/// `rollout`.
struct RolloutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout",
        abstract: "Give gateways a profile set, in waves that stop by themselves.",
        discussion: """
            A rollout gives a release of a profile set to gateways, a few at first. Each has some time to say \
            that it is good, and is watched for a while after that: do its frames go out, do the inverter and \
            its packs answer as before, is there a new alarm. Silence is a failure. When too many of a wave \
            have failed, the wave goes back to what it had; else the next one begins.

            The work is done by 'amphora-fleet serve --tls', which signs what each gateway shall install; these \
            commands only tell it what to do.

            Exit status of each: 0 done, 1 the rollout is not there or does not allow it now, or cannot be made, \
            3 an option or a file is not as it should be, 4 the store cannot be used.
            """,
        subcommands: [
            Create.self, Preview.self, Status.self, Approve.self, Pause.self, Resume.self,
            Abort.self,
        ])
}

extension RolloutCommand {
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a rollout; it waits for 'approve' unless '--approval never' is given.",
            discussion: """
                The set is one that 'profiles publish' shows to gateways: its hash, its length, its release \
                counter and what it needs are read there, after its signatures were verified as a gateway \
                does it. A fleet that hands assignments on unsigned ('serve --assignments') describes the set \
                with '--release' by a JSON file: {"set":"base","version":"1.4.0","sha256":"…",\
                "length":81920,"release":9,"least_runtime":"0.1.0","hardware":["pi4"]}, hardware being optional.

                Which gateways are in it and in which wave is settled now; 'preview' shows it beforehand. Of \
                several values of one option any counts, of several options each must hold. Gateways that run \
                the set already, and those of another model than it is for, are left out.
                """)
        @OptionGroup var store: StoreOptions
        @OptionGroup var options: RolloutOptions
        @OptionGroup var author: AuthorOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let plan = try options.plan(author: author.name, note: author.note)
            try RolloutCommand.run(store) { desk, now in
                let preview = try desk.create(plan, at: now)
                if json { return print(RolloutJSON.preview(preview, of: plan)) }
                for line in RolloutText.preview(preview, of: plan) { print(line) }
                print(
                    plan.approval == .never
                        ? "rollout '\(plan.id)' is made and begins by itself"
                        : "rollout '\(plan.id)' is made; it begins after somebody else's 'rollout approve "
                            + "\(plan.id)'"
                )
            }
        }
    }

    struct Preview: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what 'create' would make of the same options, and make nothing.")
        @OptionGroup var store: StoreOptions
        @OptionGroup var options: RolloutOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let plan = try options.plan(author: "", note: "")
            try RolloutCommand.run(store) { desk, now in
                let preview = try desk.preview(plan, at: now)
                if json {
                    print(RolloutJSON.preview(preview, of: plan))
                } else {
                    for line in RolloutText.preview(preview, of: plan) { print(line) }
                }
                guard preview.faults.isEmpty else {
                    for fault in preview.faults { Output.note(fault) }
                    throw ExitCode(ExitStatus.configuration)
                }
            }
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print how far rollouts are: all of them, or one with its waves and troubles."
        )
        @OptionGroup var store: StoreOptions

        @Argument(help: "The rollout; without it all are listed.") var id: String?

        @Flag(help: "Print who did what, and when.")
        var history = false

        @Flag(help: "Print each gateway.")
        var gateways = false

        @Flag(help: "Print JSON: one line a rollout; of a single one with gateways and history.")
        var json = false

        @Option(
            help: ArgumentHelp(
                "Print again every so many seconds, 1 to 3600, until the rollout is over.",
                valueName: "seconds"))
        var watch: Int?

        func validate() throws {
            if let watch {
                guard id != nil else { throw ValidationError("'--watch' needs a rollout") }
                guard (1...3600).contains(watch) else {
                    throw ValidationError("expected '--watch' from 1 to 3600, found \(watch)")
                }
            }
        }

        func run() throws {
            try RolloutCommand.run(store) { desk, _ in
                guard let id else { return try list(desk) }
                while try show(id, desk) { Terminal.wait(seconds: watch ?? 1) }
            }
        }

        private func list(_ desk: RolloutDesk) throws {
            let rollouts = try desk.rollouts()
            if rollouts.isEmpty {
                Output.note("there are no rollouts yet; make one with 'rollout create'")
            }
            for rollout in rollouts {
                print(json ? RolloutJSON.summary(rollout) : RolloutText.line(rollout))
            }
        }

        /// Whether it is to be shown again.
        private func show(_ id: String, _ desk: RolloutDesk) throws -> Bool {
            let (made, rollout, notes) = try desk.rollout(id)
            if json {
                print(RolloutJSON.status(rollout, made: made, notes))
            } else {
                if watch != nil, Terminal.isThere { print(Terminal.clear, terminator: "") }
                for line in RolloutText.status(rollout, gateways: gateways) { print(line) }
                if history { for line in RolloutText.history(notes) { print(line) } }
            }
            return watch != nil && !rollout.state.isOver
        }
    }

    struct Approve: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a rollout begin, or go on where it waits for a decision.",
            discussion: """
                Somebody other than the author of the rollout does that: the name given when it was made is \
                refused here. Names are what people say of themselves; sign-in comes with the users of the API.
                """)
        @OptionGroup var decision: DecisionOptions
        func run() throws { try decision.run(.approve) }
    }

    struct Pause: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell nobody more for now; those that were told are watched on.")
        @OptionGroup var decision: DecisionOptions
        func run() throws { try decision.run(.pause) }
    }

    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Go on after a pause.")
        @OptionGroup var decision: DecisionOptions
        func run() throws { try decision.run(.resume) }
    }

    struct Abort: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a rollout for good; gateways that were told go back.",
            discussion: """
                Who goes back is what the rollout was made with: those of the present wave, or all. With \
                --keep nobody does: gateways keep what they have, and those that were told install it yet.
                """)
        @OptionGroup var decision: DecisionOptions

        @Flag(help: "Let gateways keep what they have.")
        var keep = false

        func run() throws { try decision.run(keep ? .abandon : .abort) }
    }

    /// Opens the store and ends with words and a status instead of an error's name.
    static func run(
        _ store: StoreOptions, _ body: (RolloutDesk, _ now: Int64) throws -> Void
    ) throws { try run(store.store, body) }

    /// The same with a store's address.
    static func run(
        _ store: String, _ body: (RolloutDesk, _ now: Int64) throws -> Void
    ) throws {
        do {
            let opened = try FleetStores.openRollouts(store)
            try opened.migrate()
            try body(RolloutDesk(store: opened, clock: .system), Moment.now())
        } catch let error as RolloutDeskError {
            Output.note("\(error)")
            if case .store = error { throw ExitCode(ExitStatus.unreachable) }
            throw ExitCode.failure
        } catch let error as FleetStoreError {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }
}

/// Which rollout somebody decides on, and who.
struct DecisionOptions: ParsableArguments {
    @OptionGroup var store: StoreOptions
    @OptionGroup var author: AuthorOptions

    @Argument(help: "The rollout.") var id: String

    func run(_ decision: Rollout.Decision) throws {
        try RolloutCommand.run(store) { desk, now in
            let rollout = try desk.decide(
                decision, on: id, by: author.name, note: author.note, at: now)
            print("rollout '\(id)' is \(rollout.state.rawValue)")
        }
    }
}
