import Foundation
import HTTPSClient
import ProfileSet
import Synchronization
import TUF
import UpdateAgent

@testable import GatewaySettings

/// A fleet's repository of signed sets in memory, which does what an attacker would do.
final class SignedRepository: HTTPSExchange, Sendable {
    static let start: Int64 = 1_900_000_000
    private static let base = "https://fleet.example/v1/gateway/profiles/"

    private struct State {
        var files: [String: [UInt8]] = [:]
        var asked: [String] = []
        var failures: [String: HTTPSFailure.Detail] = [:]
        var isGarbage = false
    }

    let keys: [TUFRoot.Role: TUFPrivateKey]
    /// Signs assignments; a role of its own.
    let assigner: TUFPrivateKey
    private let state = Mutex(State())

    init() throws {
        var keys: [TUFRoot.Role: TUFPrivateKey] = [:]
        for role in TUFRoot.Role.allCases { keys[role] = TUFPrivateKey(.ed25519) }
        self.keys = keys
        guard let assigner = TUFPrivateKey(.ed25519) else { throw CocoaError(.featureUnsupported) }
        self.assigner = assigner
        let authorities = TUFRoot.Role.allCases.map { role in
            TUFAuthority(
                role: role.name, keys: [keys[role]?.publicKey].compactMap(\.self), threshold: 1)
        }
        put(
            "metadata/1.root.json",
            try sign(.root, .root(version: 1, expires: Self.later(900), authorities)))
    }

    static var fleet: FleetSettings {
        var fleet = FleetSettings()
        fleet.url = "https://fleet.example"
        return fleet
    }

    static func later(_ days: Int64) -> TUFTime { TUFTime(seconds: start + days * 86_400) }

    /// An assignment of this gateway with members changed.
    static func assignment(
        _ archive: [UInt8], release: Int, _ change: [String: Any] = [:]
    ) throws -> [UInt8] {
        var members: [String: Any] = [
            "gateway": "house", "set": "base", "version": "1.0.0",
            "sha256": Fingerprint.hex(archive), "length": archive.count, "release": release,
            "not_after": "2036-01-01T00:00:00Z", "least_runtime": "0.1.0",
        ]
        members.merge(change) { $1 }
        return Array(try JSONSerialization.data(withJSONObject: members, options: .sortedKeys))
    }

    /// Publishes a version of everything below the root.
    ///
    /// `path` is where the assignment is listed; the role that lists it may list `assignments/*` only.
    func publish(
        _ version: Int64, assignment: [UInt8], archive: [UInt8], expires: TUFTime = later(30),
        path: TUFName = "assignments/house.json", by signer: TUFPrivateKey? = nil
    ) throws {
        let assigned = TUFTarget(path: path, bytes: assignment)
        let set = TUFTarget(path: "sets/base-1.0.0.tar", bytes: archive)
        let delegation = TUFDelegation(
            TUFAuthority(role: "assignments", keys: [assigner.publicKey], threshold: 1),
            .patterns([PathPattern("assignments/*")]), isTerminating: true)
        put(
            "metadata/\(version).targets.json",
            try sign(
                .targets,
                .targets(
                    version: version, expires: expires, [set], delegations: [delegation])))
        put(
            "metadata/\(version).assignments.json",
            try TUFDraft.targets(version: version, expires: expires, [assigned])
                .signed(by: [signer ?? assigner]).bytes)
        let snapshot = try sign(
            .snapshot,
            .snapshot(
                version: version, expires: expires,
                [(TUFName("targets"), version), (TUFName("assignments"), version)]))
        put("metadata/\(version).snapshot.json", snapshot)
        put(
            "metadata/timestamp.json",
            try sign(
                .timestamp,
                .timestamp(
                    version: version, expires: expires, snapshot: snapshot,
                    snapshotVersion: version)))
        put("targets/" + assigned.location(hasConsistentSnapshots: true), assignment)
        put("targets/" + set.location(hasConsistentSnapshots: true), archive)
    }

    private func sign(_ role: TUFRoot.Role, _ draft: TUFDraft) throws -> [UInt8] {
        try draft.signed(by: [keys[role]].compactMap(\.self)).bytes
    }

    func put(_ name: String, _ bytes: [UInt8]) { state.withLock { $0.files[name] = bytes } }

    func file(_ name: String) -> [UInt8] { state.withLock { $0.files[name] ?? [] } }

    /// All that is published, to be shown again later.
    var published: [String: [UInt8]] {
        get { state.withLock { $0.files } }
        set { state.withLock { $0.files = newValue } }
    }

    /// Names that begin so fail in this way.
    func fail(_ name: String, _ detail: HTTPSFailure.Detail?) {
        state.withLock { $0.failures[name] = detail }
    }

    /// Whether every answer is garbage, as of a mirror that was taken over.
    func setGarbage(_ isGarbage: Bool) { state.withLock { $0.isGarbage = isGarbage } }

    func send(_ request: HTTPSRequest) throws(HTTPSFailure) -> HTTPSResponse {
        let name = String(request.url.dropFirst(Self.base.count))
        let (body, detail, isGarbage) = state.withLock { state in
            state.asked.append(name)
            let failure = state.failures.first { name.hasPrefix($0.key) }?.value
            return (state.files[name], failure, state.isGarbage)
        }
        if let detail { throw HTTPSFailure(.limit, "as a test wants", detail: detail) }
        if isGarbage {
            return HTTPSResponse(status: 200, headers: [], body: Array("\u{FF}{".utf8))
        }
        guard let body else { return HTTPSResponse(status: 404, headers: [], body: []) }
        return HTTPSResponse(status: 200, headers: [], body: body)
    }
}
