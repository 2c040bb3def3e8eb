import FleetStore

/// Reads the bytes of one message into a record, or says why it is none.
///
/// What our schemas allow is let through, with three exceptions that are meant:
///
/// - Members that are not known are skipped (`RecordReader.next`), and codes of alarms and rules need
///   only look like codes: a gateway that was updated before the fleet must not lose records.
/// - Numbers are whole multiples of the unit the fleet keeps, and fit where they are kept; one decimal
///   more, or a voltage beyond 32 bits of millivolts, is refused rather than rounded or cut.
/// - Epoch and number begin at 1, as outboxes count.
package enum RecordDecoder {
    /// The largest record, in bytes.
    package static let mostBytes = 256 << 10

    /// A message that is no record.
    package struct Rejection: Error, Hashable, Sendable {
        /// Its number, where both could be read; without them nobody can be told.
        package let epoch: Int64?, sequence: Int64?
        /// The path of the member, what was expected, and what was found.
        package let reason: String
    }

    /// Decodes what `gateway` published; that is the gateway of the topic, which the broker vouches for.
    ///
    /// `receivedMilliseconds` is Unix time.
    package static func decode(
        _ bytes: [UInt8], from gateway: String, receivedMilliseconds: Int64
    ) throws(Rejection) -> FleetRecord {
        guard bytes.count <= mostBytes else {
            let key = RecordKeyReader.key(in: bytes)
            throw Rejection(
                epoch: key?.epoch, sequence: key?.sequence,
                reason: "record: expected at most \(mostBytes) bytes, found \(bytes.count)")
        }
        do {
            var draft = try read(bytes, from: gateway)
            draft.receivedMilliseconds = receivedMilliseconds
            return draft
        } catch {
            let key = RecordKeyReader.key(in: bytes)
            throw Rejection(
                epoch: key?.epoch, sequence: key?.sequence, reason: error.sentence(in: bytes))
        }
    }

    private static func read(
        _ bytes: [UInt8], from gateway: String
    ) throws(RecordFault) -> FleetRecord {
        var reader = RecordReader(bytes)
        reader.skipSpace()
        let record: FleetRecord
        switch try RecordKeyReader.schema(in: reader) {
        case .telemetry: record = try reader.telemetry(from: gateway)
        case .event: record = try reader.event(from: gateway)
        }
        try reader.end()
        return record
    }
}

/// What a record is about, as its member `schema` tells.
enum RecordSchema: String, CaseIterable {
    case telemetry = "amphora/telemetry/v1"
    case event = "amphora/event/v1"
}

/// Looks for single members of a record before or instead of reading all of it.
enum RecordKeyReader {
    private enum SchemaMember: String, CaseIterable { case schema }
    private enum KeyMember: String, CaseIterable { case epoch, seq }
    private static let schemaTable = MemberTable<SchemaMember>()
    private static let keyTable = MemberTable<KeyMember>(optional: KeyMember.allCases)

    /// The schema a record names; our writers name it first, so nothing else is looked at.
    static func schema(in reader: RecordReader) throws(RecordFault) -> RecordSchema {
        var reader = reader
        var object = try reader.begin(schemaTable)
        while try reader.next(&object) != nil {
            let name = try reader.word(RecordSchema.allCases.map(\.rawValue))
            if let schema = RecordSchema(rawValue: name) { return schema }
        }
        throw RecordFault(offset: reader.position, kind: .missing("schema"))
    }

    /// Epoch and number of a message that is no good record, when they can be read all the same.
    static func key(in bytes: [UInt8]) -> (epoch: Int64, sequence: Int64)? {
        var epoch: Int64?
        var sequence: Int64?
        var reader = RecordReader(bytes)
        reader.skipSpace()
        do {
            var object = try reader.begin(keyTable)
            while let member = try reader.next(&object) {
                let number = try reader.integer(1...RecordReader.largest)
                if member == .epoch { epoch = number } else { sequence = number }
                if epoch != nil, sequence != nil { break }
            }
        } catch {
            // broken before both were found, or one of them is not a number
        }
        guard let epoch, let sequence else { return nil }
        return (epoch, sequence)
    }
}
