import ArgumentParser
import ProfileSet

/// `profile`.
struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract:
            "Look at pack maps and inverter profiles; check, compare, seal and pack sets of them.",
        discussion: """
            A profile set is a folder with pack maps (how a pack is read), inverter profiles (how an \
            inverter is told) and vectors (exchanges that prove them). The gateway starts only on a \
            set without any fault.

            Which one fits?        amphora-gateway profile list
            What will it send?     amphora-gateway profile show pylontech-lv-1.2
            Why is mine refused?   amphora-gateway profile lint FOLDER
            """,
        subcommands: [
            ProfileListCommand.self, ProfileShowCommand.self, ProfileLintCommand.self,
            ProfileTestCommand.self, ProfileDiffCommand.self, ProfileSealCommand.self,
            ProfilePackCommand.self, ProfileUnpackCommand.self, ProfileVerifyCommand.self,
        ])
}

/// `profile lint`.
struct ProfileLintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Check a whole set as a gateway does at its start; list every fault.",
        discussion: """
            Looks at names, hashes, documents, layouts and vectors; not at the machines a set is for. \
            Faults go to standard output, one \
            a line, each with its file and line.

            Exit status: 0 no fault, 1 faults, 3 the folder cannot be read.
            """)

    @Argument(help: "The folder of the set.", completion: .directory)
    var folder: String

    func run() throws {
        let examination = try ProfileDesk.examine(folder)
        for fault in examination.faults { print(fault) }
        Output.flush()
        if let set = examination.set {
            let proofs = ProfileDesk.count(set.proofCount.total, "vector")
            print(
                "\(folder): good; \(set.words), \(ProfileDesk.count(set.maps.count, "pack map")), \(ProfileDesk.count(set.profiles.count, "inverter profile")), \(proofs)"
            )
            return
        }
        Output.note("\(folder): \(ProfileDesk.count(examination.faults.count, "fault"))")
        throw ExitCode(ExitStatus.failure)
    }
}

/// `profile test`.
struct ProfileTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run every vector of a set and name it with its result.",
        discussion: """
            Works on a set that is not sealed yet; hashes are not looked at. A map or profile that \
            does not load has no vectors to run: its faults go to standard error.

            Exit status: 0 every vector passes, 1 a vector fails or a document has faults, 3 the \
            folder cannot be read.
            """)

    @Argument(help: "The folder of the set.", completion: .directory)
    var folder: String

    @Flag(help: "Print only vectors that fail, and the totals.")
    var quiet = false

    func run() throws {
        let examination = try ProfileDesk.examine(folder)
        let ink = Ink()
        var file = ""
        for result in examination.results where !quiet || !result.failures.isEmpty {
            if result.file != file { print(ink.bold(result.file)) }
            file = result.file
            let word = result.failures.isEmpty ? ink.good("ok    ") : ink.bad("failed")
            print("  \(word)  \(result.name)  (\(result.origin.rawValue))")
            for failure in result.failures { print("          \(failure)") }
        }
        Output.flush()
        let failed = examination.results.count { !$0.failures.isEmpty }
        let others = examination.faults.filter { !$0.isSeal && !$0.isVector }
        for fault in others { Output.note("\(fault)") }
        print(
            "\(ProfileDesk.count(examination.results.count, "vector")), \(examination.results.count - failed) ok, \(failed) failed"
        )
        if failed > 0 || !others.isEmpty { throw ExitCode(ExitStatus.failure) }
    }
}

/// What the commands share.
enum ProfileDesk {
    /// Examines a folder; ends with a sentence when it cannot be read.
    static func examine(_ folder: String) throws -> SetExamination {
        do {
            return try ProfileFolder(path: folder).examine()
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
    }

    /// `1 vector`, `7 vectors`.
    static func count(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }
}

/// Colours where the terminal wants them.
struct Ink {
    let hasColor = Output.hasColor

    func bold(_ text: String) -> String { paint("1", text) }
    func good(_ text: String) -> String { paint("32", text) }
    func bad(_ text: String) -> String { paint("31", text) }
    func careful(_ text: String) -> String { paint("33", text) }

    private func paint(_ code: String, _ text: String) -> String {
        hasColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
