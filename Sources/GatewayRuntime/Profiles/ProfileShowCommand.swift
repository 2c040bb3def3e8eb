import ArgumentParser
import ProfileSet
import StrictJSON
import Telemetry

/// `profile show`.
struct ProfileShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Explain one pack map or inverter profile: what it reads or sends, and why.",
        discussion: """
            Of a pack map: line settings, registers, signals, flags, limits. Of an inverter profile: \
            frames with cycles and signals, stop, keep-alive, and quirks with the sentence that says \
            when to switch one on. Notes and sources stand at the end.

            Exit status: 0 success, 1 it has faults, 3 there is none of that name.
            """)

    @Argument(
        help: "The map or profile, such as pace-v1.3 or pylontech-lv-1.2.",
        completion: ProfileNames.all)
    var name: String

    @Flag(help: "Print one JSON object: the document with what it extends merged in.")
    var json = false

    @OptionGroup var options: ProfileOptions

    func run() throws {
        let examination = try ProfileDesk.examine(options.profiles)
        guard let entry = ProfileEntry.all(of: examination).first(where: { $0.id == name }) else {
            throw ExitCode(try absent(examination))
        }
        let place: SetPath = entry.kind == .pack ? .map(name) : .profile(name)
        guard let document = examination.document(place) else { return }
        if json {
            print(Self.json(entry, document), terminator: "")
        } else {
            let page = ProfilePage(
                entry: entry, document: document, layout: examination.profiles[name]?.layout,
                ink: Ink())
            print(page.text, terminator: "")
        }
    }

    /// Says why a name cannot be shown; the exit status.
    private func absent(_ examination: SetExamination) throws -> Int32 {
        let names = ProfileFolder(path: options.profiles).names
        if (names.maps + names.profiles).contains(name) {
            let files = [
                SetPath.map(name).path, SetPath.profile(name).path, SetPath.layout(name).path,
            ]
            for fault in examination.faults where files.contains(fault.file) {
                Output.note("\(fault)")
            }
            return ExitStatus.failure
        }
        let error = ProfileStoreError(
            missing: "map or profile", name, in: options.profiles, have: names.maps + names.profiles
        )
        Output.note("\(error)")
        return ExitStatus.configuration
    }

    private static func json(_ entry: ProfileEntry, _ document: JSONItem) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            entry.write(to: &writer)
            writer.name("document")
            writer.raw(Array(document.compact.utf8))
        }
        writer.endLine()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
