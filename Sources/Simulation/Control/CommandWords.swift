/// The words of one command, taken from the front.
struct CommandWords {
    private var words: ArraySlice<String>

    init(_ text: String) {
        words = text.split(whereSeparator: \.isWhitespace).map(String.init)[...]
    }

    var isEmpty: Bool { words.isEmpty }

    /// Whether the next word is a bare whole number.
    var isNumberNext: Bool { words.first.map { Int($0) != nil } ?? false }

    mutating func next(_ expected: String) throws(SimulationError) -> String {
        guard let word = words.popFirst() else {
            throw .command(found: "the end of the command", expected: expected)
        }
        return word
    }

    mutating func number(
        _ what: String, in range: ClosedRange<Double>
    ) throws(SimulationError) -> Double {
        let expected =
            "\(what), \(JSONText.number(range.lowerBound, decimals: 0))…"
            + JSONText.number(range.upperBound, decimals: 0)
        let word = try next(expected)
        guard let number = Double(word), range.contains(number) else {
            throw .command(found: word, expected: expected)
        }
        return number
    }

    mutating func pack(_ count: Int) throws(SimulationError) -> Int {
        Int(try number("a pack number", in: 1...Double(count)))
    }

    /// Milliseconds of `500ms`, `10s` or `2m`.
    mutating func duration() throws(SimulationError) -> Int64 {
        let word = try next("a duration")
        let units: [(String, Double)] = [("ms", 1), ("s", 1000), ("m", 60_000)]
        for (unit, factor) in units where word.hasSuffix(unit) {
            guard let number = Double(word.dropLast(unit.count)) else { continue }
            guard number > 0, number < 1e7 else { break }
            return Int64(number * factor)
        }
        throw .command(found: word, expected: "a duration such as 500ms, 10s or 2m")
    }

    func finish() throws(SimulationError) {
        guard let word = words.first else { return }
        throw .command(found: word, expected: "the end of the command")
    }
}

/// A list of pack numbers in a command.
package enum PackList {
    static let expected = "packs such as 7, 2-5, 1,4 or all"

    /// Reads `7`, `2-5`, `1,4,7-9` or `all`, each number 1…count.
    package static func parse(_ text: String, count: Int) throws(SimulationError) -> [Int] {
        if text == "all" { return Array(1...count) }
        var packs: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil else {
                throw .command(found: text, expected: expected)
            }
            guard first >= 1, last <= count, first <= last else {
                throw .command(found: text, expected: "packs 1…\(count)")
            }
            packs.formUnion(first...last)
        }
        return packs.sorted()
    }
}
