import Telemetry

/// A part of a request that is wrong.
package struct RequestFault: Hashable, Sendable {
    /// The name of the parameter, or a JSON pointer into the document.
    package var place: String
    /// What was expected and found.
    package var words: String
    /// The same in sentences with codes, where whoever found it knows them.
    package var said: [Statement]

    /// Joins the parts.
    package init(place: String, words: String, said: [Statement] = []) {
        self.place = place
        self.said = said
        self.words = words
    }

    /// The same in sentences with codes, where they are known.
    package var statements: [Statement] {
        said.isEmpty ? RequestSentence.statements(in: words) : said
    }
}

/// The parameters of a request, each of them known, given once and of its form.
///
/// Takes them one by one, and tells all that is wrong at the end.
package struct Query {
    private var values: [String: String] = [:]
    private var noted: [RequestFault] = []
    private var known: [String] = []

    /// Reads what stands behind the question mark; nil is nothing.
    package init(_ text: String?) {
        for part in (text ?? "").utf8.split(separator: UInt8(ascii: "&")) {
            let pair = part.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(pair[0]),
                let value = pair.count == 2 ? Self.decoded(pair[1]) : ""
            else {
                let shown = String(decoding: pair[0].prefix(40), as: UTF8.self)
                noted.append(.init(place: shown, words: "is no percent-encoded UTF-8"))
                continue
            }
            guard values.updateValue(value, forKey: name) == nil else {
                noted.append(.init(place: String(name.prefix(40)), words: "is given twice"))
                continue
            }
        }
    }

    /// A text of a form; nil when it is not given or wrong.
    package mutating func text(
        _ name: String, _ expected: String, _ isGood: (String) -> Bool
    ) -> String? {
        known.append(name)
        guard let value = values[name] else { return nil }
        guard isGood(value) else {
            refuse(name, "expected \(expected), found '\(value.prefix(40))'")
            return nil
        }
        return value
    }

    /// A whole number of a range; nil when it is not given or wrong.
    package mutating func number(_ name: String, _ range: ClosedRange<Int>) -> Int? {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        let value = text(name, expected) { text in
            text.utf8.count <= 10 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
                && Int(text).map(range.contains) == true
        }
        return value.flatMap { Int($0) }
    }

    /// A moment by RFC 3339, Unix time in milliseconds; nil when it is not given or wrong.
    package mutating func moment(_ name: String) -> Int64? {
        let value = text(name, "a moment such as '2026-11-26T06:00:00Z'") {
            MomentText.milliseconds($0) != nil
        }
        return value.flatMap { MomentText.milliseconds($0) }
    }

    /// One of a few words; nil when it is not given or wrong.
    package mutating func word(_ name: String, _ words: [String]) -> String? {
        text(name, "one of \(words.joined(separator: ", "))") { words.contains($0) }
    }

    /// Says that a parameter is missing.
    package mutating func require(_ name: String) {
        if values[name] == nil { refuse(name, "is missing") }
    }

    /// Says what is wrong with a parameter.
    package mutating func refuse(_ name: String, _ words: String) {
        noted.append(.init(place: name, words: words))
    }

    /// What was wrong, and each parameter that nobody asked for; empty when all is well, 20 at most.
    package var faults: [RequestFault] {
        var faults = noted
        for name in values.keys.sorted() where !known.contains(name) {
            let words =
                known.isEmpty
                ? "is unknown; there are no parameters here"
                : "is unknown, known are \(known.joined(separator: ", "))"
            faults.append(.init(place: String(name.prefix(40)), words: words))
        }
        return Array(faults.prefix(20))
    }

    package static func decoded(_ text: some Sequence<UInt8>) -> String? {
        var bytes: [UInt8] = []
        var rest = text.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next(), let low = rest.next(),
                let one = Character(Unicode.Scalar(high)).hexDigitValue,
                let two = Character(Unicode.Scalar(low)).hexDigitValue
            else { return nil }
            bytes.append(UInt8(one << 4 | two))
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
