import ArgumentParser
import GatewaySettings
import Glibc
import ProfileSet

/// `profile diff`.
struct ProfileDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Tell what changed between two sets, maps or profiles, in meaning.",
        discussion: """
            A and B are both sets (folders with set.json or packs/), both profiles (folders with \
            profile.json) or both files (.json or .dbc). Layout of the text, order of members, \
            sources and notes do not count; 0x10 equals 16. '+' is new, '-' is gone, '~' changed.

            Exit status: 0 no difference, 1 differences, 3 something cannot be read.
            """)

    @Argument(help: "The older one.", completion: .file())
    var before: String

    @Argument(help: "The newer one.", completion: .file())
    var after: String

    func run() throws {
        let differences: [DocumentDifference]
        do {
            differences = try SetDifference.compare(
                try Self.files(before), try Self.files(after), name: "diff")
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        print(Self.text(differences, Ink()), terminator: "")
        if !differences.isEmpty { throw ExitCode(ExitStatus.failure) }
    }

    /// The files of a set, or the one thing at a place where both sides have it.
    private static func files(_ path: String) throws -> [String: [UInt8]] {
        func exists(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }
        if exists("profile.json") {
            var files = [SetPath.profile("a").path: try read("\(path)/profile.json")]
            if exists("frames.dbc") {
                files[SetPath.layout("a").path] = try read("\(path)/frames.dbc")
            }
            return files
        }
        if exists(".") { return try ProfileFolder(path: path).contents().files }
        let place: SetPath = path.hasSuffix(".dbc") ? .layout("a") : .map("a")
        return [place.path: try read(path)]
    }

    private static func read(_ path: String) throws -> [UInt8] {
        try FileBytes.read(path, limit: SetLimits.fileBytes)
    }

    private static func text(_ differences: [DocumentDifference], _ ink: Ink) -> String {
        var text = ""
        for difference in differences {
            text += mark(difference.kind, ink) + ink.bold(difference.title) + "\n"
            for change in difference.changes {
                let words = change.words.isEmpty ? "" : ": \(change.words)"
                text += "  " + mark(change.kind, ink) + change.subject + words + "\n"
            }
        }
        return text
    }

    private static func mark(_ kind: MeaningChange.Kind, _ ink: Ink) -> String {
        switch kind {
        case .added: ink.good("+ ")
        case .removed: ink.bad("- ")
        case .changed: ink.careful("~ ")
        }
    }
}
