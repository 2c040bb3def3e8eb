import CertificateAuthority
import TUF

/// What gateways can see now.
struct Edition {
    var root: TUFRoot?
    var timestamp: TUFTimestamp?
    var snapshot: TUFSnapshot?
    var targets: TUFTargets?
    /// The role that trusts a bin with each part of the gateways.
    var assignments: TUFTargets?

    /// The role of this name as published; nil when the snapshot does not list it.
    static func role(
        _ name: TUFName, _ snapshot: TUFSnapshot, _ repository: ProfileRepository
    ) throws -> TUFTargets? {
        guard let mark = snapshot.mark(name) else { return nil }
        let file = repository.metadata("\(mark.version).\(name.quoted).json")
        return try TUFTargets(try DurableFile.read(file, limit: 16 << 20), role: name)
    }
}

extension ProfileRepository {
    /// Reads what is published.
    func edition() throws -> Edition {
        var edition = Edition()
        let newest = try DurableFile.names(in: file("published/metadata"))
            .compactMap { name in
                name.hasSuffix(".root.json") ? Int64(name.dropLast(".root.json".count)) : nil
            }
            .max()
        guard let newest else { return edition }
        edition.root = try TUFRoot(try DurableFile.read(metadata("\(newest).root.json")))
        let timestamp = try TUFTimestamp(try DurableFile.read(metadata("timestamp.json")))
        let version = timestamp.snapshot.version
        let snapshot = try TUFSnapshot(try DurableFile.read(metadata("\(version).snapshot.json")))
        edition.timestamp = timestamp
        edition.snapshot = snapshot
        edition.targets = try Edition.role("targets", snapshot, self)
        edition.assignments = try Edition.role(Self.assignments, snapshot, self)
        return edition
    }
}
