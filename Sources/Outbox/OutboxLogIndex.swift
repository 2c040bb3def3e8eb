import Glibc

/// What SQLite's index of the log (`-shm`) remembers of the log's length.
///
/// It is written after each commit and never synced: after a kill it is exact, after a power cut it is
/// older than the log or not there. So it can prove that a log was longer, never that it was not. SQLite
/// itself throws it away when the first connection opens the file. It is a file of this machine, in the
/// machine's own byte order.
struct OutboxLogIndex {
    /// Frames of the log that were committed.
    let frames: Int
    /// Frames from the log's beginning whose pages are in the database file.
    let folded: Int
    /// The salt of the log.
    let salt: [UInt8]

    private static let version: UInt32 = 3_007_000
    private static let headerBytes = 48

    /// Reads the index at `path`; nil when there is none or it contradicts itself.
    init?(path: String) {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 100) { buffer, used in
            used = fread(buffer.baseAddress, 1, 100, file)
        }
        guard bytes.count == 100,
            bytes[..<Self.headerBytes].elementsEqual(bytes[Self.headerBytes..<96])
        else { return nil }
        func word(_ place: Int) -> UInt32 {
            bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) }
        }
        var sum = LogChecksum(isBig: UInt32(bigEndian: 1) == 1)
        sum.add(bytes[..<40])
        let stored = [word(40), word(44)].flatMap { word in
            stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
        guard word(0) == Self.version, bytes[12] == 1, sum.bytes == stored else { return nil }
        frames = Int(word(16))
        folded = min(Int(word(96)), frames)
        salt = Array(bytes[32..<40])
    }
}
