/// Sentences that a program says in English and others in the language of whoever reads them.
///
/// The raw value is the code of a sentence: letters a…z and underscores, stable. ``SentenceBook`` finds the
/// code again in a text that was kept or sent.
package protocol Sentence: RawRepresentable<String>, CaseIterable, Sendable {
    /// The English words; a value stands as its name in braces, never two beside each other.
    ///
    /// What stands for `{reason}` is made of sentences again, what stands for `{note}` or `{label}` somebody wrote;
    /// `{alarms}`, `{allowed}`, `{expected}` and `{found}` may be lists. Any other is one word, name or number.
    var words: String { get }
}

extension Sentence {
    /// The English sentence with its values.
    package func filled(_ values: [String: any CustomStringConvertible] = [:]) -> String {
        var text = ""
        for piece in SentencePiece.pieces(of: words) {
            switch piece {
            case .literal(let bytes): text += String(decoding: bytes, as: UTF8.self)
            case .value(let name): text += values[name].map { "\($0)" } ?? "{\(name)}"
            }
        }
        return text
    }

    /// All sentences with their codes, for a book.
    package static var entries: [(code: String, words: String)] {
        allCases.map { ($0.rawValue, $0.words) }
    }
}

/// A part of a sentence.
enum SentencePiece: Hashable, Sendable {
    /// Words that are always the same.
    case literal([UInt8])
    /// A value, by its name.
    case value(String)

    /// The parts of words with names in braces.
    static func pieces(of words: String) -> [SentencePiece] {
        var pieces: [SentencePiece] = []
        var bytes: [UInt8] = []
        func end(_ piece: ([UInt8]) -> SentencePiece) {
            if !bytes.isEmpty { pieces.append(piece(bytes)) }
            bytes = []
        }
        for byte in words.utf8 {
            switch byte {
            case UInt8(ascii: "{"): end { .literal($0) }
            case UInt8(ascii: "}"): end { .value(String(decoding: $0, as: UTF8.self)) }
            default: bytes.append(byte)
            }
        }
        end { .literal($0) }
        return pieces
    }
}

/// A sentence that was said: its code and values for programs, and its English.
package struct Statement: Hashable, Sendable {
    /// A value in it.
    package struct Value: Hashable, Sendable {
        /// Its name and its text.
        package var name: String, text: String

        /// Joins both.
        package init(_ name: String, _ text: String) {
            self.name = name
            self.text = text
        }
    }

    /// The code of the sentence; nil when it is none that is known.
    package var code: String?
    /// The English words.
    package var text: String
    /// The values in it, in their order.
    package var values: [Value]

    /// Joins the parts.
    package init(code: String?, text: String, values: [Value] = []) {
        self.code = code
        self.text = text
        self.values = values
    }
}

extension JSONWriter {
    /// Writes a member that is a list of statements.
    package mutating func statements(_ name: StaticString, _ statements: [Statement]) {
        self.name(name)
        array { writer in
            for statement in statements {
                writer.object { writer in
                    writer.name("code")
                    if let code = statement.code { writer.string(code) } else { writer.null() }
                    writer.name("text")
                    writer.string(statement.text)
                    writer.texts("values", statement.values)
                }
            }
        }
    }
}
