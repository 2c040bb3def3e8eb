import CertificateAuthority
import Foundation
import HTTPSClient
import ProfileRepository
import ProfileSet
import TUF
import TUFClient
import TestKit
import Testing

/// A repository with two keys for roots, two for targets, and a gateway and a python-tuf that read it.
final class RepositoryFixture {
    static let now = TUFTime(seconds: Int64(Date.now.timeIntervalSince1970))
    static let days: Int64 = 86_400

    let folder: TemporaryDirectory
    let roots: [TUFPrivateKey]
    let lists: [TUFPrivateKey]
    private(set) var repository: ProfileRepository?

    var path: String { folder.file("repository") }
    var published: String { path + "/published" }

    init(lives: RepositoryLives = RepositoryLives(), isPublished: Bool = true) throws {
        folder = try TemporaryDirectory("profiles")
        roots = try (0..<3).map { _ in try #require(TUFPrivateKey(.ed25519)) }
        lists = try (0..<3).map { _ in try #require(TUFPrivateKey(.ecdsa)) }
        var lives = lives
        lives.binDigits = 1
        let repository = try ProfileRepository.create(
            at: path,
            root: TUFAuthority(role: "root", keys: roots.prefix(2).map(\.publicKey), threshold: 2),
            targets: TUFAuthority(role: "targets", keys: [lists[0].publicKey], threshold: 1),
            lives: lives, now: Self.now)
        self.repository = repository
        if isPublished {
            _ = try repository.sign(with: roots + lists)
            try repository.publish(now: Self.now)
        }
    }

    /// Gives the folder free for other processes.
    func close() { repository = nil }

    func open() throws -> ProfileRepository {
        if let repository { return repository }
        let opened = try ProfileRepository(path)
        repository = opened
        return opened
    }

    /// One profile of the shipped set as a set of its own, perhaps with another version and release.
    static func set(version: String = "1.0.0", release: Int? = nil) throws -> [String: [UInt8]] {
        var files = try SetFolder.read(TestKit.Repository.profileSet).files
            .filter { $0.key.contains("/pylontech-lv-1.2") || $0.key == "set.json" }
        let examination = SetExamination(files, runtime: SemanticVersion(0, 1, 0))
        let manifest = try #require(examination.manifest)
        var request = SealRequest()
        request.version = SemanticVersion(version)
        request.release = release ?? manifest.release
        let sealed = try SetManifest.sealed(
            files, request, fallback: "base", runtime: SemanticVersion(0, 1, 0))
        files["set.json"] = Array(sealed.document.utf8)
        return files
    }

    @discardableResult
    func add(version: String = "1.0.0", release: Int? = nil) throws -> TUFTarget {
        try open().add(
            Self.set(version: version, release: release), unread: [],
            runtime: SemanticVersion(0, 1, 0), name: "base", now: Self.now)
    }

    /// A gateway with a folder of its own that was made with the first root; gives what it fetched.
    @discardableResult
    func gateway(
        _ name: String = "gateway", _ targets: [TUFName] = [], at moment: TUFTime = now
    ) throws -> [[UInt8]] {
        let shipped = try [UInt8](
            Data(contentsOf: URL(filePath: published + "/metadata/1.root.json")))
        var limits = TUFLimits()
        limits.targetBytes = 16 << 20
        let client = try TUFClient(
            folder: try VerifiedFolder(folder.file(name)), shipped: shipped,
            exchange: FolderServer(published),
            addresses: TUFClient.Addresses(
                metadata: "https://fleet/metadata", targets: "https://fleet/targets"),
            limits: limits, start: moment)
        try client.refresh()
        return try targets.map { try client.fetch(try client.find($0)) }
    }

    /// What python-tuf's client prints; `name` is its own folder.
    func python(_ name: String = "python", _ targets: [String] = []) throws -> [Substring] {
        let python = try Peers.python(importing: "tuf.ngclient", "securesystemslib", "cryptography")
        let script =
            TestKit.Repository.root + "/Tests/ProfileRepositoryTests/Fixtures/verify.py"
        let run = try ChildProcess(
            python,
            [
                script, "--known", folder.file(name), published,
                published + "/metadata/1.root.json",
            ] + targets)
        #expect(try run.waitForExit(within: 60_000) == .exited(0), "\(run.errors)")
        return run.output.split(separator: "\n")
    }

    /// The bytes of everything published, by path.
    func state() throws -> [String: Data] {
        var state: [String: Data] = [:]
        let root = URL(filePath: published)
        for case let url as URL in FileManager.default.enumerator(
            at: root, includingPropertiesForKeys: nil) ?? .init()
        where !url.hasDirectoryPath {
            state[url.path] = try Data(contentsOf: url)
        }
        return state
    }
}

/// Gives the files of a folder as a web server does.
final class FolderServer: HTTPSExchange {
    private let folder: String

    init(_ folder: String) { self.folder = folder }

    func send(_ request: HTTPSRequest) throws(HTTPSFailure) -> HTTPSResponse {
        let path = folder + request.url.dropFirst("https://fleet".count)
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            return HTTPSResponse(status: 404, headers: [], body: [])
        }
        return HTTPSResponse(status: 200, headers: [], body: [UInt8](data))
    }
}
