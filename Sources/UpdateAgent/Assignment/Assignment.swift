import GatewaySettings
import ProfileSet
import StrictJSON
import TimeZones

/// What the fleet wants one gateway to run.
///
/// Who may say so is decided before: this is the document inside the signature.
package struct Assignment: Hashable, Sendable {
    /// The longest document, in bytes.
    package static var mostBytes: Int { 16_384 }

    /// The id of the gateway it is for.
    package let gateway: String
    /// The name of the set: `base`.
    package let set: String
    /// The version of the set, for people.
    package let version: SemanticVersion
    /// SHA-256 of the set's archive, 64 lower-case hex digits.
    package let sha256: String
    /// The archive's length in bytes.
    package let length: Int
    /// Counts up with whatever the fleet assigns; a gateway never takes a lower one.
    package let release: Int
    /// From when on it does not count any more, in seconds since 1970.
    package let notAfter: Int64
    /// The oldest gateway that can read the set.
    package let leastRuntime: SemanticVersion
    /// The models of the machines it is for; empty is any.
    package let hardware: [String]
    /// When the gateway may go over to it; nil is at any time.
    package let window: MaintenanceWindow?
    /// The rollout that it belongs to, for the reports.
    package let rollout: String?

    /// Its folder among the installed ones: the set's name and the hash of its content.
    package var place: String { "\(set)-\(sha256)" }

    /// `base 1.4.0, release 7`.
    package var words: String { "\(set) \(version), release \(release)" }

    /// Reads a document; throws every fault in it.
    package init(_ bytes: [UInt8]) throws(AssignmentRefused) {
        guard bytes.count <= Self.mostBytes else {
            throw AssignmentRefused([
                "the assignment has \(bytes.count) bytes, allowed \(Self.mostBytes)"
            ])
        }
        let faults = FaultList()
        var root = JSONSection(parsing: bytes, faults: faults)
        let read = root.map { section in
            var section = section
            let draft = AssignmentDraft(&section)
            section.finish()
            root = section
            return draft
        }
        guard faults.faults.isEmpty, let draft = read, let version = draft.version,
            let leastRuntime = draft.leastRuntime
        else { throw AssignmentRefused(faults.faults.map(\.description)) }
        (gateway, set, sha256) = (draft.gateway, draft.set, draft.sha256)
        (length, release, notAfter) = (draft.length, draft.release, draft.notAfter)
        (self.version, self.leastRuntime) = (version, leastRuntime)
        (hardware, window, rollout) = (draft.hardware, draft.window, draft.rollout)
    }
}

/// Why an assignment does not count; every fault at once.
package struct AssignmentRefused: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence each.
    package let faults: [String]

    /// Names the faults.
    package init(_ faults: [String]) { self.faults = faults }

    /// `assignment: …`, all in one line.
    package var description: String { "assignment: " + faults.joined(separator: "; ") }
}

/// The members as far as they can be read.
private struct AssignmentDraft {
    let gateway: String
    let set: String
    let version: SemanticVersion?
    let sha256: String
    let length: Int
    let release: Int
    let notAfter: Int64
    let leastRuntime: SemanticVersion?
    let hardware: [String]
    let window: MaintenanceWindow?
    let rollout: String?

    init(_ root: inout JSONSection) {
        gateway = root.requiredString("gateway")
        if !gateway.isEmpty, !GatewayConfiguration.isIdentifier(gateway) {
            root.fault(
                "gateway", "is no id of a gateway, allowed 1 to 64 characters of a…z, 0…9 and -")
        }
        set = Self.plain("set", &root)
        version = Self.version("version", &root)
        sha256 = root.requiredString("sha256")
        if !sha256.isEmpty, !Fingerprint.isHex(sha256) {
            root.fault("sha256", "is no SHA-256, expected 64 lower-case hex digits")
        }
        length = Self.whole("length", in: 1...SetArchive.mostBytes, &root)
        release = Self.whole("release", in: 1...1_000_000_000, &root)
        let moment = root.requiredString("not_after")
        notAfter = UTCMoment.seconds(moment) ?? 0
        if !moment.isEmpty, UTCMoment.seconds(moment) == nil {
            root.fault("not_after", "is no moment, expected one such as '2027-01-31T00:00:00Z'")
        }
        leastRuntime = Self.version("least_runtime", &root)
        hardware = root.strings("hardware")
        if hardware.count > 64 || hardware.contains(where: { $0.isEmpty || $0.utf8.count > 256 }) {
            root.fault("hardware", "names more than 64 machines, or one without a name")
        }
        window = root.section("window").map { Self.window($0) } ?? nil
        rollout = root.string("rollout")
        if let rollout, !(1...128).contains(rollout.utf8.count) {
            root.fault("rollout", "has \(rollout.utf8.count) bytes, allowed 1…128")
        }
    }

    private static func plain(_ key: String, _ root: inout JSONSection) -> String {
        let text = root.requiredString(key)
        if !text.isEmpty, !SetPath.isPlain(text) {
            root.fault(key, "has other characters than a…z 0…9 . _ -, or more than 64")
        }
        return text
    }

    private static func version(_ key: String, _ root: inout JSONSection) -> SemanticVersion? {
        let text = root.requiredString(key)
        if text.isEmpty { return nil }
        let version = SemanticVersion(text)
        if version == nil { root.fault(key, "is not three numbers such as '1.4.0'") }
        return version
    }

    /// Signed numbers are written in one way: digits, neither a text nor `1e3` nor `1.0`.
    private static func whole(
        _ key: String, in range: ClosedRange<Int>, _ root: inout JSONSection
    ) -> Int {
        guard let item = root.item(key) else {
            root.fault(key, "is missing, expected a whole number")
            return range.lowerBound
        }
        guard case .number(let number) = item.value, number.exponent == 0 else {
            root.fault(key, "is no whole number in digits")
            return range.lowerBound
        }
        guard let value = Int(exactly: number.coefficient), range.contains(value) else {
            root.fault(
                key, "is \(number.coefficient), allowed \(range.lowerBound)…\(range.upperBound)")
            return range.lowerBound
        }
        return value
    }

    private static func window(_ section: JSONSection) -> MaintenanceWindow? {
        var section = section
        let times = ["from", "to"].map { key -> Int? in
            let text = section.requiredString(key)
            let minute = MaintenanceWindow.minute(text)
            if minute == nil, !text.isEmpty {
                section.fault(key, "is no time of day, expected one such as '02:30'")
            }
            return minute
        }
        let zone = section.requiredString("zone")
        if !zone.isEmpty, !ZoneFolder.isName(zone) {
            section.fault("zone", "is no name of a time zone, expected one such as 'Europe/Berlin'")
        }
        section.finish()
        guard let from = times[0], let to = times[1] else { return nil }
        return MaintenanceWindow(from: from, to: to, zone: zone)
    }
}
