import Numbering
import FoundationEssentials
import Glibc
import Outbox
import TestKit
import Testing

/// An outbox in a folder of its own, and what tests do with it over and over.
final class OutboxFixture {
    let folder: TemporaryDirectory
    let path: String
    let budget: Int64
    private(set) var outbox: Outbox

    init(budget: Int64 = 64 << 20) throws {
        folder = try TemporaryDirectory("outbox")
        path = folder.file("outbox.db")
        self.budget = budget
        outbox = try Outbox(path: path, budgetBytes: budget, wallMilliseconds: 1_000)
    }

    /// Closes the outbox and opens it again, as a restart does.
    func reopen() throws {
        outbox = try Outbox(
            path: folder.file("other.db"), budgetBytes: budget, wallMilliseconds: 1_000)
        outbox = try Outbox(path: path, budgetBytes: budget, wallMilliseconds: 2_000)
    }

    /// Opens a copy of the files as they are now, as after a power cut.
    func openCopy() throws -> Outbox {
        let copy = folder.file("copy-\(UInt32.random(in: 0...UInt32.max)).db")
        for suffix in ["", "-wal"] where access(path + suffix, F_OK) == 0 {
            try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
        }
        return try Outbox(path: copy, budgetBytes: budget, wallMilliseconds: 3_000)
    }

    /// Appends telemetry documents `{"n":first}` … in one transaction.
    @discardableResult
    func append(_ count: Int, size: Int = 0) throws -> ClosedRange<Int64>? {
        var nothing = SequenceRanges()
        return try outbox.append(Self.records(count, size: size), freeing: &nothing)
    }

    func free(_ ranges: ClosedRange<Int64>...) throws {
        var acknowledged = SequenceRanges()
        for range in ranges { acknowledged.insert(range) }
        while !acknowledged.isEmpty { try outbox.free(&acknowledged) }
    }

    static func records(
        _ count: Int, size: Int = 0, _ recordClass: RecordClass = .telemetry
    ) -> [OutboxRecord] {
        (0..<count).map { number in
            var payload = Array("{\"n\":\(number)}".utf8)
            payload += noise(size - payload.count, seed: UInt64(number) + 1)
            return OutboxRecord(recordClass, wallMilliseconds: 5_000, payload: payload)
        }
    }

    /// Bytes that do not deflate.
    private static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed
        return (0..<max(0, count)).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state &* 0x2545_F491_4F6C_DD1D >> 56)
        }
    }

    /// The numbers a fresh reader finds.
    static func sequences(_ path: String) throws -> [Int64] {
        let reader = try OutboxReader(path: path)
        var found: [Int64] = []
        _ = try reader.read(after: 0, limit: .max) {
            found.append($0.sequence)
            return true
        }
        return found
    }

    var sequences: [Int64] { get throws { try Self.sequences(path) } }
}
