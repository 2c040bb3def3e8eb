/// Why the bytes of a message are no record.
///
/// Only the place is kept while reading; the path to it is worked out when somebody wants the words,
/// so a good record pays nothing for it.
struct RecordFault: Error {
    enum Kind {
        /// Something else stood there.
        case expected(String)
        /// An object ended without this member.
        case missing(String)
        /// This member came a second time.
        case repeated(String)
    }

    /// Where in the bytes.
    let offset: Int
    let kind: Kind

    /// Something other than `words` stands at `offset`.
    static func expected(_ words: String, at offset: Int) -> RecordFault {
        RecordFault(offset: offset, kind: .expected(words))
    }

    /// `packs[3].voltage_v: expected a number with at most 3 decimals, found 1.2345`.
    func sentence(in bytes: [UInt8]) -> String {
        switch kind {
        case .expected(let words):
            let path = RecordPlace.path(to: offset, in: bytes)
            let found = RecordPlace.token(at: offset, in: bytes)
            return "\(path.isEmpty ? "record" : path): expected \(words), found \(found)"
        case .missing(let name):
            return "\(member(name, in: bytes)): expected a value, found no such member"
        case .repeated(let name):
            return "\(member(name, in: bytes)): expected once, found again"
        }
    }

    private func member(_ name: String, in bytes: [UInt8]) -> String {
        let path = RecordPlace.path(to: offset, in: bytes, withMember: false)
        return path.isEmpty ? name : "\(path).\(name)"
    }
}

/// Says where in a JSON text a byte stands and what stands there.
enum RecordPlace {
    private struct Level {
        let isObject: Bool
        var name = ""
        var index = 0
        var awaitsName = true
    }

    /// The path of the value that begins at `offset`, as `bank.temperature_max_c.value` or `packs[3]`.
    ///
    /// What stands before `offset` has been read and found well formed. Without `withMember` the path
    /// is that of the object around.
    static func path(to offset: Int, in bytes: [UInt8], withMember: Bool = true) -> String {
        var levels: [Level] = []
        var position = 0
        while position < min(offset, bytes.count) {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let start = position + 1
                position = end(ofTextFrom: start, in: bytes)
                if let top = levels.last, top.isObject, top.awaitsName {
                    levels[levels.count - 1].name = clipped(bytes[start..<max(start, position)])
                }
            } else {
                advance(&levels, over: byte)
            }
            position += 1
        }
        return text(of: levels, withMember: withMember)
    }

    private static func advance(_ levels: inout [Level], over byte: UInt8) {
        let last = levels.count - 1
        switch byte {
        case UInt8(ascii: "{"): levels.append(Level(isObject: true))
        case UInt8(ascii: "["): levels.append(Level(isObject: false))
        case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = levels.popLast()
        case UInt8(ascii: ":") where last >= 0: levels[last].awaitsName = false
        case UInt8(ascii: ",") where last >= 0:
            levels[last].index += 1
            levels[last].awaitsName = true
        default: break
        }
    }

    private static func text(of levels: [Level], withMember: Bool) -> String {
        var path = ""
        for (depth, level) in levels.enumerated() {
            if !level.isObject {
                path += "[\(level.index)]"
            } else if depth < levels.count - 1 || (withMember && !level.awaitsName) {
                path += path.isEmpty ? level.name : ".\(level.name)"
            }
        }
        return path
    }

    /// What stands at `offset`, short enough for a log line.
    static func token(at offset: Int, in bytes: [UInt8]) -> String {
        guard offset < bytes.count else { return "the end" }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return "an object"
        case UInt8(ascii: "["): return "a list"
        case UInt8(ascii: "\""):
            let end = end(ofTextFrom: offset + 1, in: bytes)
            return "'\(clipped(bytes[(offset + 1)..<max(offset + 1, end)]))'"
        case let byte where isWordByte(byte):
            return clipped(bytes[offset...].prefix { isWordByte($0) })
        case 0x21...0x7E: return "'\(Character(UnicodeScalar(bytes[offset])))'"
        default:
            let digits = String(bytes[offset], radix: 16, uppercase: true)
            return "byte 0x\(digits.count < 2 ? "0" : "")\(digits)"
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// The place of the quotation mark that ends a text, or the end of the bytes.
    private static func end(ofTextFrom start: Int, in bytes: [UInt8]) -> Int {
        var position = start
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(position, bytes.count)
    }

    /// At most 40 characters; what cannot be printed becomes a dot.
    private static func clipped(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(40 * 4), as: UTF8.self)
        let shown = text.prefix(40).map { character in
            character.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
                ? character : "."
        }
        return String(shown) + (shown.count < text.count || bytes.count > 160 ? "…" : "")
    }
}
