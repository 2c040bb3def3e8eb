/// One thing wrong with a set.
package struct SetFault: Hashable, Sendable, CustomStringConvertible {
    /// The file's path below the set's folder.
    package let file: String
    /// The line from 1, or 0 when the fault is about the file as a whole.
    package let line: Int
    /// What is wrong: where, found, expected.
    package let message: String

    /// Names a fault and its place.
    package init(file: String, line: Int = 0, _ message: String) {
        (self.file, self.line, self.message) = (file, line, message)
    }

    /// Takes a sentence of a loader, which begins with `line 12: ` where it knows the line.
    init(file: String, sentence: String) {
        self.file = file
        let rest = sentence.hasPrefix("line ") ? sentence.dropFirst(5) : ""
        let digits = rest.prefix { $0.isNumber }
        let tail = rest.dropFirst(digits.count)
        if let line = Int(digits), tail.hasPrefix(": ") || tail.hasPrefix(", ") {
            self.line = line
            message = String(tail.dropFirst(2))
        } else {
            line = 0
            message = sentence
        }
    }

    /// Whether it is about `set.json` alone: an author's set is not sealed yet.
    package var isSeal: Bool {
        file == SetPath.manifest.path || message == SetFault.unlisted
    }

    /// Whether a vector fails.
    package var isVector: Bool { message.hasPrefix("vector '") }

    static let unlisted = "is not listed in set.json"

    /// `packs/acme.json, line 12: 'blocks[0].count' is 200, allowed 1…125`.
    package var description: String {
        line > 0 ? "\(file), line \(line): \(message)" : "\(file): \(message)"
    }
}

/// Why a set was refused whole; all faults at once, in the order of files and lines.
package struct ProfileSetError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The folder or the name of the set.
    package let name: String
    /// Every fault.
    package let faults: [SetFault]

    /// Joins a name and faults.
    package init(name: String, faults: [SetFault]) { (self.name, self.faults) = (name, faults) }

    /// One line for each fault.
    package var description: String {
        faults.map { "profile set '\(name)': \($0)" }.joined(separator: "\n")
    }
}
