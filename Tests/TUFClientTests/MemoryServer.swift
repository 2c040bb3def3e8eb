import HTTPSClient
import TUF
import TUFClient

/// A repository in memory behind the interface of an HTTPS session.
final class MemoryServer: HTTPSExchange {
    static let start = TUFTime(seconds: 1_900_000_000)
    static let addresses = TUFClient.Addresses(
        metadata: "https://fleet/metadata", targets: "https://fleet/targets")

    /// The end of all that is signed from now on.
    var later = TUFTime(seconds: 1_900_086_400)
    let keys: [TUFRoot.Role: TUFPrivateKey]
    var files: [String: [UInt8]] = [:]
    /// What was asked for, without the address of the server.
    var log: [String] = []
    /// The failure that every request meets.
    var failure: HTTPSFailure?
    private var targetsVersion: Int64 = 0

    init() throws {
        var keys: [TUFRoot.Role: TUFPrivateKey] = [:]
        for role in TUFRoot.Role.allCases { keys[role] = TUFPrivateKey(.ecdsa) }
        self.keys = keys
        try publish()
        files["1.root.json"] = try root(1)
    }

    func send(_ request: HTTPSRequest) throws(HTTPSFailure) -> HTTPSResponse {
        let name = String(request.url.dropFirst("https://fleet/metadata/".count))
        log.append(name)
        if let failure { throw failure }
        guard let body = files[name] else {
            return HTTPSResponse(status: 404, headers: [], body: [])
        }
        return HTTPSResponse(status: 200, headers: [], body: body)
    }

    func root(_ version: Int64, by signers: [TUFPrivateKey]? = nil) throws -> [UInt8] {
        let authorities = TUFRoot.Role.allCases.map { role in
            TUFAuthority(
                role: role.name, keys: [keys[role]?.publicKey].compactMap(\.self), threshold: 1)
        }
        return try TUFDraft.root(version: version, expires: later, authorities)
            .signed(by: signers ?? [keys[.root]].compactMap(\.self)).bytes
    }

    /// A new version of everything but the root.
    func publish() throws {
        targetsVersion += 1
        let version = targetsVersion
        files["\(version).targets.json"] = try sign(
            .targets, TUFDraft.targets(version: version, expires: later, []))
        files["\(version).snapshot.json"] = try sign(
            .snapshot,
            TUFDraft.snapshot(version: version, expires: later, [("targets", version)]))
        files["timestamp.json"] = try timestamp(version, naming: version)
    }

    /// A timestamp that names a snapshot published before.
    func timestamp(_ version: Int64, naming snapshot: Int64) throws -> [UInt8] {
        try sign(
            .timestamp,
            TUFDraft.timestamp(
                version: version, expires: later,
                snapshot: files["\(snapshot).snapshot.json"] ?? [], snapshotVersion: snapshot))
    }

    private func sign(_ role: TUFRoot.Role, _ draft: TUFDraft) throws -> [UInt8] {
        try draft.signed(by: [keys[role]].compactMap(\.self)).bytes
    }
}
