/// A set as one file, so that one hash names all of it.
///
/// A plain `ustar` archive of POSIX, which `tar -tf` lists, without compression. There is exactly one
/// archive of a set: files in the order of their paths, the same mode for all, no owners, no times,
/// two blocks of zeros at the end and nothing after them. What differs in a single byte is refused, so
/// that two archives with the same files have the same hash.
package enum SetArchive {
    /// The longest archive, 16 MB.
    package static var mostBytes: Int { 16 << 20 }

    private static var block: Int { 512 }

    /// The archive of a set given as its files by path, `set.json` included.
    ///
    /// Proves nothing but paths and sizes; throws every fault of them.
    package static func pack(
        _ files: [String: [UInt8]], name: String
    ) throws(ProfileSetError) -> [UInt8] {
        var faults: [SetFault] = []
        var total = 2 * block
        for (path, content) in files.sorted(by: { $0.key < $1.key }) {
            if SetPath(path) == nil { faults.append(SetFault(file: path, "has no place in a set")) }
            if content.count > SetLimits.fileBytes {
                faults.append(SetFault(file: path, Self.tooLong(content.count)))
            }
            total += block + padded(content.count)
        }
        if let fault = Self.fault(count: files.count, total: total) { faults.append(fault) }
        if files[SetPath.manifest.path] == nil {
            faults.append(SetFault(file: SetPath.manifest.path, "is missing"))
        }
        guard faults.isEmpty else { throw ProfileSetError(name: name, faults: faults) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        for (path, content) in files.sorted(by: { $0.key < $1.key }) {
            bytes += header(path, content.count)
            bytes += content
            bytes += [UInt8](repeating: 0, count: padded(content.count) - content.count)
        }
        return bytes + [UInt8](repeating: 0, count: 2 * block)
    }

    /// The files of an archive by path; throws what is wrong with it, and where.
    ///
    /// Stops at the first fault: behind it nothing can be trusted to be where it seems.
    package static func unpack(
        _ bytes: [UInt8], name: String
    ) throws(ProfileSetError) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        do throws(ArchiveFault) {
            try read(bytes, into: &files)
        } catch {
            throw ProfileSetError(
                name: name, faults: [SetFault(file: "entry \(files.count + 1)", error.message)])
        }
        return files
    }

    // MARK: reading

    private struct ArchiveFault: Error { let message: String }

    private static func read(
        _ bytes: [UInt8], into files: inout [String: [UInt8]]
    ) throws(ArchiveFault) {
        if let fault = fault(count: 0, total: bytes.count) {
            throw ArchiveFault(message: fault.message)
        }
        var position = 0
        var last = ""
        while true {
            guard bytes.count - position >= 2 * block else {
                throw ArchiveFault(message: "is cut off, expected a header or two blocks of zeros")
            }
            let head = bytes[position..<position + block]
            if head.allSatisfy({ $0 == 0 }) {
                return try readEnd(bytes[position...], files)
            }
            let entry = try readHeader(head, last: last)
            guard files.count < SetLimits.files else {
                throw ArchiveFault(
                    message: "is one more than the \(SetLimits.files) files of a set")
            }
            position += block
            let length = padded(entry.size)
            guard bytes.count - position >= length else {
                throw ArchiveFault(message: "is cut off, expected \(entry.size) bytes of content")
            }
            let content = bytes[position..<position + entry.size]
            guard bytes[(position + entry.size)..<(position + length)].allSatisfy({ $0 == 0 })
            else {
                throw ArchiveFault(message: "has other bytes than zeros behind its content")
            }
            files[entry.path] = Array(content)
            last = entry.path
            position += length
        }
    }

    private static func readEnd(
        _ rest: ArraySlice<UInt8>, _ files: [String: [UInt8]]
    ) throws(ArchiveFault) {
        guard rest.count == 2 * block, rest.allSatisfy({ $0 == 0 }) else {
            throw ArchiveFault(message: "is the end, expected two blocks of zeros and nothing more")
        }
        guard files[SetPath.manifest.path] != nil else {
            throw ArchiveFault(message: "is the end, and there was no set.json")
        }
    }

    /// Takes path and size, then holds the whole header against the only one they may have.
    private static func readHeader(
        _ head: ArraySlice<UInt8>, last: String
    ) throws(ArchiveFault) -> (path: String, size: Int) {
        let letters = head.prefix(100).prefix { $0 != 0 }
        let path = String(decoding: letters, as: UTF8.self)
        guard SetPath(path) != nil else {
            throw ArchiveFault(message: "has a path that has no place in a set")
        }
        guard path > last else {
            throw ArchiveFault(message: "is '\(path)', expected a path after '\(last)'")
        }
        var size = 0
        for digit in head.dropFirst(124).prefix(11) {
            guard (0x30...0x37).contains(digit) else {
                throw ArchiveFault(message: "('\(path)') has no size in octal digits")
            }
            size = size << 3 | Int(digit - 0x30)
        }
        guard size <= SetLimits.fileBytes else {
            throw ArchiveFault(message: "('\(path)') \(tooLong(size))")
        }
        guard header(path, size).elementsEqual(head) else {
            throw ArchiveFault(
                message: "('\(path)') has another header than 'profile pack' writes")
        }
        return (path, size)
    }

    // MARK: both

    private static func padded(_ count: Int) -> Int { (count + block - 1) / block * block }

    private static func tooLong(_ count: Int) -> String {
        "has \(count) bytes, allowed \(SetLimits.fileBytes)"
    }

    private static func fault(count: Int, total: Int) -> SetFault? {
        if count > SetLimits.files {
            return SetFault(file: "archive", "has \(count) files, allowed \(SetLimits.files)")
        }
        guard total > mostBytes else { return nil }
        return SetFault(file: "archive", "has \(total) bytes, allowed \(mostBytes)")
    }

    /// The header of a file: name, mode, owners, size, time, checksum, kind, then the mark of ustar.
    private static func header(_ path: String, _ size: Int) -> [UInt8] {
        var head = [UInt8](repeating: 0, count: block)
        func put(_ text: String, at place: Int) {
            for (index, byte) in text.utf8.enumerated() { head[place + index] = byte }
        }
        func octal(_ number: Int, _ digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        }
        put(path, at: 0)
        put(octal(0o644, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(size, 11), at: 124)
        put(octal(0, 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar\u{0}00", at: 257)
        put(octal(0, 7), at: 329)
        put(octal(0, 7), at: 337)
        let sum = head.reduce(0) { $0 + Int($1) }
        put(octal(sum, 6) + "\u{0} ", at: 148)
        return head
    }
}
