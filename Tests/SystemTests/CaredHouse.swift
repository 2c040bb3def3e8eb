import CertificateAuthority
import FleetStore
import Foundation
import TestKit

/// A house with a real fleet: authority, enrolment and documents over TLS, a broker set up by
/// `amphora-fleet broker config`, an ingest, and a gateway that looks after its identity.
final class CaredHouse {
    let house: House
    let rig: IdentityRig
    let fleetPort: UInt16
    private var server: ChildProcess?
    private var isAdded = false
    private var ingest: ChildProcess?
    private(set) var gateway: ChildProcess?

    /// Starts everything but the gateway; certificates live for two hours.
    init(
        pollSeconds: Int = 3600, inverterQuirks: [String] = [], settings: String = ""
    ) throws {
        rig = try IdentityRig(deviceLife: .minutes(120))
        house = try House(packs: 2, inverterQuirks: inverterQuirks)
        fleetPort = try Peers.freePort()
        try rig.fleet("ca", "issue-service", "ingest", "a", "--ca", rig.authority.path)
        try rig.configureBroker()
        try startServer()
        try startIngest()
        try configure(pollSeconds, settings)
        try setClock(0)
    }

    deinit { for process in [gateway, ingest, server] { _ = process?.terminate() } }

    var store: String { "sqlite:" + rig.folder.file("fleet.db") }
    /// Where the fleet keeps signed sets.
    var repository: String { rig.folder.file("profiles") }
    var identity: String { house.folder.file("identity") }
    private var url: String { "https://127.0.0.1:\(fleetPort)" }

    private func startServer() throws {
        let started = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "serve", "--store", store, "--ca", rig.authority.path, "--tls",
                "127.0.0.1:\(fleetPort)", "--listen", "127.0.0.1:\(try Peers.freePort())",
                "--repository", repository, "--rollout-s", "1",
            ])
        _ = try started.waitForLine(containing: "serving", within: 30_000)
        server = started
    }

    private func startIngest() throws {
        let pair = rig.authority.file("identities/ingest.a/current")
        let started = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "ingest", "--store", store, "--broker", "127.0.0.1:\(rig.port)", "--ca",
                rig.authority.file("authorities.pem"), "--cert", "\(pair)/certificate.pem",
                "--key", "\(pair)/key.pem", "--batch-milliseconds", "20",
            ])
        _ = try started.waitForLine(containing: "connected to the broker", within: 30_000)
        ingest = started
    }

    private func configure(_ pollSeconds: Int, _ settings: String) throws {
        let path = house.folder.file("gateway.toml")
        var text = try String(contentsOfFile: path, encoding: .utf8)
        text.replace("port = \(house.broker.port)\n", with: "port = \(rig.port)\n")
        text.replace("[mqtt]", with: "delivery = \"fleet\"\n[mqtt]\nbacklog_jitter_s = 0")
        text += """

            [fleet]
            url = "\(url)"
            identity = "\(identity)"
            configuration = "\(house.folder.file("configuration"))"
            poll_s = \(pollSeconds)
            \(settings)
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// Sets the gateway's clock so many seconds ahead.
    func setClock(_ seconds: Int) throws {
        try "\(seconds) trusted\n".write(
            toFile: house.folder.file("clock"), atomically: true, encoding: .utf8)
    }

    func startGateway() throws {
        gateway = try ChildProcess(
            House.programs + "/amphora-gateway",
            ["run", "--config", house.folder.file("gateway.toml")],
            environment: ["AMPHORA_CLOCK": house.folder.file("clock")])
    }

    func stopGateway() -> ExitStatus? { gateway?.terminate(within: 15_000) }

    /// Lets the fleet's server hang: connections are made and nothing is answered.
    func freezeServer() { server?.signal(SIGSTOP) }
    func resumeServer() { server?.signal(SIGCONT) }

    /// Connections to the fleet's server that stand.
    func openConnections() throws -> Int {
        let port = String(format: ":%04X", Int(fleetPort))
        // a file without a length, which has to be read to its end
        let bytes = try FileHandle(forReadingFrom: URL(filePath: "/proc/net/tcp")).readToEnd()
        let table = String(decoding: bytes ?? Data(), as: UTF8.self)
        return table.split(separator: "\n").count { line in
            let words = line.split(separator: " ")
            return words.count > 3 && words[2].hasSuffix(port) && words[3] == "01"
        }
    }

    /// Makes a token for the gateway.
    func token() throws -> String {
        let added = try rig.fleet(
            "devices", isAdded ? "token" : "add", "house", "--store", store)
        isAdded = true
        let line = added.split(separator: "\n").first { $0.hasPrefix("token") }
        guard let token = line?.split(separator: " ").last else {
            throw HouseError("no token in '\(added)'")
        }
        return String(token)
    }

    /// Runs a command of the gateway on its identity.
    @discardableResult
    func run(_ words: String...) throws -> (status: ExitStatus, output: String, errors: String) {
        let process = try ChildProcess(
            House.programs + "/amphora-gateway", words + ["--identity", identity],
            environment: ["AMPHORA_CLOCK": house.folder.file("clock")])
        let status = try process.waitForExit(within: 90_000)
        return (status, process.output, process.errors)
    }

    /// Enrols with a new token.
    func enroll() throws {
        let run = try run(
            "enroll", "--fleet", url, "--gateway", "house", "--token", try token(), "--ca",
            rig.authority.file("root.pem"))
        guard run.status == .exited(0) else { throw HouseError("enroll: \(run.errors)") }
    }

    /// Lays a pair into the gateway's folder, which trusts the fleet and one authority more.
    func install(
        _ pair: IdentityRig.Pair, in name: String, as door: String? = nil,
        trusting other: AuthorityFolder? = nil
    ) throws {
        let files = FileManager.default
        let place = "\(identity)/\(name)"
        let mode = [FileAttributeKey.posixPermissions: 0o700]
        try files.createDirectory(
            atPath: place, withIntermediateDirectories: true, attributes: mode)
        try files.copyItem(atPath: pair.key, toPath: "\(place)/key.pem")
        try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(place)/key.pem")
        try files.copyItem(atPath: pair.certificate, toPath: "\(place)/certificate.pem")
        var authorities = try DurableFile.read(rig.authority.file("authorities.pem"))
        if let other { authorities += try DurableFile.read(other.file("authorities.pem")) }
        try DurableFile.write(authorities, to: "\(place)/authorities.pem")
        guard let door else { return }
        try files.createSymbolicLink(
            atPath: "\(identity)/\(door)", withDestinationPath: name)
    }

    /// Waits for words of the gateway's log.
    func waitForLog(_ words: String, seconds: Int64 = 40) throws {
        let found = Patience.wait(seconds * 1000) { () -> Bool? in
            self.gateway?.errors.contains(words) == true ? true : nil
        }
        guard found == nil else { return }
        throw HouseError("'\(words)' was not logged: \(gateway?.errors.suffix(2500) ?? "")")
    }

    /// The numbers of the gateway's records that the fleet has.
    func stored(epoch: Int64) throws -> Set<Int64> {
        let store = try FleetStores.open(store)
        return Set(try store.sequences(gateway: "house", epoch: epoch))
    }
}
