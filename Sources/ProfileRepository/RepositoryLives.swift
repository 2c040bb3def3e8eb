import CertificateAuthority
import StrictJSON
import TUF

/// How long each piece of metadata is valid, and into how many bins assignments are divided.
package struct RepositoryLives: Hashable, Sendable {
    /// Of a root.
    package var root = Lifetime.days(365)
    /// Of the list of sets.
    package var targets = Lifetime.days(180)
    /// Of assignments.
    package var assignments = Lifetime.days(90)
    /// Of a snapshot.
    package var snapshot = Lifetime.days(30)
    /// Of a timestamp; a gateway that gets no newer one for so long raises an alarm.
    package var timestamp = Lifetime.days(7)
    /// Bins are told apart by so many hexadecimal digits, 1…3.
    package var binDigits = 2

    /// The usual ones.
    package init() {}

    /// What is allowed for each.
    package static let allowed = Lifetime.minutes(1)...Lifetime.days(20 * 365)

    /// The file.
    var bytes: [UInt8] {
        let document = JSONItem.object([
            ("schema", .text("amphora/profile-repository/v1")),
            ("root_life", .text(root.description)), ("targets_life", .text(targets.description)),
            ("assignments_life", .text(assignments.description)),
            ("snapshot_life", .text(snapshot.description)),
            ("timestamp_life", .text(timestamp.description)),
            ("bin_digits", .integer(Int64(binDigits))),
        ])
        return Array((document.canonicalText + "\n").utf8)
    }

    /// Reads the file.
    init(_ bytes: [UInt8], path: String) throws {
        let faults = FaultList()
        var lives = RepositoryLives()
        if var root = JSONSection(parsing: bytes, faults: faults) {
            _ = root.word("schema", [("amphora/profile-repository/v1", true)])
            func life(_ key: String, _ section: inout JSONSection) throws -> Lifetime {
                try Lifetime.parse(section.requiredString(key), of: key, allowed: Self.allowed)
            }
            lives.root = try life("root_life", &root)
            lives.targets = try life("targets_life", &root)
            lives.assignments = try life("assignments_life", &root)
            lives.snapshot = try life("snapshot_life", &root)
            lives.timestamp = try life("timestamp_life", &root)
            lives.binDigits = root.requiredInteger("bin_digits", in: 1...3) ?? 2
            root.finish()
        }
        if let fault = faults.faults.first { throw RepositoryError.content("'\(path)': \(fault)") }
        self = lives
    }
}

extension TUFTime {
    /// The moment so long after this one.
    func after(_ life: Lifetime) -> TUFTime { TUFTime(seconds: seconds + life.seconds) }
}
