/// The parameters of a request, each of them known, given once and of its form.
///
/// Takes them one by one, and throws with all that is wrong at the end.
struct Query {
    private var values: [String: String] = [:]
    private var faults: [Problem.Fault] = []
    private var known: [String] = []

    /// Reads what stands behind the question mark; nil is nothing.
    init(_ text: String?) {
        for part in (text ?? "").utf8.split(separator: UInt8(ascii: "&")) {
            let pair = part.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(pair[0]),
                let value = pair.count == 2 ? Self.decoded(pair[1]) : ""
            else {
                let shown = String(decoding: pair[0].prefix(40), as: UTF8.self)
                faults.append(.init(place: shown, words: "is no percent-encoded UTF-8"))
                continue
            }
            guard values.updateValue(value, forKey: name) == nil else {
                faults.append(.init(place: String(name.prefix(40)), words: "is given twice"))
                continue
            }
        }
    }

    /// A text of a form; nil when it is not given or wrong.
    mutating func text(
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
    mutating func number(_ name: String, _ range: ClosedRange<Int>) -> Int? {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        let value = text(name, expected) { text in
            text.utf8.count <= 10 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
                && Int(text).map(range.contains) == true
        }
        return value.flatMap { Int($0) }
    }

    /// A moment by RFC 3339, Unix time in milliseconds; nil when it is not given or wrong.
    mutating func moment(_ name: String) -> Int64? {
        let value = text(name, "a moment such as '2026-11-26T06:00:00Z'") {
            MomentText.milliseconds($0) != nil
        }
        return value.flatMap { MomentText.milliseconds($0) }
    }

    /// One of a few words; nil when it is not given or wrong.
    mutating func word(_ name: String, _ words: [String]) -> String? {
        text(name, "one of \(words.joined(separator: ", "))") { words.contains($0) }
    }

    /// A cursor, by its form only; nil when it is not given or wrong.
    mutating func cursor() -> String? {
        text("cursor", "hexadecimal digits, at most \(Cursor.longest)", Cursor.isForm)
    }

    /// Says that a parameter is missing.
    mutating func require(_ name: String) {
        if values[name] == nil { refuse(name, "is missing") }
    }

    /// Says what is wrong with a parameter.
    mutating func refuse(_ name: String, _ words: String) {
        faults.append(.init(place: name, words: words))
    }

    /// Throws when something was wrong, or a parameter was given that nobody asked for.
    func finish() throws {
        var faults = faults
        for name in values.keys.sorted() where !known.contains(name) {
            let words =
                known.isEmpty
                ? "is unknown; there are no parameters here"
                : "is unknown, known are \(known.joined(separator: ", "))"
            faults.append(.init(place: String(name.prefix(40)), words: words))
        }
        guard !faults.isEmpty else { return }
        throw Problem(
            .queryInvalid, "see errors for each parameter", faults: Array(faults.prefix(20)))
    }

    private static func decoded(_ text: some Sequence<UInt8>) -> String? {
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

/// Ids and codes as they come in a request.
enum Names {
    /// Whether a text can be the id of a gateway.
    static func isID(_ text: String) -> Bool {
        consists(text) { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }

    /// Whether a text can be the code or the level of an alarm.
    static func isCode(_ text: String) -> Bool {
        consists(text) { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }

    private static func consists(_ text: String, _ isGood: (UInt8) -> Bool) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isGood)
    }
}
