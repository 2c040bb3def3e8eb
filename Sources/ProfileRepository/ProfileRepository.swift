import CertificateAuthority
import Glibc
import TUF

/// The fleet's signing side of updates: sets and assignments, as metadata that gateways verify.
///
/// 1. Root and targets are signed with keys that the fleet does not hold; what is to be signed lies as
///    a draft until enough have signed it.
/// 2. Snapshot, timestamp and assignments are signed with keys of the fleet, by itself.
/// 3. Every state that a gateway can see is valid: a file is there before another one names it, and
///    new metadata satisfies the old root and the new one.
/// 4. What is published was read and verified first by the code that a gateway uses.
/// 5. After a death at any point, the same command once more completes the work.
///
/// ```
/// repository.json            lives of metadata, number of bins
/// online/<key id>.pem        keys of the fleet, readable by their owner alone
/// draft/root.json            what is to be signed
/// draft/targets.json
/// draft/sets/<archive>       sets that the draft lists
/// removed.json               versions and counters of sets that were removed
/// published/metadata/…       what any web server may give to gateways
/// published/targets/…
/// ```
///
/// One process at a time: the folder is locked as long as this object lives.
package final class ProfileRepository {
    /// The usual folder.
    package static let usual = "/var/lib/amphora/profiles"
    /// The role that says what each gateway shall install.
    package static let assignments: TUFName = "assignments"

    /// The folder.
    package let path: String
    /// How long metadata is valid.
    package let lives: RepositoryLives
    let online: OnlineKeys
    private let lock: FolderLock

    /// Opens a repository that was made before.
    ///
    /// Waits at most `patience` seconds while another process works on it.
    package init(_ path: String, patience: Int = 30) throws {
        self.path = path
        guard DurableFile.exists("\(path)/repository.json") else {
            throw RepositoryError.request(
                "there is no repository in '\(path)'; make one with 'amphora-fleet profiles init'")
        }
        lock = try Self.lock(path, patience: patience)
        lives = try RepositoryLives(
            try DurableFile.read("\(path)/repository.json"), path: "\(path)/repository.json")
        online = OnlineKeys(folder: "\(path)/online")
    }

    private static func lock(_ path: String, patience: Int) throws -> FolderLock {
        for _ in 0..<(max(0, patience) * 10) {
            if let lock = try? FolderLock(path, isFile: false, waits: false) { return lock }
            usleep(100_000)
        }
        return try FolderLock(path, isFile: false, waits: false)
    }

    /// Makes a repository: keys of the fleet's own, and drafts of root and targets to be signed.
    package static func create(
        at path: String, root: TUFAuthority, targets: TUFAuthority, lives: RepositoryLives,
        now: TUFTime
    ) throws -> ProfileRepository {
        for authority in [root, targets] where authority.threshold > authority.keys.count {
            throw RepositoryError.request(
                "'\(authority.role)' needs \(authority.threshold) keys to sign, and has "
                    + "\(authority.keys.count)")
        }
        if DurableFile.exists(path), try !DurableFile.names(in: path).isEmpty {
            throw RepositoryError.request(
                "'\(path)' is not empty; a repository is never overwritten")
        }
        for folder in ["", "/online", "/draft", "/draft/sets", "/published"] {
            try DurableFile.makeFolder(path + folder, mode: folder == "/online" ? 0o700 : 0o755)
        }
        for folder in ["metadata", "targets", "targets/sets", "targets/assignments"] {
            try DurableFile.makeFolder("\(path)/published/\(folder)", mode: 0o755)
        }
        let online = OnlineKeys(folder: "\(path)/online")
        let timestamp = TUFAuthority(role: "timestamp", keys: [try online.make()], threshold: 1)
        let snapshot = TUFAuthority(role: "snapshot", keys: [try online.make()], threshold: 1)
        let first = TUFDraft.root(
            version: 1, expires: now.after(lives.root), [root, timestamp, snapshot, targets])
        try DurableFile.write(first.bytes, to: "\(path)/draft/root.json")
        let list = TUFDraft.targets(
            version: 1, expires: now.after(lives.targets), [],
            delegations: [Self.delegation(to: try online.make())])
        try DurableFile.write(list.bytes, to: "\(path)/draft/targets.json")
        // last, because it is what makes the folder a repository
        try DurableFile.write(lives.bytes, to: "\(path)/repository.json")
        return try ProfileRepository(path)
    }

    /// The trust of targets in whoever assigns.
    static func delegation(to key: TUFKey) -> TUFDelegation {
        TUFDelegation(
            TUFAuthority(role: assignments, keys: [key], threshold: 1),
            .patterns([PathPattern("assignments/*")]), isTerminating: true)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }
    func metadata(_ name: String) -> String { "\(path)/published/metadata/\(name)" }
}
