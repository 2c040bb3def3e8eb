import Foundation
import ProfileSet
import Synchronization
import TestKit
import Testing

@testable import UpdateAgent

/// A house whose looks, proofs and swaps a test decides.
final class TestHouse: UpdateHouse {
    struct State {
        var clock = UpdateClock(monotonic: 0, wall: 1_795_000_000, isTrusted: true)
        var view = TestHouse.healthy
        var proof = Proof.proved
        var refusal: String?
        var running: String?
        var consent = true
        var told = 0
        var storesReports = true
        var reports: [NumberedReport] = []
        var swaps: [String?] = []
        /// Whether a document of the fleet is on trial, which the look does not show yet.
        var isTrying = false
        var hasTrial = false
        var proofs = 0
        /// What the house shows while it runs on the set with this hash.
        var sabotage: (sha256: String, view: HouseView)?
    }

    static var healthy: HouseView {
        var view = HouseView()
        view.packs = 2
        view.inverter = .present
        view.isSending = true
        view.exchanges = 1000
        view.faultyExchanges = 2
        view.keepAlives = 50
        return view
    }

    let state = Mutex(State())

    init(running: String? = nil) { state.withLock { $0.running = running } }

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    func clock() -> UpdateClock { state.withLock { $0.clock } }

    func look() -> HouseView {
        state.withLock { state in
            if let sabotage = state.sabotage, sabotage.sha256 == state.running {
                return sabotage.view
            }
            var view = state.view
            view.keepAlives += UInt64(max(0, state.clock.monotonic / 1_000_000_000))
            return view
        }
    }

    func prove(path: String) -> Proof {
        state.withLock { state in
            state.proofs += 1
            return state.proof
        }
    }

    func beginTrial() -> Bool {
        state.withLock { state in
            if !state.isTrying { state.hasTrial = true }
            return !state.isTrying
        }
    }

    func endTrial() { state.withLock { $0.hasTrial = false } }

    func swap(to path: String?) -> String? {
        state.withLock { state in
            if let refusal = state.refusal, path != nil { return refusal }
            state.swaps.append(path)
            state.running = path.map { String($0.suffix(64)) }
            return nil
        }
    }

    var running: String? { state.withLock { $0.running } }
    var installedRelease: Int { 1 }
    func hasConsent(_ assignment: Assignment) -> Bool { state.withLock { $0.consent } }

    func tell(_ reports: [NumberedReport]) {
        state.withLock { state in
            guard state.storesReports else { return }
            for report in reports where report.number > state.told {
                state.reports.append(report)
                state.told = report.number
            }
        }
    }

    var told: Int { state.withLock { $0.told } }
    var codes: [String] { state.withLock { $0.reports.map(\.report.code.rawValue) } }
    var lastReason: String { state.withLock { $0.reports.last?.report.reason ?? "" } }

    /// Lets seconds go by.
    func pass(_ seconds: Int) {
        state.withLock {
            $0.clock.monotonic += Int64(seconds) * 1_000_000_000
            $0.clock.wall += Int64(seconds)
        }
    }
}

/// A packed set of few files, with its assignment.
struct TestSet {
    let archive: [UInt8]
    let sha256: String
    let release: Int
    let version: String
    let files: [String: [UInt8]]

    private static let few: [String: [UInt8]] = {
        let paths = ["packs/pace-v1.3.json", "vectors/packs/pace-v1.3.json"]
        return Dictionary(
            uniqueKeysWithValues: paths.map { path in
                let data = FileManager.default.contents(atPath: "\(Repository.profileSet)/\(path)")
                return (path, Array(data ?? Data()))
            })
    }()

    init(release: Int, version: String? = nil) throws {
        self.release = release
        self.version = version ?? "1.\(release).0"
        var request = SealRequest()
        request.id = "base"
        request.release = release
        request.version = SemanticVersion(self.version)
        var files = Self.few
        let manifest = try SetManifest.sealed(
            files, request, fallback: "base", runtime: SemanticVersion(0, 1, 0))
        files["set.json"] = Array(manifest.document.utf8)
        self.files = files
        archive = try SetArchive.pack(files, name: "base")
        sha256 = Fingerprint.hex(archive)
    }

    /// The members of the assignment, to be changed.
    func members(_ change: [String: Any?] = [:]) -> [String: Any] {
        var members: [String: Any] = [
            "gateway": "house", "set": "base", "version": version, "sha256": sha256,
            "length": archive.count, "release": release, "not_after": "2027-06-01T00:00:00Z",
            "least_runtime": "0.1.0", "rollout": "r-1",
        ]
        for (key, value) in change { members[key] = value }
        return members
    }

    func document(_ change: [String: Any?] = [:]) throws -> [UInt8] {
        Array(
            try JSONSerialization.data(
                withJSONObject: members(change), options: [.sortedKeys, .withoutEscapingSlashes]))
    }

    /// Puts archive and assignment into a source folder.
    func assign(in folder: String, _ change: [String: Any?] = [:]) throws {
        try Data(archive).write(to: URL(filePath: "\(folder)/\(sha256).tar"))
        try Data(try document(change)).write(to: URL(filePath: "\(folder)/assignment.json"))
    }
}

/// An agent's folder, its source and its house.
struct UpdateFixture {
    let place: TemporaryDirectory
    let house = TestHouse()
    var source: String { place.file("source") }
    var folder: String { place.file("sets") }

    init() throws {
        place = try TemporaryDirectory("update")
        try FileManager.default.createDirectory(
            atPath: place.file("source"), withIntermediateDirectories: true)
    }

    static let terms = UpdateTerms(
        gateway: "house", runtime: SemanticVersion(0, 1, 0), hardware: "generic",
        probationSeconds: 60, deferralSeconds: 3600, pollSeconds: 10)

    /// A program that begins: what it runs, and its agent.
    func begin(
        in folder: String? = nil, step: UpdateFolder.Step? = nil
    ) -> Updater {
        let path = folder ?? self.folder
        let sets = InstalledSets(step.map { UpdateFolder(path, step: $0) } ?? UpdateFolder(path))
        let start = UpdateStart(sets)
        house.change { $0.running = InstalledSets.sha256(of: start.place) }
        return Updater(
            start: start, source: FolderSource(path: source), house: house, terms: Self.terms)
    }

    /// Steps until a condition holds; a second goes by with each step.
    @discardableResult
    func run(
        _ updater: inout Updater, steps: Int = 400, until isDone: (Updater) -> Bool
    ) -> Bool {
        for _ in 0..<steps {
            if isDone(updater) { return true }
            updater.step()
            house.pass(1)
        }
        return isDone(updater)
    }

    /// Steps until a condition holds; fails when it never does.
    func wait(
        _ updater: inout Updater, _ what: String = "", for isDone: (Updater) -> Bool
    ) throws {
        let isReached = run(&updater, until: isDone)
        try #require(isReached, "\(what) \(updater.trouble), \(updater.record)")
    }

    /// Steps until the house runs on a set and nothing is under way.
    func wait(_ updater: inout Updater, for set: TestSet) throws {
        let house = house
        try wait(&updater, "release \(set.release)") {
            house.running == set.sha256 && $0.record.phase == .idle
        }
    }

    /// Installs a set from nothing.
    func install(_ set: TestSet) throws -> Updater {
        try set.assign(in: source)
        var updater = begin()
        try wait(&updater, for: set)
        return updater
    }
}
