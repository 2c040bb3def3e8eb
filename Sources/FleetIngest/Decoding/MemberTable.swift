/// The members an object may have, found by the bytes of their names.
///
/// Raw values are the names. One table is made per kind of object and lives as long as the program.
final class MemberTable<Member: RawRepresentable<String> & CaseIterable & Equatable>: Sendable
where Member: Sendable {
    let members: [Member]
    /// Bit n is set when member n must be there.
    let required: UInt64
    /// All names behind each other, and where each begins; one more entry ends the last.
    private let letters: [UInt8]
    private let starts: [Int]

    /// Lists all cases, 64 at most; those in `optional` may be left out.
    init(optional: [Member] = []) {
        members = Array(Member.allCases.prefix(64))
        var letters: [UInt8] = []
        var starts = [0]
        var required: UInt64 = 0
        for (index, member) in members.enumerated() {
            letters += Array(member.rawValue.utf8)
            starts.append(letters.count)
            if !optional.contains(member) { required |= 1 << UInt64(index) }
        }
        self.letters = letters
        self.starts = starts
        self.required = required
    }

    /// How long the name of member `index` is when it stands at `position`, closed by a quotation
    /// mark; nil when something else stands there.
    @inline(__always)
    func length(of index: Int, at position: Int, in bytes: [UInt8]) -> Int? {
        let start = starts[index]
        let length = starts[index + 1] - start
        guard position + length < bytes.count, bytes[position + length] == UInt8(ascii: "\"")
        else { return nil }
        for offset in 0..<length where letters[start + offset] != bytes[position + offset] {
            return nil
        }
        return length
    }

    /// The member with a name, compared byte by byte.
    func index(of name: some Collection<UInt8>) -> Int? {
        members.indices.first { letters[starts[$0]..<starts[$0 + 1]].elementsEqual(name) }
    }

    /// The first member that must be there and is not among `seen`.
    func firstMissing(_ seen: UInt64) -> Member? {
        let missing = required & ~seen
        return missing == 0 ? nil : members[missing.trailingZeroBitCount]
    }
}

/// How far an object has been read.
struct ObjectCursor<Member: RawRepresentable<String> & CaseIterable & Equatable & Sendable> {
    let table: MemberTable<Member>
    fileprivate(set) var seen: UInt64 = 0
    fileprivate var expected = 0
    fileprivate var isFirst = true

    init(_ table: MemberTable<Member>) { self.table = table }
}

extension RecordReader {
    /// Reads the brace that begins an object.
    mutating func begin<Member>(
        _ table: MemberTable<Member>
    ) throws(RecordFault) -> ObjectCursor<Member> {
        try take(UInt8(ascii: "{"), "an object")
        return ObjectCursor(table)
    }

    /// Reads the name of the next member that is known, up to its value; nil when the object ended.
    ///
    /// A member that is not known is skipped: gateways are updated before and after the fleet, and a
    /// record that says more than we understand still says what we do. What is skipped must be well
    /// formed. A known member may come once, and a required one must have come at the end.
    mutating func next<Member>(
        _ object: inout ObjectCursor<Member>
    ) throws(RecordFault) -> Member? {
        while true {
            skipSpace()
            if peek == UInt8(ascii: "}") {
                if let missing = object.table.firstMissing(object.seen) {
                    throw RecordFault(offset: position, kind: .missing(missing.rawValue))
                }
                position += 1
                return nil
            }
            if object.isFirst {
                object.isFirst = false
            } else {
                try take(UInt8(ascii: ","), "',' or '}'")
                skipSpace()
            }
            let start = position
            guard let index = try readName(object.table, expected: object.expected) else {
                try skipValue()
                continue
            }
            guard object.seen & (1 << UInt64(index)) == 0 else {
                let name = object.table.members[index].rawValue
                throw RecordFault(offset: start, kind: .repeated(name))
            }
            object.seen |= 1 << UInt64(index)
            object.expected = index + 1
            return object.table.members[index]
        }
    }

    /// Reads a name and its colon; nil for a name that the table does not have.
    ///
    /// Our writers keep the order of the table, so the expected name is tried first.
    private mutating func readName<Member>(
        _ table: MemberTable<Member>, expected: Int
    ) throws(RecordFault) -> Int? {
        var index: Int?
        if expected < table.members.count, peek == UInt8(ascii: "\""),
            let length = table.length(of: expected, at: position + 1, in: bytes)
        {
            position += length + 2
            index = expected
        } else {
            let name = try readText("the name of a member")
            index = table.index(of: unescaped(name))
        }
        skipSpace()
        try take(UInt8(ascii: ":"), "':'")
        skipSpace()
        return index
    }
}
