import Glibc
import Synchronization

/// The zones of this machine, each read once.
///
/// Foundation knows zones too, but not in a program that is linked statically: what it needs for them
/// is left out there, and every zone is unknown. The files of the machine are also those that get the
/// news when a country changes its mind.
package final class ZoneFolder: Sendable {
    /// Where Debian's package `tzdata` keeps them.
    package static var usual: String { "/usr/share/zoneinfo" }

    private static let mostBytes = 1 << 18
    private let path: String
    private let known = Mutex<[String: ZoneFile?]>([:])

    /// Reads the files of a folder.
    package init(_ path: String = ZoneFolder.usual) { self.path = path }

    /// Seconds to add to UTC in a zone at a Unix time in seconds; nil for a zone that is not there.
    ///
    /// `UTC` needs no file.
    package func offset(of zone: String, at seconds: Int64) -> Int? {
        if zone == "UTC" { return 0 }
        let file = known.withLock { known in
            if let file = known[zone] { return file }
            let file = Self.isName(zone) ? Self.read("\(path)/\(zone)") : nil
            // whoever asks for many wrong names shall not fill the memory
            if known.count < 1_000 { known[zone] = .some(file) }
            return file
        }
        return file.map { Int($0.offset(at: seconds)) }
    }

    /// The minute of the day in a zone, 0…1439, at a Unix time in seconds; nil for a zone that is not there.
    package func minuteOfDay(_ seconds: Int64, zone: String) -> Int? {
        guard let offset = offset(of: zone, at: seconds) else { return nil }
        let (local, overflow) = seconds.addingReportingOverflow(Int64(offset))
        guard !overflow else { return nil }
        let second = local % 86_400
        return Int((second < 0 ? second + 86_400 : second) / 60)
    }

    /// Whether a text may name a zone: words of letters, digits, `_`, `+` and `-` with `/` between.
    package static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { word in
                !word.isEmpty
                    && word.utf8.allSatisfy {
                        (0x41...0x5A).contains($0 & 0xDF) || (0x30...0x39).contains($0)
                            || "_+-".utf8.contains($0)
                    }
            }
    }

    private static func read(_ path: String) -> ZoneFile? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: mostBytes)
        let count = fread(&bytes, 1, bytes.count, file)
        return ZoneFile(Array(bytes.prefix(count)))
    }
}
