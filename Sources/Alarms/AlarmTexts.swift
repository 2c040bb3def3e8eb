import Bank
import FoundationEssentials

/// What a person is told about an alarm, in one language.
package struct AlarmText: Equatable, Sendable {
    /// What it is, at most 40 characters, without any code.
    package let title: String
    /// What that means, in a sentence or two.
    package let meaning: String
    /// What the system did about it.
    package let done: String
    /// What the reader should do.
    package let advice: String
    /// Who should act, in words.
    package let who: String
    /// How bad it is, in words.
    package let level: String
}

/// Why a language's texts could not be read.
package struct AlarmTextError: Error, CustomStringConvertible {
    /// The sentence for the person who reads it.
    package let description: String
}

/// The words for every alarm, event and limit rule in one language.
///
/// They lie as data in `Texts`, one file a language with the same keys in each; `who.json` says who acts.
/// `{pack}` and `{cell}` stand for the numbers, counted from 1.
package struct AlarmTexts: Sendable {
    /// The languages there are, by their ISO 639-1 codes; the first is spoken where none was asked for.
    package static let languages = ["en", "de", "fr"]

    /// The language's ISO 639-1 code.
    package let language: String
    /// What the language calls itself.
    package let name: String
    private let file: TextFile

    /// Reads the texts that this program carries.
    package init(_ language: String) throws(AlarmTextError) {
        guard let bytes = Self.document(language) else {
            let known = Self.languages.joined(separator: ", ")
            throw AlarmTextError(
                description: "no texts in '\(language)', expected one of: \(known)")
        }
        file = try Self.decode(TextFile.self, bytes, "the texts in '\(language)'")
        (self.language, name) = (file.language, file.name)
    }

    /// The file of a language as it is, JSON by `alarm-texts-v1`; nil for a language that there is none of.
    package static func document(_ language: String) -> [UInt8]? {
        switch language {
        case "en": PackageResources.en_json
        case "de": PackageResources.de_json
        case "fr": PackageResources.fr_json
        default: nil
        }
    }

    /// The codes that have words, in the order of the file's keys.
    package var codes: [String] { file.codes.keys.sorted() }

    /// The rules that have words.
    package var rules: [String] { file.rules.keys.sorted() }

    /// What is told about an event.
    ///
    /// `code` is the stable name in the record; a name without words gets those of `unknown`. `level` is
    /// `information`, `warning`, `protection` or `fault`; `pack` 1 to 16, or 0 for the bank and the gateway.
    package func text(code: String, level: String, pack: UInt8) -> AlarmText {
        let known = file.codes[code] == nil ? "unknown" : code
        let words = file.codes[known] ?? TextFile.Words(title: code, meaning: "", advice: "")
        let done = AlarmConsequence(code: known, level: level)
        func filled(_ text: String) -> String { Self.fill(text, pack: pack, cell: 0) }
        return AlarmText(
            title: filled(words.title), meaning: filled(words.meaning),
            done: filled(file.consequences[done.rawValue] ?? ""), advice: filled(words.advice),
            who: file.who[Self.actor(code: known)] ?? "", level: file.levels[level] ?? level)
    }

    /// Who should act on an event: `nobody`, `owner`, `installer` or, for a code without words too, `operator`.
    package static func actor(code: String) -> String { actors[code] ?? "operator" }

    private static let actors =
        (try? decode([String: String].self, PackageResources.who_json, "who.json")) ?? [:]

    /// Why a limit is no higher; the rule's own name where it has no words.
    ///
    /// `rule` is the stable name in the record; `pack` (1 to 16) and `cell` (from 1 on) are 0 where the rule
    /// speaks of none.
    package func reason(rule: String, pack: UInt8, cell: UInt8) -> String {
        Self.fill(file.rules[rule] ?? rule, pack: pack, cell: cell)
    }

    private static func fill(_ text: String, pack: UInt8, cell: UInt8) -> String {
        text.replacing("{pack}", with: "\(pack)").replacing("{cell}", with: "\(cell)")
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ bytes: [UInt8], _ name: String
    ) throws(AlarmTextError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw AlarmTextError(description: "\(name) cannot be read: \(error)")
        }
    }
}

/// The form of one language's file.
private struct TextFile: Decodable, Sendable {
    struct Words: Decodable, Sendable {
        let title: String
        let meaning: String
        let advice: String
    }

    let language: String
    let name: String
    let levels: [String: String]
    let who: [String: String]
    let consequences: [String: String]
    let codes: [String: Words]
    let rules: [String: String]
}
