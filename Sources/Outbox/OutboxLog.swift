import Glibc

/// The write-ahead log as it lies on the disk, read before SQLite does.
///
/// SQLite believes a log up to the first frame that does not check out and drops the rest without a
/// word. That is right for the transaction in flight when the power went, and wrong for transactions
/// that were synced and damaged later. The checksum of a frame begins with that of the frame before,
/// as it stands there, so each frame behind the damage can still be checked. The format is described
/// in "WAL-mode file format" of SQLite's documentation.
struct OutboxLog {
    /// A frame that bears the salt of the log's header: written since the log was last begun anew.
    struct Frame {
        /// Its place in the log, counted from 0.
        let index: Int
        /// The page it holds, as far as the frame is whole.
        let page: UInt32
        /// Whether its checksum agrees.
        let isWhole: Bool
        /// Whether it ends a transaction.
        let isCommit: Bool
    }

    static let headerBytes = 32
    private static let frameHeaderBytes = 24
    private static let frameBytes = 24 + 2048
    /// The bytes before the salt, of a log whose checksums are little-endian; the last four count
    /// how often it was begun anew, which nobody compares.
    private static let start: [UInt8] = [
        0x37, 0x7F, 0x06, 0x82, 0, 0x2D, 0xE2, 0x18, 0, 0, 8, 0, 0, 0, 0, 0,
    ]

    let path: String
    /// The eight bytes that the frames have in common; nil when no frame checks out.
    private(set) var salt: [UInt8]?
    /// Frames with that salt, in their order.
    private(set) var frames: [Frame] = []
    /// How many frames from the beginning SQLite will take.
    private(set) var believed = 0
    /// Whether the header checks out; SQLite takes nothing when it does not.
    let isHeaderWhole: Bool
    private var isBroken: Bool
    private var sum: LogChecksum

    /// Reads a log; nil when there is none, or nothing in it that checks out.
    ///
    /// With a header that does not, the salt is that of the first frame that does.
    init?(path: String) {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        // what is no file, such as a device, may have no end
        var status = stat()
        guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            let header = Self.read(Self.headerBytes, file)
        else { return nil }
        let count = (Int(status.st_size) - Self.headerBytes) / Self.frameBytes
        self.path = path
        let isBig = header[3] & 1 == 1
        let stored = LogChecksum(header[24...], isBig: isBig)
        var sum = LogChecksum(isBig: isBig)
        sum.add(header[..<24])
        isHeaderWhole =
            sum == stored && header[..<3].elementsEqual(Self.start[..<3])
            && header[3] & 0xFE == Self.start[3] && header[4..<12].elementsEqual(Self.start[4..<12])
        salt = isHeaderWhole ? Array(header[16..<24]) : nil
        isBroken = !isHeaderWhole
        self.sum = LogChecksum(header[24...], isBig: isHeaderWhole && isBig)
        var index = 0
        while index < count, let bytes = Self.read(Self.frameBytes, file) {
            take(bytes, index)
            index += 1
        }
        guard salt != nil else { return nil }
    }

    private mutating func take(_ bytes: [UInt8], _ index: Int) {
        sum.add(bytes[..<8])
        sum.add(bytes[Self.frameHeaderBytes...])
        let stored = LogChecksum(bytes[16..<24], isBig: sum.isBig)
        let isWhole = sum == stored && bytes[..<4].contains { $0 != 0 }
        sum = stored
        if salt == nil, isWhole { salt = Array(bytes[8..<16]) }
        guard let salt, bytes[8..<16].elementsEqual(salt) else {
            isBroken = true
            return
        }
        let isCommit = bytes[4..<8].contains { $0 != 0 }
        let page = bytes[..<4].reduce(0) { $0 << 8 | UInt32($1) }
        frames.append(Frame(index: index, page: page, isWhole: isWhole, isCommit: isCommit))
        isBroken = isBroken || !isWhole
        if !isBroken, isCommit { believed = index + 1 }
    }

    /// Frames up to the last transaction that was written to its end, as far as the log shows.
    var written: Int { (frames.last { $0.isWhole && $0.isCommit }?.index ?? -1) + 1 }

    /// Whether the log proves that transactions were lost which had been synced.
    ///
    /// A cut leaves one transaction incomplete, the last. One that was written to its end behind another
    /// that is incomplete came when that one was on the disk. A header is on the disk before the first
    /// frame.
    var provesDamage: Bool {
        guard isHeaderWhole else { return written > 0 }
        guard let end = frames.first(where: { $0.index >= believed && $0.isCommit }) else {
            return false
        }
        return written > end.index + 1
    }

    /// Whether what the spoilt frames held was written again later, so that nothing of it is missing.
    var isMadeGood: Bool {
        var later: Set<UInt32> = []
        var count = 0
        for frame in frames.reversed() where frame.index < written {
            count += 1
            if frame.isWhole {
                later.insert(frame.page)
            } else if !later.contains(frame.page) {
                return false
            }
        }
        return count == written
    }

    /// Writes a log of the whole frames from `first` on, which SQLite believes to the end; false when
    /// the disk does not take it.
    func mend(to target: String, from first: Int) -> Bool {
        guard let source = fopen(path, "rb") else { return false }
        defer { fclose(source) }
        guard let file = fopen(target, "wb") else { return false }
        var isWritten = false
        do {
            defer { isWritten = fclose(file) == 0 && isWritten }
            isWritten = copy(source, file, from: first)
        }
        return isWritten
    }

    private func copy(
        _ source: UnsafeMutablePointer<FILE>, _ target: UnsafeMutablePointer<FILE>, from first: Int
    ) -> Bool {
        var sum = LogChecksum(isBig: false)
        guard let salt else { return false }
        let header = Self.start + salt
        sum.add(header[...])
        guard Self.write(header + sum.bytes, target) else { return false }
        let last = written
        for frame in frames where frame.isWhole && (first..<last).contains(frame.index) {
            fseek(source, Self.headerBytes + frame.index * Self.frameBytes, SEEK_SET)
            guard var bytes = Self.read(Self.frameBytes, source) else { return false }
            sum.add(bytes[..<8])
            sum.add(bytes[Self.frameHeaderBytes...])
            bytes.replaceSubrange(16..<24, with: sum.bytes)
            guard Self.write(bytes, target) else { return false }
        }
        return true
    }

    private static func read(_ count: Int, _ file: UnsafeMutablePointer<FILE>) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            used = fread(buffer.baseAddress, 1, count, file)
        }
        return bytes.count == count ? bytes : nil
    }

    private static func write(_ bytes: [UInt8], _ file: UnsafeMutablePointer<FILE>) -> Bool {
        fwrite(bytes, 1, bytes.count, file) == bytes.count
    }
}

/// The running checksum of a log: two sums over words of 32 bits.
struct LogChecksum: Equatable {
    private var first: UInt32 = 0
    private var second: UInt32 = 0
    /// Whether the words are read high byte first; says nothing about how the sums are stored.
    let isBig: Bool

    /// Begins a log.
    init(isBig: Bool) { self.isBig = isBig }

    /// Goes on from eight stored bytes.
    init(_ stored: ArraySlice<UInt8>, isBig: Bool) {
        self.isBig = isBig
        stored.withUnsafeBufferPointer { buffer in
            guard let place = buffer.baseAddress, buffer.count >= 8 else { return }
            first = Self.word(place, true)
            second = Self.word(place + 4, true)
        }
    }

    /// Takes in bytes, a multiple of eight.
    ///
    /// A log has a few megabytes and is read at each opening, so the loop is plain: without an optimizer
    /// a range and unaligned loads took three times as long.
    mutating func add(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBufferPointer { buffer in
            guard var place = buffer.baseAddress else { return }
            var (a, b, left) = (first, second, buffer.count)
            while left >= 8 {
                a = a &+ Self.word(place, isBig) &+ b
                b = b &+ Self.word(place + 4, isBig) &+ a
                place += 8
                left -= 8
            }
            (first, second) = (a, b)
        }
    }

    /// The eight bytes that are stored.
    var bytes: [UInt8] {
        [first, second].flatMap { word in
            stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
    }

    @inline(__always)
    private static func word(_ place: UnsafePointer<UInt8>, _ isBig: Bool) -> UInt32 {
        let (a, b, c, d) = (UInt32(place[0]), UInt32(place[1]), UInt32(place[2]), UInt32(place[3]))
        return isBig
            ? a &<< 24 | b &<< 16 | c &<< 8 | d : d &<< 24 | c &<< 16 | b &<< 8 | a
    }
}
