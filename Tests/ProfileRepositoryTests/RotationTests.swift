import Foundation
import ProfileRepository
import TUF
import TestKit
import Testing

@Suite struct RotationTests {
    /// Rotates, signs with these keys and publishes.
    private func rotate(
        _ fixture: RepositoryFixture, signers: [TUFPrivateKey], _ change: (inout Rotation) -> Void
    ) throws {
        var rotation = Rotation()
        change(&rotation)
        let repository = try fixture.open()
        try repository.rotate(rotation, now: RepositoryFixture.now)
        _ = try repository.sign(with: signers)
        try repository.publish(now: RepositoryFixture.now)
    }

    /// A gateway that knows the old root, one that is new, and python-tuf both ways.
    private func read(_ fixture: RepositoryFixture, root: Int) throws {
        try fixture.gateway("old")
        try fixture.gateway("new-\(root)")
        #expect(try fixture.python("old-python").contains("root \(root)"))
        #expect(try fixture.python("new-python-\(root)").contains("root \(root)"))
    }

    @Test func `gateways follow every change of keys`() throws {
        let fixture = try RepositoryFixture()
        try fixture.add()
        let repository = try fixture.open()
        _ = try repository.sign(with: fixture.lists)
        try repository.publish(
            [AssignmentChange(gateway: "gw-1", document: [0x7B, 0x7D])], now: RepositoryFixture.now)
        try read(fixture, root: 1)

        for role in [TUFRoot.Role.timestamp, .snapshot] {
            try rotate(fixture, signers: fixture.roots) { $0.renewed = [role] }
        }
        try read(fixture, root: 3)

        try rotate(fixture, signers: fixture.lists) { $0.renewsAssignments = true }
        try read(fixture, root: 3)
        #expect(try fixture.gateway("old", [AssignmentChange.path("gw-1")]) == [[0x7B, 0x7D]])
        // keys that nothing needs any more are gone
        let keys = try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/online")
        #expect(keys.count == 3)

        let (leaving, joining) = (fixture.roots[0].publicKey, fixture.roots[2].publicKey)
        try rotate(fixture, signers: fixture.roots) {
            $0.added[.root] = [joining]
            $0.removed[.root] = [String(leaving.id.text.prefix(12))]
        }
        try read(fixture, root: 4)

        // the list of sets is signed by the keys before and after
        try rotate(fixture, signers: fixture.roots + fixture.lists) {
            $0.added[.targets] = fixture.lists.dropFirst().map(\.publicKey)
            $0.removed[.targets] = [fixture.lists[0].publicKey.id.text]
            $0.thresholds[.targets] = 2
        }
        try read(fixture, root: 5)
        #expect(try fixture.gateway("old", ["sets/base-1.0.0.tar"]).count == 1)
        try rotate(fixture, signers: fixture.roots) { _ in }
        try read(fixture, root: 6)
    }

    @Test func `too few signatures for a change of keys are named`() throws {
        let fixture = try RepositoryFixture()
        let repository = try fixture.open()
        var rotation = Rotation()
        rotation.added[.root] = [fixture.roots[2].publicKey]
        rotation.removed[.root] = [fixture.roots[0].publicKey.id.text]
        try repository.rotate(rotation, now: RepositoryFixture.now)
        // good for the new root alone
        _ = try repository.sign(with: [fixture.roots[1], fixture.roots[2]])
        #expect(
            throws: RepositoryError.unsigned([
                "'root' is signed by 1 of the keys that may, expected 2"
            ])
        ) { try repository.publish(now: RepositoryFixture.now) }
        _ = try repository.sign(with: [fixture.roots[0]])
        try repository.publish(now: RepositoryFixture.now)
        try fixture.gateway()
    }

    @Test func `changes that make a role unusable are refused`() throws {
        let fixture = try RepositoryFixture()
        let repository = try fixture.open()
        func refused(_ change: (inout Rotation) -> Void) {
            var rotation = Rotation()
            change(&rotation)
            #expect(throws: RepositoryError.self) {
                try repository.rotate(rotation, now: RepositoryFixture.now)
            }
        }
        refused { $0.thresholds[.root] = 3 }
        refused { $0.thresholds[.root] = 0 }
        refused { $0.removed[.root] = ["zz"] }
        refused { $0.removed[.root] = [""] }
        refused { $0.removed[.root] = [fixture.roots[0].publicKey.id.text] }
        refused { $0.removed[.targets] = [fixture.lists[0].publicKey.id.text] }
        #expect(try repository.drafts().root == nil)
    }

    @Test func `a root that expired is followed by one that has not`() throws {
        let fixture = try RepositoryFixture()
        let late = TUFTime(seconds: RepositoryFixture.now.seconds + 400 * RepositoryFixture.days)
        #expect(throws: TUFFault.self) { try fixture.open().publish(now: late) }
        let repository = try fixture.open()
        var rotation = Rotation()
        rotation.renewsTargets = true
        rotation.renewed = [.timestamp]
        try repository.rotate(rotation, now: late)
        _ = try repository.sign(with: fixture.roots + fixture.lists)
        try repository.publish(now: late)
        try fixture.gateway("slept", at: late)
    }

    @Test func `a draft made of something else than what is published is refused`() throws {
        let fixture = try RepositoryFixture()
        let repository = try fixture.open()
        try repository.rotate(Rotation(), now: RepositoryFixture.now)
        let draft = fixture.path + "/draft/root.json"
        let first = try Data(contentsOf: URL(filePath: draft))
        _ = try repository.sign(with: fixture.roots)
        try repository.publish(now: RepositoryFixture.now)
        try first.write(to: URL(filePath: draft))
        _ = try repository.sign(with: fixture.roots)
        // the same version with another life
        let later = TUFTime(seconds: RepositoryFixture.now.seconds + 60)
        try repository.rotate(Rotation(), now: later)
        #expect(try repository.drafts().root?.envelope.version == 3)
        try first.write(to: URL(filePath: draft))
        #expect(throws: RepositoryError.self) { try repository.publish(now: later) }
    }
}
