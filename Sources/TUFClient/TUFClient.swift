import HTTPSClient
import TUF

/// Keeps the trusted metadata of one repository up to date and finds targets by it.
///
/// The decisions are those of ``TrustedMetadata`` and ``TargetSearch``; this is what reads, asks and
/// writes for them. One update is one object: it begins at the moment it is told and ends for good with
/// the first fault. Blocks; one thread at a time.
///
/// 1. Nothing is asked for before there is a root that its own keys have signed.
/// 2. Each file is asked for once, in the order of the specification, and not at all when the one on
///    disk is the one that was announced.
/// 3. A file is written once it has passed all its checks, and stays when a later one does not.
package final class TUFClient {
    /// Where a repository is.
    package struct Addresses: Hashable, Sendable {
        /// Where metadata is.
        package var metadata: String
        /// Where targets are.
        package var targets: String

        /// Joins both.
        package init(metadata: String, targets: String) {
            self.metadata = metadata
            self.targets = targets
        }

        /// Where a fleet such as `https://fleet.example:8443` gives its profile sets to gateways.
        package init(fleet: String) {
            let base = fleet.hasSuffix("/") ? String(fleet.dropLast()) : fleet
            metadata = base + "/v1/gateway/profiles/metadata"
            targets = base + "/v1/gateway/profiles/targets"
        }
    }

    private let folder: VerifiedFolder
    private let metadata: RepositoryReader
    private let targets: RepositoryReader
    private let limits: TUFLimits
    private var trusted: TrustedMetadata

    /// Begins an update.
    ///
    /// `shipped` is the root that came with the product: what lies in the folder is then believed only
    /// as far as an unbroken chain of roots leads to it. Without it the folder's own root is the
    /// beginning. Makes no request.
    package init(
        folder: VerifiedFolder, shipped: [UInt8]? = nil, exchange: any HTTPSExchange,
        addresses: Addresses, limits: TUFLimits = TUFLimits(), start: TUFTime
    ) throws(TUFFault) {
        self.folder = folder
        self.limits = limits
        metadata = RepositoryReader(exchange, address: addresses.metadata)
        targets = RepositoryReader(exchange, address: addresses.targets)
        guard let root = shipped ?? folder.read("root.json") else {
            throw .storage("there is no root to begin with: '\(folder.path)/root.json'")
        }
        trusted = try TrustedMetadata(root: root, start: start)
        if shipped != nil { recallRoots() }
    }

    /// Makes a folder ready for a first update: holds the root against its own keys and puts it there.
    package static func begin(_ folder: VerifiedFolder, root bytes: [UInt8]) throws(TUFFault) {
        let root = try TUFRoot(bytes)
        try root.checkOwnSignatures()
        try folder.write(bytes, "root.json")
        for name in ["timestamp.json", "snapshot.json", "targets.json"] { try folder.remove(name) }
    }

    /// Asks a repository for its first root, for a client that was given none.
    ///
    /// Believed because of who serves it, so ask only a server that has proved who it is.
    package static func firstRoot(
        exchange: any HTTPSExchange, addresses: Addresses, limits: TUFLimits = TUFLimits()
    ) throws(TUFFault) -> [UInt8] {
        try RepositoryReader(exchange, address: addresses.metadata).read(
            "1.root.json", "root", limit: limits.rootBytes)
    }

    /// The metadata that is believed.
    package var believed: TrustedMetadata { trusted }

    /// Brings the roles at the top up to date.
    package func refresh() throws(TUFFault) {
        try refreshRoot()
        try refreshTimestamp()
        try refreshSnapshot()
        try refreshTargets()
    }

    /// What the repository says of a target, after ``refresh()``.
    package func find(_ path: TUFName) throws(TUFFault) -> TUFTarget {
        guard let top = trusted.targets else { throw .order("a target before the roles") }
        var search = try TargetSearch(path, in: top, mostRoles: limits.roles)
        while true {
            switch try search.next() {
            case .found(let target): return target
            case .absent: throw .targetUnknown(path)
            case .read(let authority): search.take(try role(authority))
            }
        }
    }

    /// The bytes of a target, verified.
    package func fetch(_ target: TUFTarget) throws(TUFFault) -> [UInt8] {
        let location = target.location(
            hasConsistentSnapshots: trusted.root.hasConsistentSnapshots)
        guard target.length <= Int64(limits.targetBytes) else {
            throw .tooLarge(target.path, limit: limits.targetBytes)
        }
        let bytes = try targets.read(location, target.path, limit: Int(target.length))
        try target.check(bytes)
        return bytes
    }

    // MARK: root

    /// Goes along the roots believed before, as far as each is signed for by the one before it.
    private func recallRoots() {
        while let bytes = folder.read(rootName(after: trusted.root)) {
            do throws(TUFFault) {
                try trusted.takeRoot(bytes)
            } catch {
                // whatever lies there, the repository has the right one
                return
            }
        }
    }

    private func refreshRoot() throws(TUFFault) {
        let before = trusted.root
        var changes = 0
        while let bytes = try metadata.readIfThere(
            "\(next(trusted.root)).root.json", "root", limit: limits.rootBytes)
        {
            let name = rootName(after: trusted.root)
            try trusted.takeRoot(bytes)
            // the chain first: it leads from the shipped root to whatever stands in root.json
            try folder.write(bytes, name)
            try folder.write(bytes, "root.json")
            changes += 1
            guard changes < limits.roots else { throw .tooManyRoots(limit: limits.roots) }
        }
        try trusted.checkRoot()
        if try trusted.forgets(since: before) {
            try folder.remove("timestamp.json")
            try folder.remove("snapshot.json")
        }
    }

    /// The name under which the root after this one is kept.
    private func rootName(after root: TUFRoot) -> String { "root.\(next(root))" }

    private func next(_ root: TUFRoot) -> Int64 {
        let (next, overflow) = root.envelope.version.addingReportingOverflow(1)
        return overflow ? root.envelope.version : next
    }

    // MARK: the other roles

    private func refreshTimestamp() throws(TUFFault) {
        if let bytes = folder.read("timestamp.json") { try? trusted.recallTimestamp(bytes) }
        let bytes = try metadata.read(
            "timestamp.json", "timestamp", limit: limits.timestampBytes)
        if try trusted.takeTimestamp(bytes) { try folder.write(bytes, "timestamp.json") }
    }

    private func refreshSnapshot() throws(TUFFault) {
        let named = try trusted.finalTimestamp.snapshot
        if let bytes = folder.read("snapshot.json"),
            (try? trusted.recallSnapshot(bytes)) == true
        {
            return
        }
        let bytes = try read("snapshot", named, limit: limits.snapshotBytes)
        try trusted.takeSnapshot(bytes)
        try folder.write(bytes, "snapshot.json")
    }

    private func refreshTargets() throws(TUFFault) {
        let mark = try trusted.mark("targets")
        if let bytes = folder.read("targets.json"), (try? trusted.takeTargets(bytes)) != nil {
            return
        }
        let bytes = try read("targets", mark, limit: limits.targetsBytes)
        try trusted.takeTargets(bytes)
        try folder.write(bytes, "targets.json")
    }

    /// A role that another one trusts, held against that one's keys each time.
    private func role(_ authority: TUFAuthority) throws(TUFFault) -> TUFTargets {
        let mark = try trusted.mark(authority.role)
        let name = authority.role.quoted + ".json"
        if let bytes = folder.read(name), let role = try? trusted.role(bytes, authority) {
            return role
        }
        let bytes = try read(authority.role, mark, limit: limits.targetsBytes)
        let role = try trusted.role(bytes, authority)
        try folder.write(bytes, name)
        return role
    }

    private func read(
        _ role: TUFName, _ mark: TUFFileMark, limit: Int
    ) throws(TUFFault) -> [UInt8] {
        let prefix = trusted.root.hasConsistentSnapshots ? "\(mark.version)." : ""
        let length = mark.length.map { Int(clamping: $0) } ?? limit
        return try metadata.read(
            "\(prefix)\(role.quoted).json", role, limit: min(length, limit))
    }
}
