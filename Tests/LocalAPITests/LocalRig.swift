import Foundation
import Glibc
import History
import LocalAPI
import Logging
import Synchronization
import TestKit
import Views

/// A house of which a test says how it is.
final class FakeHouse: House {
    let gateway = "house"
    private let start = ContinuousClock.now
    let bank = Mutex<BankSample?>(nil)
    /// What is added to the monotonic clock, ms.
    let ahead = Mutex<Int64>(1_000_000)

    var uptime: Int64 {
        let span = start.duration(to: .now).components
        return ahead.withLock { $0 } + span.seconds * 1000 + span.attoseconds
            / 1_000_000_000_000_000
    }
    var wall: Int64 { 1_790_000_000_000 + uptime }

    func moment() -> HouseMoment {
        guard let bank = bank.withLock({ $0 }) else {
            return HouseMoment(made: nil, bank: nil, packs: [])
        }
        var pack = PackSample(pack: 1)
        (pack.status, pack.ageMilliseconds, pack.millivolts) = ("online", 200, 52_000)
        pack.cells = [3300, nil, 3310]
        return HouseMoment(made: wall - 100, bank: bank, packs: [pack])
    }

    func diagnosis() -> [UInt8] { Array("{\"gateway\":\"house\"}".utf8) }

    func set(charge: Int32) {
        var sample = BankSample()
        (sample.mode, sample.packsConfigured, sample.packsOnline) = ("running", 1, 1)
        (sample.millivolts, sample.milliamperes, sample.watts) = (52_000, 10_000, 520)
        (sample.stateOfCharge, sample.remaining, sample.full) = (charge, 50_000, 100_000)
        bank.withLock { $0 = sample }
    }
}

/// A server with a house behind it, and a client that says what it likes.
final class LocalRig {
    static let password = "correct horse"

    let house = FakeHouse()
    let alarms = AlarmBoard()
    let folder: TemporaryDirectory
    let server: LocalServer
    var passwordPath: String { folder.file("deep/password") }
    var port: Int { server.port }

    init(patience: LocalPatience = LocalPatience(), names: [String] = ["battery.example"]) throws {
        folder = try TemporaryDirectory("local")
        house.set(charge: 5_000)
        server = try LocalServer(
            host: "127.0.0.1", port: 0, house: house, packs: 16, alarms: alarms, names: names,
            password: PasswordFile(path: folder.file("deep/password")),
            patience: patience, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    deinit { server.stop() }

    /// One request on a connection of its own, closed afterwards; the whole answer.
    func ask(
        _ method: String, _ path: String, _ fields: [String] = [], body: String? = nil,
        host: String = "127.0.0.1"
    ) throws -> Reply {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
        for field in fields { text += "\(field)\r\n" }
        if let body {
            text += "Content-Length: \(body.utf8.count)\r\n"
            if !fields.contains(where: { $0.hasPrefix("Content-Type") }) {
                text += "Content-Type: application/json\r\n"
            }
        }
        return Reply(try raw(text + "\r\n" + (body ?? "")))
    }

    /// Sends bytes and reads until the server closes; what cannot be sent any more is left.
    func raw(_ text: String, seconds: Int = 120) throws -> String {
        let client = try RawClient(port: port)
        client.send(text)
        return client.readAll(seconds: seconds)
    }

    /// Sets the first password; the cookie of the session.
    func firstUse() throws -> String {
        let reply = try ask(
            "POST", "/v1/session/first-use", body: "{\"password\":\"\(Self.password)\"}")
        return try reply.cookie
    }
}

/// An answer, taken apart.
struct Reply {
    let status: Int
    let head: String
    let body: String

    init(_ text: String) {
        let cut = text.range(of: "\r\n\r\n")
        head = String(text[..<(cut?.lowerBound ?? text.endIndex)])
        body = cut.map { String(text[$0.upperBound...]) } ?? ""
        status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
    }

    var problem: String {
        body.firstMatch(of: /urn:amphora:problem:([a-z_]+)/).map { String($0.1) } ?? ""
    }

    var cookie: String {
        get throws {
            guard let token = head.firstMatch(of: /amphora=([0-9a-f]{32});/)?.1 else {
                throw RigError("no cookie: \(head) \(body)")
            }
            return "Cookie: amphora=\(token)"
        }
    }
}

struct RigError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A connection on which anything can be said.
final class RawClient {
    let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            throw RigError("cannot connect: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// What comes until the server closes, or for so long.
    func readAll(seconds: Int) -> String { read(seconds: seconds) { _ in false } }

    /// What comes until it fulfils a condition, the server closes, or for so long.
    func read(seconds: Int, until isEnough: (String) -> Bool) -> String {
        var bytes: [UInt8] = []
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, 100) > 0 else { continue }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            bytes += chunk[..<count]
            if isEnough(String(decoding: bytes, as: UTF8.self)) { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the server closes within so long.
    func isClosed(within seconds: Int) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        repeat {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, seconds == 0 ? 0 : 100) > 0 else { continue }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            if recv(descriptor, &chunk, chunk.count, 0) <= 0 { return true }
        } while ContinuousClock.now < end
        return false
    }
}
