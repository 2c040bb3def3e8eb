import GatewaySettings
import HTTPSClient
import Synchronization
import TUF
import TUFClient
import UpdateAgent

/// Assignments and sets out of the fleet's repository, believed as far as its signatures lead.
///
/// 1. Nothing is used to which the root's keys do not lead, whoever serves it.
/// 2. The first root is the file that the settings name. Without one it is what the fleet gives over TLS
///    when the folder is new; from then on only its own keys change it.
/// 3. One question is one update with connections of its own, so that a renewed certificate counts.
final class RepositorySource: SetSource {
    private struct Known {
        var target: TUFTarget
        var bytes: [UInt8]
    }

    private let folder: String
    private let root: String?
    private let gateway: String
    private let fleet: FleetSettings
    private let connect: RemoteControl.Connect
    private let canceller: HTTPSCanceller
    private let now: @Sendable () -> Int64
    /// The assignment that was fetched last.
    private let known = Mutex<Known?>(nil)

    /// `folder` keeps verified metadata, `root` is the file of the first root; `now` is Unix time in
    /// seconds, and `canceller` ends what `connect` has begun.
    init(
        folder: String, root: String?, gateway: String, fleet: FleetSettings,
        canceller: HTTPSCanceller, connect: @escaping RemoteControl.Connect,
        now: @escaping @Sendable () -> Int64
    ) {
        (self.folder, self.root, self.gateway, self.fleet) = (folder, root, gateway, fleet)
        (self.canceller, self.connect, self.now) = (canceller, connect, now)
    }

    func assignment() throws(UpdateError) -> [UInt8]? {
        try look { client throws(TUFFault) in
            let target: TUFTarget
            do throws(TUFFault) {
                target = try client.find(TUFName("assignments/\(gateway).json"))
            } catch .targetUnknown {
                known.withLock { $0 = nil }
                return nil
            }
            let old = known.withLock { $0 }
            if let old, old.target.hashes == target.hashes, old.target.length == target.length {
                return old.bytes
            }
            let bytes = try client.fetch(target)
            known.withLock { $0 = Known(target: target, bytes: bytes) }
            return bytes
        }
    }

    func archive(sha256: String, length: Int) throws(UpdateError) -> [UInt8] {
        var bytes = known.withLock { $0?.bytes }
        if bytes == nil { bytes = try assignment() }
        guard let bytes, let assignment = try? Assignment(bytes) else {
            throw .source("the fleet assigns nothing any more")
        }
        let path = "sets/\(assignment.set)-\(assignment.version).tar"
        return try look { client throws(TUFFault) in
            let target = try client.find(TUFName(path))
            guard target.length == Int64(length) else {
                throw .wrongLength(
                    target.path, expected: Int64(length), found: target.length)
            }
            guard target.hashes["sha256"] == sha256 else {
                throw .wrongHash(target.path, algorithm: "sha256")
            }
            return try client.fetch(target)
        }
    }

    func cancel() { canceller.cancel() }

    /// One update, and what is looked up with it.
    private func look<Value>(
        _ body: (TUFClient) throws(TUFFault) -> Value
    ) throws(UpdateError) -> Value {
        let exchange: any HTTPSExchange
        do throws(HTTPSFailure) {
            exchange = try connect(fleet)
        } catch {
            throw .source("cannot ask the fleet for profile sets: \(error)")
        }
        do throws(TUFFault) {
            let client = try client(exchange)
            try client.refresh()
            return try body(client)
        } catch {
            let attack = error.attack.map { ", as in an attack of kind '\($0.rawValue)'" } ?? ""
            throw .source("the fleet's repository of profile sets is not used: \(error)\(attack)")
        }
    }

    private func client(_ exchange: any HTTPSExchange) throws(TUFFault) -> TUFClient {
        let place = try VerifiedFolder(folder)
        let addresses = TUFClient.Addresses(fleet: fleet.url)
        let start = TUFTime(seconds: now())
        if let root {
            guard let bytes = try? FileBytes.read(root, limit: TUFLimits().rootBytes) else {
                throw .storage("'\(root)', which 'update.root' names, cannot be read")
            }
            return try TUFClient(
                folder: place, shipped: bytes, exchange: exchange, addresses: addresses,
                start: start)
        }
        if place.read("root.json") == nil {
            try TUFClient.begin(
                place, root: try TUFClient.firstRoot(exchange: exchange, addresses: addresses))
        }
        return try TUFClient(
            folder: place, exchange: exchange, addresses: addresses, start: start)
    }
}
