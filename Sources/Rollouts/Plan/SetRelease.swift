import StrictJSON
import Telemetry

/// One release of a profile set, as it is signed and lies in the repository.
package struct SetRelease: Hashable, Sendable {
    /// The set's name: `base`.
    package var set: String
    /// Its version for people: `1.4.0`.
    package var version: String
    /// SHA-256 of its archive, 64 lower-case hex digits.
    package var sha256: String
    /// The archive's length in bytes.
    package var length: Int
    /// The release counter of the set, from 1.
    package var release: Int64
    /// The oldest gateway that can read it.
    package var leastRuntime: String
    /// The models it is for; empty is any.
    package var hardware: [String]

    /// The longest document of one.
    private static var mostBytes: Int { 65_536 }

    /// Joins the parts.
    package init(
        set: String, version: String, sha256: String, length: Int, release: Int64,
        leastRuntime: String, hardware: [String] = []
    ) {
        self.set = set
        self.version = version
        self.sha256 = sha256
        self.length = length
        self.release = release
        self.leastRuntime = leastRuntime
        self.hardware = hardware
    }

    /// `base 1.4.0`.
    package var title: String { "\(set) \(version)" }

    /// Whether both are the same bytes under the same name.
    package func isSame(as other: SetRelease) -> Bool {
        set == other.set && version == other.version && sha256 == other.sha256
    }

    /// Reads the JSON object that says so; throws with every fault of it.
    package init(parsing bytes: [UInt8]) throws(RolloutFault) {
        let faults = FaultList()
        guard bytes.count <= Self.mostBytes else {
            throw RolloutFault("a release of at most \(Self.mostBytes) bytes is expected")
        }
        guard var root = JSONSection(parsing: bytes, faults: faults) else {
            throw RolloutFault(faults)
        }
        self.init(&root)
        root.finish()
        guard faults.faults.isEmpty else { throw RolloutFault(faults) }
    }

    /// Reads the members of an object, and notes what is wrong with them.
    init(_ section: inout JSONSection) {
        set = section.requiredString("set")
        if !set.isEmpty, !Self.isName(set) {
            section.fault("set", "is '\(set)', allowed up to 64 of a…z 0…9 . _ -")
        }
        version = section.requiredString("version")
        if !version.isEmpty, !Self.isVersion(version) {
            section.fault("version", "is '\(version)', expected three numbers such as '1.4.0'")
        }
        sha256 = section.requiredString("sha256")
        if !sha256.isEmpty, !Self.isHash(sha256) {
            section.fault("sha256", "is no SHA-256, expected 64 lower-case hex digits")
        }
        length = section.requiredInteger("length", in: 1...1 << 30) ?? 1
        release = Int64(section.requiredInteger("release", in: 1...1_000_000_000) ?? 1)
        leastRuntime = section.requiredString("least_runtime")
        if !leastRuntime.isEmpty, !Self.isVersion(leastRuntime) {
            section.fault(
                "least_runtime", "is '\(leastRuntime)', expected three numbers such as '1.4.0'")
        }
        hardware = section.strings("hardware")
    }

    /// Writes the object.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in writeMembers(to: &writer, release: release) }
    }

    func writeMembers(to writer: inout JSONWriter, release: Int64) {
        writer.name("set")
        writer.string(set)
        writer.name("version")
        writer.string(version)
        writer.name("sha256")
        writer.string(sha256)
        writer.name("length")
        writer.integer(length)
        writer.name("release")
        writer.integer(release)
        writer.name("least_runtime")
        writer.string(leastRuntime)
        if !hardware.isEmpty {
            writer.name("hardware")
            writer.array { writer in for model in hardware { writer.string(model) } }
        }
    }

    /// The object as text.
    package var text: String {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Whether a text may name a set or a rollout.
    package static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                    || byte == 0x2D || byte == 0x2E || byte == 0x5F
            }
            && text.utf8.first != 0x2E
    }

    private static func isHash(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
            }
    }

    private static func isVersion(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3
            && parts.allSatisfy { part in
                (1...6).contains(part.utf8.count)
                    && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    && (part.utf8.count == 1 || part.utf8.first != 0x30)
            }
    }
}

/// Why a rollout was not made or not changed, in sentences.
package struct RolloutFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Each of them.
    package let sentences: [String]

    /// One sentence.
    package init(_ sentence: String) { sentences = [sentence] }

    /// Several.
    package init(_ sentences: [String]) { self.sentences = sentences }

    init(_ faults: FaultList) { sentences = faults.faults.map(\.description) }

    /// One below the other.
    package var description: String { sentences.joined(separator: "\n") }
}
