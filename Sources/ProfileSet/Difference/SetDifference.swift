import CANBus
import StrictJSON

/// One thing that two versions of a document say differently.
package struct MeaningChange: Hashable, Sendable {
    /// What happened to the subject.
    package enum Kind: Sendable { case added, removed, changed }

    /// What happened.
    package let kind: Kind
    /// `signal voltage`, `frame Limits, signal ChargeVoltage`.
    package let subject: String
    /// `scale 0.01 → 0.001`, or all attributes of a new or removed subject.
    package let words: String
}

/// What changed in one map, profile or other document.
package struct DocumentDifference: Sendable {
    /// `pack map 'acme-l16'`.
    package let title: String
    /// What happened to it as a whole.
    package let kind: MeaningChange.Kind
    /// What changed in it, by subject; empty when it is new or gone.
    package let changes: [MeaningChange]

    /// Compares two documents of the same thing.
    package init(title: String, _ before: DocumentMeaning, _ after: DocumentMeaning) {
        self.title = title
        kind = .changed
        let names = Set(before.subjects.keys).union(after.subjects.keys)
        changes = names.sorted().compactMap { name in
            Self.change(name, before.subjects[name], after.subjects[name])
        }
    }

    /// A document that is new or gone.
    package init(title: String, _ kind: MeaningChange.Kind) {
        self.title = title
        self.kind = kind
        changes = []
    }

    private static func change(
        _ name: String, _ before: [String: String]?, _ after: [String: String]?
    ) -> MeaningChange? {
        guard let before else {
            return MeaningChange(kind: .added, subject: name, words: list(after ?? [:]))
        }
        guard let after else {
            return MeaningChange(kind: .removed, subject: name, words: list(before))
        }
        let keys = Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }
        if keys.isEmpty { return nil }
        let words = keys.map { key in
            "\(key) \(before[key] ?? "not set") → \(after[key] ?? "not set")"
        }
        return MeaningChange(
            kind: .changed, subject: name, words: words.joined(separator: "; "))
    }

    private static func list(_ attributes: [String: String]) -> String {
        attributes.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }
            .map { $0.key.isEmpty ? $0.value : "\($0.key) \($0.value)" }.joined(separator: "; ")
    }
}

/// What changed from one set to another, in meaning and not in text.
package enum SetDifference {
    /// Compares the files of two sets by path; documents that cannot be read are faults.
    package static func compare(
        _ before: [String: [UInt8]], _ after: [String: [UInt8]], name: String
    ) throws(ProfileSetError) -> [DocumentDifference] {
        let old = try meanings(before, name: name)
        let new = try meanings(after, name: name)
        let titles = Set(old.keys).union(new.keys)
        return titles.sorted().compactMap { title in
            guard let before = old[title] else { return DocumentDifference(title: title, .added) }
            guard let after = new[title] else { return DocumentDifference(title: title, .removed) }
            let difference = DocumentDifference(title: title, before, after)
            return difference.changes.isEmpty ? nil : difference
        }
    }

    /// The meaning of each thing in a set under its title; a profile has two documents.
    private static func meanings(
        _ files: [String: [UInt8]], name: String
    ) throws(ProfileSetError) -> [String: DocumentMeaning] {
        var meanings: [String: DocumentMeaning] = [:]
        for (path, bytes) in files {
            guard let place = SetPath(path) else { continue }
            var meaning = try meaning(of: bytes, isLayout: place.isLayout, file: path, name: name)
            if place == .manifest { meaning.forgetFiles() }
            meanings[place.title, default: DocumentMeaning()].join(meaning)
        }
        return meanings
    }

    /// The meaning of one file.
    package static func meaning(
        of bytes: [UInt8], isLayout: Bool, file: String, name: String
    ) throws(ProfileSetError) -> DocumentMeaning {
        if isLayout {
            do {
                return DocumentMeaning(try DBCParser.parse(bytes))
            } catch {
                throw ProfileSetError(
                    name: name,
                    faults: error.faults.map { SetFault(file: file, sentence: $0.description) })
            }
        }
        do {
            return DocumentMeaning(try JSONParser.parse(bytes))
        } catch {
            throw ProfileSetError(
                name: name, faults: [SetFault(file: file, sentence: error.description)])
        }
    }
}

extension DocumentMeaning {
    /// Hashes change with every comma.
    mutating func forgetFiles() {
        subjects["files"] = nil
        subjects["document"]?["seal"] = nil
    }
}

extension SetPath {
    /// Whether it is a DBC file.
    package var isLayout: Bool { if case .layout = self { true } else { false } }

    /// What people call the thing at this place.
    package var title: String {
        switch self {
        case .manifest: "set"
        case .foreign: "foreign frames"
        case .map(let id): "pack map '\(id)'"
        case .profile(let id), .layout(let id): "inverter profile '\(id)'"
        case .mapVectors(let id): "vectors of pack map '\(id)'"
        case .profileVectors(let id): "vectors of inverter profile '\(id)'"
        }
    }
}
