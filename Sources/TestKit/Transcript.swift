import FoundationEssentials

/// A recorded conversation on a line: `> 01 03 …` is what the master sent, `< 01 03 …` what came.
///
/// Lines of the same direction belong together. An empty line ends an exchange. `#` begins a
/// comment; the last comment before an exchange is its note.
package struct Transcript: Sendable {
    /// One request and what came back; either may be empty.
    package struct Exchange: Hashable, Sendable {
        /// The comment in front, without its mark.
        package var note = ""
        /// The bytes that went out.
        package var request: [UInt8] = []
        /// The bytes that came back.
        package var answer: [UInt8] = []
        /// The answer as its lines have it, for what must not be taken as one piece.
        package var answerLines: [[UInt8]] = []

        var isEmpty: Bool { request.isEmpty && answer.isEmpty }
    }

    /// The exchanges in their order.
    package let exchanges: [Exchange]

    /// Reads the text of a transcript; a line that is none of the above is an error.
    package init(parsing text: String) throws(TestKitError) {
        var exchanges: [Exchange] = []
        var current = Exchange()
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            switch line.first {
            case nil:
                if !current.isEmpty { exchanges.append(current) }
                current = Exchange()
            case "#": current.note = String(line.dropFirst(2))
            case ">": current.request += try Self.bytes(line, number: index + 1)
            case "<":
                let bytes = try Self.bytes(line, number: index + 1)
                current.answer += bytes
                current.answerLines.append(bytes)
            default: throw Self.unreadable(line, number: index + 1)
            }
        }
        if !current.isEmpty { exchanges.append(current) }
        self.exchanges = exchanges
    }

    /// Loads `Fixtures/<name>.txt` beside the suite that asks.
    package static func load(
        _ name: String, beside suite: String = #filePath
    ) throws(TestKitError) -> Transcript {
        let folder = suite.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let path = (folder + ["Fixtures", "\(name).txt"]).joined(separator: "/")
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .missing(part: "fixture '\(name)'", remedy: "'\(path)' cannot be read: \(error)")
        }
        return try Transcript(parsing: text)
    }

    private static func bytes(
        _ line: Substring, number: Int
    ) throws(TestKitError) -> [UInt8] {
        var bytes: [UInt8] = []
        for word in line.dropFirst().split(separator: " ") {
            guard word.utf8.count == 2, let byte = UInt8(word, radix: 16) else {
                throw unreadable(line, number: number)
            }
            bytes.append(byte)
        }
        return bytes
    }

    private static func unreadable(_ line: Substring, number: Int) -> TestKitError {
        .missing(
            part: "'>', '<' or '#' and hex bytes in line \(number) of a transcript",
            remedy: "found '\(line)'")
    }
}
