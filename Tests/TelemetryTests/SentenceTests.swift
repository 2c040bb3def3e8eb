import TestKit
import Testing

@testable import Telemetry

/// What is said by a code is found again in its English words, with its values.
@Suite struct SentenceTests {
    private enum Words: String, Sentence {
        case late
        case lost
        case noted
        case reverted
        case counted
        case named
        case both

        var words: String {
            switch self {
            case .late: "it was late by {seconds} s"
            case .lost: "no set is known; it is taken back"
            case .noted: "paused by {author}: {note}"
            case .reverted: "it went back: {reason}"
            case .counted: "{count} silent"
            case .named: "label '{label}'"
            case .both: "label '{label}', zone '{zone}'"
            }
        }
    }

    private let book = SentenceBook(Words.entries)

    private func read(_ text: String) -> [String] {
        book.statements(in: text).map { statement in
            let values = statement.values.map { " \($0.name)=\($0.text)" }.joined()
            return (statement.code ?? "?") + values
        }
    }

    @Test func `every sentence is read as it was said`() {
        for sentence in Words.allCases {
            var values: [String: String] = [:]
            for name in ["seconds", "author", "note", "count", "label", "zone"] {
                values[name] = "a \(name) of 5'%"
            }
            let text = sentence.filled(values.merging(["reason": "3 silent"]) { $1 })
            let found = book.statements(in: text)
            #expect(found.first?.code == sentence.rawValue)
            for value in found.first?.values ?? [] where sentence != .reverted {
                #expect(value.text == values[value.name])
            }
        }
    }

    @Test(arguments: ["; ", ", ", ": ", "5 silent, ", "it went back: "])
    func `a text that is long, or has many ends, is read in bounded time`(piece: String) {
        // a gateway may write as much as fits into a message
        let long = String(repeating: piece, count: 20_000)
        #expect(book.statements(in: long) == [Statement(code: nil, text: long)])
        let short = String(repeating: piece, count: 1_024 / piece.utf8.count)
        #expect(book.statements(in: short).count <= 25)
        let listed = "it went back: " + String(repeating: "a, ", count: 40) + "5 silent"
        #expect(read(listed).first == "reverted")
    }

    @Test func `a reason is read as sentences of its own`() {
        #expect(
            read("it went back: 2 silent, 1 silent")
                == ["reverted", "counted count=2", "counted count=1"])
        #expect(book.statements(in: "it went back: 2 silent").first?.text == "it went back")
        #expect(read("it went back: the disk is full") == ["reverted", "?"])
        #expect(read("it went back: ") == ["reverted"])
    }

    @Test func `sentences behind each other are told apart, one with a semicolon too`() {
        #expect(
            read("it was late by 5 s; no set is known; it is taken back")
                == ["late seconds=5", "lost"])
        #expect(read("it went back: 2 silent; it was late by 5 s").last == "late seconds=5")
    }

    @Test func `what somebody wrote stays whole`() {
        #expect(
            read("paused by otto: a storm; it was late by 5 s")
                == ["noted author=otto note=a storm; it was late by 5 s"])
    }

    @Test func `the sentence that says more is meant`() {
        #expect(read("label 'A', zone 'B'") == ["both label=A zone=B"])
        #expect(read("label 'A'") == ["named label=A"])
        #expect(read("label 'A; it was late'") == ["named label=A; it was late"])
    }

    @Test func `a text that is none of ours stays one without a code`() {
        #expect(book.statements(in: "") == [])
        #expect(
            book.statements(in: "late, or 5 silent ways; so")
                == [Statement(code: nil, text: "late, or 5 silent ways; so")])
    }

    @Test func `no text takes long or crashes`() {
        var generator = SeededGenerator(seed: 7)
        let parts = ["it went back: ", "; ", ", ", "2 silent", "é", "'", "label '", "{", "}", " s"]
        for _ in 0..<300 {
            let text = (0..<40).map { _ in parts.randomElement(using: &generator) ?? "" }.joined()
            let found = book.statements(in: text)
            #expect(found.count <= 25)
        }
    }
}
