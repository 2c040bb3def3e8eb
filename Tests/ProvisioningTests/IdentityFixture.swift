import FoundationEssentials
import Synchronization
import TestKit
import X509

@testable import Provisioning

/// A folder with pairs, as enrolments leave them.
final class IdentityFixture {
    let directory: TemporaryDirectory
    let root: TestAuthority
    let issuing: TestAuthority
    let folder: IdentityFolder
    let store: IdentityStore

    init(step: @escaping IdentityFolder.Step = { 0 }) throws {
        directory = try TemporaryDirectory("identity")
        root = try TestAuthority()
        issuing = try TestAuthority("Fleet Issuing", below: root)
        folder = IdentityFolder(directory.file("identity"), step: step)
        store = IdentityStore(folder: folder, gateway: "gw-1")
        try IdentityFolder(folder.path, step: { 0 }).make()
    }

    /// The folder on a disk that never fails.
    var sound: IdentityFolder { IdentityFolder(folder.path, step: { 0 }) }

    static let clock = ClockReading(wall: TestAuthority.now, floor: TimeFloor.built)
    var clock: ClockReading { Self.clock }

    /// Writes a whole pair and lets a link lead to it.
    @discardableResult
    func add(
        _ name: String, as door: IdentityStore.Door?, names: [String] = ["gw-1"],
        life: ClosedRange<Int64> = TestAuthority.life, isForClients: Bool = true,
        otherKey: Bool = false, authority: TestAuthority? = nil
    ) throws -> Certificate {
        try sound.makeFolder(name)
        let made = try FileKey.make(in: sound, name)
        let other = try TestAuthority().key.publicKey
        let leaf = try (authority ?? issuing).certificate(
            for: otherKey ? other : made.signer.publicKey, names: names, life: life,
            isForClients: isForClients)
        let chain = try PEMFile.bytes([leaf, (authority ?? issuing).certificate])
        try sound.write("\(name)/certificate.pem", chain, mode: 0o644)
        let authorities = try PEMFile.bytes([root.certificate, issuing.certificate])
        try sound.write("\(name)/authorities.pem", authorities, mode: 0o644)
        if let door { try sound.link(door.rawValue, to: name) }
        return leaf
    }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file(name))
        return attributes[.posixPermissions] as? Int ?? -1
    }
}

/// A disk that ends the process, in effect, or is full at one of its changes.
final class FailingDisk: Sendable {
    enum Failure { case cut, full }
    private let state = Mutex((passed: 0, isDead: false))
    private let at: Int
    private let failure: Failure

    /// Fails at change number `at`, counted from 1; after a cut everything fails.
    init(at: Int, _ failure: Failure) { (self.at, self.failure) = (at, failure) }

    /// Whether the change was reached.
    var hasFailed: Bool { state.withLock { $0.passed >= at } }

    func step() -> Int32 {
        state.withLock { state in
            state.passed += 1
            if failure == .cut, state.passed >= at { return 5 }
            return state.passed == at ? 28 : 0
        }
    }
}
