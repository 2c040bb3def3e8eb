/// Why something about the authority could not be done.
package enum AuthorityError: Error, Hashable, CustomStringConvertible {
    /// A file or folder could not be used; the system said why.
    case file(String)
    /// What lies in a file is not what belongs there.
    case content(String)
    /// A key is encrypted and the passphrase is missing or another one.
    case passphrase(String)
    /// What was asked for is not allowed.
    case request(String)
    /// There is no such thing.
    case missing(String)

    /// The sentence for the person who reads it.
    package var description: String {
        switch self {
        case .file(let words), .content(let words), .passphrase(let words), .request(let words),
            .missing(let words):
            words
        }
    }
}

/// What opens an encrypted key; it does not print.
package struct Passphrase: Sendable, CustomStringConvertible, CustomReflectable {
    /// The fewest bytes a new passphrase has.
    package static let fewestBytes = 8

    /// The passphrase itself, UTF-8.
    let bytes: [UInt8]

    /// Takes the first line of a file; nil when it is empty, longer than 1024 bytes or holds a zero.
    package init?(firstLineOf text: [UInt8]) {
        let line = text.prefix { $0 != 0x0A && $0 != 0x0D }
        guard (1...1024).contains(line.count), !line.contains(0) else { return nil }
        bytes = Array(line)
    }

    /// Whether it is long enough to protect a new key.
    package var isLongEnough: Bool { bytes.count >= Self.fewestBytes }

    /// Dots.
    package var description: String { "••••" }

    /// Nothing to see.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
