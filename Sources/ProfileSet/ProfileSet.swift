import CANProfile
import PackMap

/// How many vectors of each origin prove something.
package struct ProofCount: Hashable, Sendable {
    /// Recorded from a device.
    package var captures = 0
    /// Printed in a vendor's document.
    package var vendor = 0
    /// Worked out from tables.
    package var computed = 0

    /// None.
    package init() {}

    /// All of them.
    package var total: Int { captures + vendor + computed }

    /// Counts one more.
    package mutating func add(_ origin: PackVectors.Origin) {
        switch origin {
        case .capture: captures += 1
        case .vendor: vendor += 1
        case .computed: computed += 1
        }
    }

    /// Adds another count.
    package mutating func add(_ other: ProofCount) {
        captures += other.captures
        vendor += other.vendor
        computed += other.computed
    }
}

/// A set of pack maps and inverter profiles that has proved itself.
///
/// 1. There is no value of this type whose files do not match their hashes, whose documents have a
///    fault, or of which one vector fails.
/// 2. Reading touches no file: the caller hands the bytes over, so that the same proof runs on an
///    author's desk, in a test and on a gateway.
/// 3. A refusal lists every fault, not the first.
/// 4. A part of a set is proved as strictly as the whole; what it leaves out is not looked at.
package struct ProfileSet: Sendable {
    /// What `set.json` says.
    package let manifest: SetManifest
    /// Every pack map by id.
    package let maps: [String: PackMap]
    /// Every inverter profile by id, without quirks.
    package let profiles: [String: CANProfile]
    /// Frames of other battery families, which tell of a wrong setting.
    package let foreign: ForeignFrames
    /// The vectors of each map and profile by id; the two never share one.
    package let proofs: [String: ProofCount]
    /// The bytes of the files, for profiles with quirks.
    let files: [String: [UInt8]]

    /// The proofs of the whole set.
    package var proofCount: ProofCount {
        proofs.values.reduce(into: ProofCount()) { $0.add($1) }
    }

    /// `base 1.0.0, release 1`.
    package var words: String {
        "\(manifest.id) \(manifest.version), release \(manifest.release)"
    }

    /// Proves a set given as its files by path, `set.json` included.
    ///
    /// `unread` says of files that are there why they could not be read, `runtime` is this gateway's
    /// own version, `hardware` the model of the machine it runs on, or nil at a desk, where a set for
    /// any machine is welcome; `name` is only for the sentence. With a `part` the rest is neither proved
    /// nor missed. Throws every fault found.
    package static func load(
        _ files: [String: [UInt8]], unread: [SetFault] = [], runtime: SemanticVersion,
        part: SetPart? = nil, hardware: String? = nil, name: String
    ) throws(ProfileSetError) -> ProfileSet {
        let examination = SetExamination(
            files, unread: unread, runtime: runtime, part: part, hardware: hardware)
        guard let set = examination.set else {
            throw ProfileSetError(name: name, faults: examination.faults)
        }
        return set
    }

    /// One hash of all that a part reads or speaks with, what it extends included.
    package func fingerprint(of part: SetPart) -> String { part.fingerprint(in: files) }

    /// A profile with quirks switched on.
    package func profile(
        _ id: String, quirks: [String]
    ) throws(CANProfileError) -> CANProfile {
        if quirks.isEmpty, let profile = profiles[id] { return profile }
        return try Engines.profile(id: id, quirks: quirks) { files[$0.path] }
    }
}
