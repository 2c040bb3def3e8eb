import FoundationEssentials
import Glibc
import TestKit

@testable import Provisioning

/// The Python EST server of the fixtures, and a gateway that enrols with it.
final class ESTDouble: Sendable {
    let directory: TemporaryDirectory
    let fleet: String
    private let process: ChildProcess

    init() throws {
        directory = try TemporaryDirectory("est")
        _ = try Peers.tool("openssl")
        let python = try Peers.python(importing: "ssl")
        let script = Repository.root + "/Tests/ProvisioningTests/Fixtures/est_double.py"
        process = try ChildProcess(python, [script, directory.path])
        let line = try process.waitForLine(containing: "port ", within: 60_000)
        fleet = "https://localhost:\(line.dropFirst(5))"
    }

    deinit { _ = process.terminate() }

    /// What goes wrong from now on, as words of the script.
    func set(_ mode: String) throws {
        try Data(mode.utf8).write(to: URL(filePath: directory.file("mode")))
    }

    /// What was asked, a line each.
    var log: [String] {
        let bytes = (try? Data(contentsOf: URL(filePath: directory.file("log")))) ?? Data()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Forgets what was asked, the token that was used and who waits.
    func forget() {
        for name in ["log", "used-token", "waiting"] { unlink(directory.file(name)) }
    }

    var root: [UInt8] {
        get throws { Array(try Data(contentsOf: URL(filePath: directory.file("root.pem")))) }
    }

    static func wall() -> Int64 { Int64(time(nil)) }
}

/// A gateway's folder and what it does with it.
final class ESTGateway {
    let directory: TemporaryDirectory
    let folder: IdentityFolder
    let store: IdentityStore
    let floor: TimeFloor
    let enrolment: Enrolment
    let double: ESTDouble

    init(
        _ double: ESTDouble, in directory: TemporaryDirectory? = nil,
        step: @escaping IdentityFolder.Step = { 0 },
        wall: @escaping @Sendable () -> Int64 = ESTDouble.wall,
        connect: @escaping FleetConnection.Connect = FleetConnection.overHTTPS
    ) throws {
        self.double = double
        self.directory = try directory ?? TemporaryDirectory("gateway")
        try IdentityFolder(self.directory.file("identity"), step: { 0 }).make()
        folder = IdentityFolder(self.directory.file("identity"), step: step)
        store = IdentityStore(folder: folder, gateway: "gw-1")
        floor = TimeFloor(folder: folder, wallSeconds: wall)
        enrolment = Enrolment(store: store, floor: floor, connect: connect)
    }

    /// Enrols with a token, as far as it goes.
    func enrol(token: String = "good-token") throws -> Enrolment.Outcome {
        let note = try EnrolmentNote(fleet: double.fleet, gateway: "gw-1", token: token)
        return try enrolment.advance(try enrolment.begin(note, trust: try double.root))
    }

    /// Renews with the pair in use, as far as it goes.
    func renew() throws -> Enrolment.Outcome {
        let pending = try enrolment.pending() ?? enrolment.beginRenewal(fleet: double.fleet)
        return try enrolment.advance(pending)
    }

    /// The pair in use.
    func selection() throws -> IdentitySelection { try store.select(clock: floor.reading) }
}
