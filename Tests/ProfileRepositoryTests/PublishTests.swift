import CertificateAuthority
import Foundation
import ProfileRepository
import ProfileSet
import TUF
import TestKit
import Testing

@Suite struct PublishTests {
    @Test func `what lies there already is no news`() throws {
        let fixture = try RepositoryFixture()
        let repository = try fixture.open()
        let all = (1...40).map { number in
            AssignmentChange(gateway: "gw-\(number)", document: Array("{\(number)}".utf8))
        }
        #expect(try repository.news(among: all).count == 40)
        try repository.publish(all, drafts: false, now: RepositoryFixture.now)
        #expect(try repository.news(among: all).isEmpty)
        let changes = [
            AssignmentChange(gateway: "gw-1", document: Array("{2}".utf8)),
            AssignmentChange(gateway: "gw-2", document: nil),
            AssignmentChange(gateway: "gw-3", document: all[2].document),
            AssignmentChange(gateway: "gw-50", document: nil),
        ]
        #expect(try Set(repository.news(among: changes).map(\.gateway)) == ["gw-1", "gw-2"])
    }

    @Test func `a gateway and python-tuf read what was published`() throws {
        let fixture = try RepositoryFixture(isPublished: false)
        let repository = try fixture.open()
        let set = try fixture.add()
        #expect(try repository.lacking().count == 2)
        #expect(
            try repository.sign(with: fixture.roots + [fixture.lists[0]]) == ["root", "targets"])
        try repository.publish(
            [AssignmentChange(gateway: "gw-1", document: Array("{\"gateway\":\"gw-1\"}".utf8))],
            now: RepositoryFixture.now)
        let fetched = try fixture.gateway(
            "gateway", [set.path, AssignmentChange.path("gw-1")])
        #expect(TUFDigest.sha256.text(fetched[0]) == set.hashes["sha256"])
        #expect(fetched[1] == Array("{\"gateway\":\"gw-1\"}".utf8))
        let files = try SetArchive.unpack(fetched[0], name: "base")
        _ = try ProfileSet.load(files, runtime: SemanticVersion(0, 1, 0), name: "base")
        let lines = try fixture.python("python", ["sets/base-1.0.0.tar", "assignments/gw-1.json"])
        #expect(lines.contains("root 1"))
        #expect(lines.contains("target sets/base-1.0.0.tar \(set.hashes["sha256"] ?? "")"))
        #expect(lines.count { $0.hasPrefix("file assignments-") } == 16)
    }

    @Test func `without enough signatures nothing changes`() throws {
        let fixture = try RepositoryFixture()
        let repository = try fixture.open()
        try fixture.add()
        let before = try fixture.state()
        #expect(
            throws: RepositoryError.unsigned([
                "'targets' is signed by 0 of the keys that may, expected 1"
            ])
        ) { try repository.publish(now: RepositoryFixture.now) }
        // a stranger's signature helps nobody
        #expect(try repository.sign(with: [fixture.lists[2]]) == [])
        #expect(throws: RepositoryError.self) { try repository.publish(now: RepositoryFixture.now) }
        #expect(try fixture.state() == before)
        // assignments go on while the draft waits
        try repository.publish(
            [AssignmentChange(gateway: "gw-1", document: [0x7B, 0x7D])], drafts: false,
            now: RepositoryFixture.now)
        #expect(try repository.drafts().targets != nil)
        _ = try repository.sign(with: fixture.lists)
        try repository.publish(now: RepositoryFixture.now)
        #expect(try repository.drafts().targets == nil)
        #expect(try fixture.gateway("gateway", ["sets/base-1.0.0.tar"]).count == 1)
    }

    @Test func `a draft can be signed where the repository is not`() throws {
        let fixture = try RepositoryFixture()
        try fixture.add()
        let carried = fixture.folder.file("carried.json")
        let draft = fixture.path + "/draft/targets.json"
        try FileManager.default.copyItem(atPath: draft, toPath: carried)
        try DraftFile.sign(carried, with: [fixture.lists[0]])
        try FileManager.default.removeItem(atPath: draft)
        try FileManager.default.copyItem(atPath: carried, toPath: draft)
        #expect(try fixture.open().lacking() == [])
        try fixture.open().publish(now: RepositoryFixture.now)
    }

    @Test func `a version is never replaced and a release counter never goes back`() throws {
        let fixture = try RepositoryFixture()
        try fixture.add(version: "1.0.0", release: 5)
        for (version, release, words) in [
            ("1.0.0", 6, "give the set another version"), ("1.0.1", 5, "expected a higher one"),
            ("1.0.1", 4, "expected a higher one"),
        ] {
            do {
                try fixture.add(version: version, release: release)
                Issue.record("\(version) \(release) was added")
            } catch {
                #expect("\(error)".contains(words), "\(error)")
            }
        }
        try fixture.add(version: "1.0.1", release: 6)
        #expect(try fixture.open().drafts().targets?.targets.count == 2)
    }

    @Test func `a set with a fault is not added`() throws {
        let fixture = try RepositoryFixture()
        var files = try RepositoryFixture.set()
        files["inverters/pylontech-lv-1.2/frames.dbc"]?.append(0x20)
        #expect(throws: ProfileSetError.self) {
            try fixture.open().add(
                files, unread: [], runtime: SemanticVersion(0, 1, 0), name: "base",
                now: RepositoryFixture.now)
        }
        #expect(try fixture.open().drafts().targets == nil)
    }

    @Test func `only the bins of changed assignments are signed anew`() throws {
        let fixture = try RepositoryFixture()
        let repository = try fixture.open()
        let many = (0..<200).map {
            AssignmentChange(gateway: "gw-\($0)", document: Array("{\"n\":\($0)}".utf8))
        }
        #expect(try repository.publish(many, now: RepositoryFixture.now).bins == 16)
        #expect(try repository.publish([many[3]], now: RepositoryFixture.now).bins == 1)
        #expect(try repository.publish(now: RepositoryFixture.now).bins == 0)
        #expect(try repository.status().assignments == 200)
        #expect(
            try fixture.gateway("gateway", [AssignmentChange.path("gw-77")]) == [many[77].document])
        let changed = AssignmentChange(gateway: "gw-77", document: [0x5B, 0x5D])
        try repository.publish(
            [changed, AssignmentChange(gateway: "gw-78", document: nil)], now: RepositoryFixture.now
        )
        #expect(
            try fixture.gateway("gateway", [AssignmentChange.path("gw-77")]) == [[0x5B, 0x5D]])
        #expect(throws: TUFFault.targetUnknown(AssignmentChange.path("gw-78"))) {
            try fixture.gateway("gateway", [AssignmentChange.path("gw-78")])
        }
        #expect(throws: TUFFault.targetUnknown(AssignmentChange.path("stranger"))) {
            try fixture.gateway("gateway", [AssignmentChange.path("stranger")])
        }
        for id in ["", "../x", "a/b", "A", "é"] {
            #expect(throws: RepositoryError.self) {
                try repository.publish(
                    [AssignmentChange(gateway: id, document: [])], now: RepositoryFixture.now)
            }
        }
    }

    @Test func `the fleet renews by itself before anything expires`() throws {
        let fixture = try RepositoryFixture()
        let repository = try fixture.open()
        let days = RepositoryFixture.days
        var moment = RepositoryFixture.now
        #expect(try !repository.renewIfDue(now: moment))
        var renewals = 0
        // root and targets live longer than this
        for _ in 0..<170 {
            moment = TUFTime(seconds: moment.seconds + days)
            if try repository.renewIfDue(now: moment) { renewals += 1 }
            try fixture.gateway(at: moment)
        }
        #expect((30...60).contains(renewals), "\(renewals)")
        let names = try FileManager.default.contentsOfDirectory(
            atPath: fixture.published + "/metadata")
        #expect(names.count < 60, "old files go: \(names.count)")
    }

    @Test func `files that nothing names go after a day and not before`() throws {
        let fixture = try RepositoryFixture()
        let repository = try fixture.open()
        for text in ["{}", "[]"] {
            try repository.publish(
                [AssignmentChange(gateway: "gw-1", document: Array(text.utf8))],
                now: RepositoryFixture.now)
        }
        #expect(try repository.prune(now: RepositoryFixture.now) == 0)
        let later = TUFTime(seconds: RepositoryFixture.now.seconds + 2 * RepositoryFixture.days)
        // one document, one bin twice, two snapshots
        #expect(try repository.prune(now: later) == 5)
        #expect(
            try fixture.gateway("gateway", [AssignmentChange.path("gw-1")]) == [Array("[]".utf8)])
        _ = try fixture.python("python", ["assignments/gw-1.json"])
    }

    @Test func `one process at a time, and never over another repository`() throws {
        let fixture = try RepositoryFixture()
        #expect(throws: RepositoryError.self) {
            try ProfileRepository.create(
                at: fixture.path,
                root: TUFAuthority(role: "root", keys: [fixture.roots[0].publicKey], threshold: 1),
                targets: TUFAuthority(
                    role: "targets", keys: [fixture.roots[0].publicKey], threshold: 1),
                lives: RepositoryLives(), now: RepositoryFixture.now)
        }
        #expect(throws: RepositoryError.self) { try ProfileRepository(fixture.folder.file("none")) }
        #expect(throws: AuthorityError.self) { try ProfileRepository(fixture.path, patience: 0) }
    }
}
