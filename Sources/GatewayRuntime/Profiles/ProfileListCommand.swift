import ArgumentParser
import ProfileSet
import Telemetry

/// `profile list`.
struct ProfileListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List pack maps and inverter profiles with what proves them.",
        discussion: """
            PROOFS counts vectors: recorded from a device, printed by the vendor, computed from \
            tables. 'experimental' marks what only one source tells: it has to be allowed in the \
            configuration before the gateway uses it.

            Exit status: 0 success, 1 the set has faults and what loads is listed, 3 the folder \
            cannot be read.
            """)

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var options: ProfileOptions

    func run() throws {
        let examination = try ProfileDesk.examine(options.profiles)
        let entries = ProfileEntry.all(of: examination)
        print(json ? Self.json(entries, examination) : Self.table(entries), terminator: "")
        Output.flush()
        guard examination.faults.isEmpty else {
            Output.note(
                "\(options.profiles): \(ProfileDesk.count(examination.faults.count, "fault")), no gateway starts on this set; see: amphora-gateway profile lint \(options.profiles)"
            )
            throw ExitCode(ExitStatus.failure)
        }
    }

    private static func table(_ entries: [ProfileEntry]) -> String {
        let ink = Ink()
        var text = ""
        let width = entries.map(\.id.count).max() ?? 0
        for kind in ProfileEntry.Kind.allCases {
            let group = entries.filter { $0.kind == kind }
            if group.isEmpty { continue }
            text += (text.isEmpty ? "" : "\n") + ink.bold(kind.heading) + "\n"
            for entry in group {
                let id = entry.id + String(repeating: " ", count: width - entry.id.count)
                text += "  \(ink.bold(id))  \(entry.title)\n"
                let indent = String(repeating: " ", count: width + 4)
                let mark = entry.isExperimental ? ink.careful("  experimental") : ""
                text += "\(indent)\(entry.confidence), proofs: \(entry.proofs.words)\(mark)\n"
                if !entry.speaksTo.isEmpty {
                    text += "\(indent)speaks to: \(entry.speaksTo.joined(separator: ", "))\n"
                }
            }
        }
        return text
    }

    private static func json(
        _ entries: [ProfileEntry], _ examination: SetExamination
    ) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("set")
            if let manifest = examination.manifest {
                writer.object { writer in
                    writer.name("id")
                    writer.string(manifest.id)
                    writer.name("version")
                    writer.string("\(manifest.version)")
                    writer.name("release")
                    writer.integer(manifest.release)
                }
            } else {
                writer.null()
            }
            writer.name("faults")
            writer.integer(examination.faults.count)
            writer.name("entries")
            writer.array { writer in
                for entry in entries { writer.object { entry.write(to: &$0) } }
            }
        }
        writer.endLine()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension ProofCount {
    /// `3 captures, 0 vendor, 12 computed`.
    var words: String { "\(captures) captured, \(vendor) vendor, \(computed) computed" }
}

/// One map or profile as lists and screens show it.
struct ProfileEntry {
    /// What it is.
    enum Kind: String, CaseIterable {
        case pack, inverter

        /// The heading of its part of a list.
        var heading: String { self == .pack ? "PACK MAPS" : "INVERTER PROFILES" }
    }

    let kind: Kind
    let id: String
    let title: String
    let confidence: String
    let proofs: ProofCount
    let speaksTo: [String]

    /// Only one source tells of it.
    var isExperimental: Bool { confidence == "single" }

    /// Everything that loaded, packs first, by name.
    static func all(of examination: SetExamination) -> [ProfileEntry] {
        let maps = examination.maps.values.map { map in
            ProfileEntry(
                kind: .pack, id: map.id, title: map.title, confidence: map.confidence.rawValue,
                proofs: examination.proofs[map.id] ?? ProofCount(), speaksTo: [])
        }
        let profiles = examination.profiles.values.map { profile in
            ProfileEntry(
                kind: .inverter, id: profile.id, title: profile.title,
                confidence: profile.confidence,
                proofs: examination.proofs[profile.id] ?? ProofCount(),
                speaksTo: examination.document(.profile(profile.id))?.texts("speaks_to") ?? [])
        }
        return maps.sorted { $0.id < $1.id } + profiles.sorted { $0.id < $1.id }
    }

    /// The members of its JSON object.
    func write(to writer: inout JSONWriter) {
        writer.name("id")
        writer.string(id)
        writer.name("kind")
        writer.string(kind.rawValue)
        writer.name("title")
        writer.string(title)
        writer.name("confidence")
        writer.string(confidence)
        writer.name("experimental")
        writer.bool(isExperimental)
        writer.name("proofs")
        writer.object { writer in
            writer.name("captures")
            writer.integer(proofs.captures)
            writer.name("vendor")
            writer.integer(proofs.vendor)
            writer.name("computed")
            writer.integer(proofs.computed)
        }
        writer.name("speaks_to")
        writer.array { writer in
            for name in speaksTo { writer.string(name) }
        }
    }
}
