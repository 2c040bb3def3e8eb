/// Finds sentences again in texts that were kept or sent.
///
/// Stores and gateways keep what was said in English, for people and for programs older than the codes. What a book
/// has said itself it reads without a doubt; what it does not know stays a text without a code.
package struct SentenceBook: Sendable {
    private struct Entry: Sendable {
        let code: String
        let pieces: [SentencePiece]
        /// How many bytes of it are the same every time; of two that fit the longer one is meant.
        let weight: Int
    }

    private let entries: [Entry]

    /// So many sentences of one text are read, each with so many places where it could end; the rest is one text.
    ///
    /// A gateway writes some of them, and may write anything: reading takes time that grows with all three.
    private static var most: Int { 24 }
    private static var mostEnds: Int { 32 }
    /// The longest text that is read at all, in bytes.
    private static var longest: Int { 1_024 }

    /// A book of these sentences, by ``Sentence/entries``.
    package init(_ sentences: [(code: String, words: String)]) {
        entries = sentences.map { sentence in
            let pieces = SentencePiece.pieces(of: sentence.words)
            let weight = pieces.reduce(0) { sum, piece in
                if case .literal(let bytes) = piece { return sum + bytes.count }
                return sum
            }
            return Entry(code: sentence.code, pieces: pieces, weight: weight)
        }.sorted { $0.weight > $1.weight }
    }

    /// The sentences of a text, in their order; none of an empty one.
    package func statements(in text: String) -> [Statement] {
        guard text.utf8.count <= Self.longest else { return [Statement(code: nil, text: text)] }
        var found: [Statement] = []
        var rest = ArraySlice(Array(text.utf8))
        while !rest.isEmpty {
            guard found.count < Self.most, let (statement, left) = first(of: rest) else {
                found.append(Statement(code: nil, text: String(decoding: rest, as: UTF8.self)))
                break
            }
            found.append(statement)
            rest = left
        }
        return found
    }

    /// The sentence that a text begins with, and what follows it.
    private func first(
        of text: ArraySlice<UInt8>
    ) -> (statement: Statement, rest: ArraySlice<UInt8>)? {
        if let whole = statement(text) { return whole }
        let places = text.indices.dropLast().lazy.filter {
            text[$0 + 1] == UInt8(ascii: " ") && Self.ends.contains(text[$0])
        }
        for index in places.prefix(Self.mostEnds) {
            if let part = statement(text[..<index]), part.rest.isEmpty {
                return (part.statement, text[(index + 2)...])
            }
        }
        return nil
    }

    private static let ends = [UInt8(ascii: ";"), UInt8(ascii: ",")]

    /// A text as one sentence; what stands for its reason is left to be read.
    private func statement(
        _ text: ArraySlice<UInt8>
    ) -> (statement: Statement, rest: ArraySlice<UInt8>)? {
        for entry in entries {
            guard let values = Self.values(of: entry.pieces, in: text) else { continue }
            let reason = values.first { $0.name == "reason" }?.bytes ?? []
            var words = String(decoding: text.dropLast(reason.count), as: UTF8.self)
            if !reason.isEmpty, words.hasSuffix(": ") { words.removeLast(2) }
            let shown = values.filter { $0.name != "reason" }
            let statement = Statement(
                code: entry.code, text: words,
                values: shown.map { .init($0.name, String(decoding: $0.bytes, as: UTF8.self)) })
            return (statement, reason)
        }
        return nil
    }

    private static func values(
        of pieces: [SentencePiece], in text: ArraySlice<UInt8>
    ) -> [(name: String, bytes: ArraySlice<UInt8>)]? {
        var (rest, found) = (text, [(name: String, bytes: ArraySlice<UInt8>)]())
        var open: String?
        for (place, piece) in pieces.enumerated() {
            guard case .literal(let literal) = piece else {
                if case .value(let name) = piece { open = name }
                continue
            }
            guard let name = open else {
                guard rest.starts(with: literal) else { return nil }
                rest = rest.dropFirst(literal.count)
                continue
            }
            let isLast = place == pieces.count - 1
            guard let end = isLast ? last(literal, rest) : first(literal, rest),
                isValue(rest[..<end], name)
            else { return nil }
            found.append((name, rest[..<end]))
            rest = rest[(end + literal.count)...]
            open = nil
        }
        guard let name = open else { return rest.isEmpty ? found : nil }
        guard isValue(rest, name) else { return nil }
        return found + [(name, rest)]
    }

    /// Values that may hold anything, since people or sentences stand there, and those that may be lists.
    private static let free = ["reason", "note", "label"]
    private static let lists = ["alarms", "allowed", "expected", "found"]

    /// A value is one word, name or number; nothing in it may look like the end of a sentence.
    private static func isValue(_ bytes: ArraySlice<UInt8>, _ name: String) -> Bool {
        if free.contains(name) { return true }
        let ends = lists.contains(name) ? ["; "] : ["; ", ", ", ": "]
        return !bytes.isEmpty && ends.allSatisfy { first(Array($0.utf8), bytes) == nil }
    }

    private static func first(_ literal: [UInt8], _ text: ArraySlice<UInt8>) -> Int? {
        guard literal.count <= text.count else { return nil }
        return (text.startIndex...(text.endIndex - literal.count)).first {
            text[$0...].starts(with: literal)
        }
    }

    private static func last(_ literal: [UInt8], _ text: ArraySlice<UInt8>) -> Int? {
        guard literal.count <= text.count else { return nil }
        let start = text.endIndex - literal.count
        return text[start...].elementsEqual(literal) ? start : nil
    }
}
