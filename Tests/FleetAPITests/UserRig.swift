import Dispatch
import FleetAPI
import FleetStore
import Foundation
import Logging
import Rollouts
import Synchronization
import TestKit
import Testing

/// An answer as curl prints it.
struct CurlAnswer: Sendable {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: String
}

/// A server with users of two tenants, gateways and alarms.
///
/// North has `gw-1`, granted to the owner anna and the installer ivan, and `gw-2`; otto operates it and ada
/// is its admin. South has `gw-9` and its owner stan. `gw-0` is nobody's. A token is `amphora_` and the name.
final class UserRig: Sendable {
    static let now: Int64 = 1_790_000_000_000
    /// What browsers subscribe with; any text does.
    static let pushKey = "BPushKey"
    static let users: [(name: String, role: UserRole, tenant: String)] = [
        ("anna", .owner, "north"), ("ivan", .installer, "north"), ("otto", .operator, "north"),
        ("ada", .admin, "north"), ("stan", .owner, "south"), ("olga", .operator, "south"),
    ]

    let folder: TemporaryDirectory
    let server: UserServer
    let address: String
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// With one tenant there is no south, and `gw-9` is of north; without an address it is a file.
    init(
        limits: PatienceLimits = PatienceLimits(), tenants: Int = 2, address: String? = nil
    ) async throws {
        let folder = try TemporaryDirectory("users")
        let address = address ?? "sqlite:" + folder.file("fleet.db")
        try Self.fill(address, tenants: tenants)
        self.folder = folder
        self.address = address
        let log = log
        // failures of one test are those of one minute, however long the machine takes
        let began = ContinuousClock.now
        server = try await Self.apart {
            try UserServer(
                host: "127.0.0.1", port: 0,
                stores: [FleetStores.openViews(address), FleetStores.openViews(address)],
                limits: limits, log: log, clock: { Self.now }, steady: { began },
                catalogue: Self.catalogue, pushKey: UserRig.pushKey)
        }
    }

    /// The one profile set that is published.
    static let set = SetRelease(
        set: "base", version: "1.4.0", sha256: String(repeating: "a", count: 64), length: 100,
        release: 9, leastRuntime: "0.1.0", hardware: [])
    /// Those that are published and damaged: an older one, and the newest of its name.
    static let damaged = [("base", "1.3.0", 8), ("spare", "2.0.0", 2)].map {
        DamagedRelease(
            set: $0.0, version: $0.1, release: $0.2, problem: "archive_changed",
            detail: "has 5 bytes", words: "in '/secret'")
    }
    private static let spare = SetRelease(
        set: "spare", version: "1.0.0", sha256: String(repeating: "b", count: 64), length: 100,
        release: 1, leastRuntime: "0.1.0", hardware: [])
    private static let catalogue = ProfileCatalogue {
        .init(whole: [spare, set], damaged: damaged)
    }

    func stop() async {
        let server = server
        try? await Self.apart { server.stop() }
    }

    /// Does something that blocks on a thread of its own.
    static func apart<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Background.run { continuation.resume(with: Result { try body() }) }
        }
    }

    /// Asks with curl; a token is that of a user's name, or as it is when it has a `_`.
    func ask(
        _ path: String, as user: String? = nil, method: String = "GET", headers: [String] = [],
        body: String? = nil, isHead: Bool = false
    ) async throws -> CurlAnswer {
        var words = ["-s", "-i", "-m", "120", "-X", method, "--path-as-is", "-g"]
        // with -X alone curl waits for the content that HEAD never has
        if isHead { words += ["--head"] }
        if let user {
            words += [
                "-H", "Authorization: Bearer " + (user.contains("_") ? user : "amphora_" + user),
            ]
        }
        for header in headers { words += ["-H", header] }
        if let body {
            let file = folder.file("body-\(UInt64.random(in: 0 ... .max))")
            try Data(body.utf8).write(to: URL(filePath: file))
            words += ["--data-binary", "@" + file, "-H", "Expect:"]
        }
        words.append("http://127.0.0.1:\(server.port)\(path)")
        let (curl, arguments) = (try Peers.tool("curl"), words)
        return try await Self.apart {
            let run = try ChildProcess(curl, arguments)
            let status = try run.waitForExit(within: 130_000)
            guard status == .exited(0) else {
                throw TestKitError.ended(program: "curl", status: status, output: run.errors)
            }
            return CurlAnswer(run.output)
        }
    }

    private static func fill(_ address: String, tenants: Int) throws {
        let users = try FleetStores.openUsers(address)
        try users.migrate()
        let author = Author("test", at: now - 1000)
        for id in ["north", "south"].prefix(tenants) {
            _ = try users.addTenant(Tenant(id: id, createdMilliseconds: now), by: author)
        }
        for (id, tenant) in [("gw-1", "north"), ("gw-2", "north"), ("gw-9", "south")] {
            let owner = tenants == 1 ? "north" : tenant
            _ = try users.assign(gateway: id, to: owner, by: author)
        }
        for (name, role, tenant) in Self.users where tenants > 1 || tenant == "north" {
            _ = try users.addUser(
                User(name: name, tenant: tenant, role: role, createdMilliseconds: now), by: author)
            try addToken("amphora_" + name, of: name, scopes: Set(AccessScope.allCases), to: users)
        }
        try addToken("amphora_late", of: "anna", scopes: [.read], until: now, to: users)
        try addToken("amphora_mute", of: "anna", scopes: [.acknowledge], to: users)
        try addToken("amphora_look", of: "anna", scopes: [.read], to: users)
        try addToken("amphora_glance", of: "ada", scopes: [.read], to: users)
        for (name, gateway) in [("anna", "gw-1"), ("ivan", "gw-1"), ("stan", "gw-9")]
        where tenants > 1 || name != "stan" {
            _ = try users.grant(true, gateway: gateway, to: name, by: author)
        }
        try measure(address)
    }

    /// Adds a gateway to the devices of the fleet.
    func addDevice(_ id: String, group: String = "", tags: [String] = []) throws {
        let device = Device(id: id, group: group, tags: tags, createdMilliseconds: Self.now)
        let token = DeviceToken(
            hash: id, device: id, createdMilliseconds: Self.now, expiresMilliseconds: Self.now)
        #expect(try FleetStores.openDevices(address).addDevices([(device, token)]).isEmpty)
    }

    /// Runs a statement past the store.
    func run(_ statement: String) throws {
        let shell = try ChildProcess(
            Peers.tool("python3"),
            [
                "-c",
                """
                import sqlite3, sys
                with sqlite3.connect(sys.argv[1]) as connection: connection.execute(sys.argv[2])
                """, folder.file("fleet.db"), statement,
            ])
        guard try shell.waitForExit() == .exited(0) else {
            throw TestKitError.missing(part: "a change by '\(statement)'", remedy: shell.errors)
        }
    }

    /// Stores one measurement more.
    func measureAgain(_ gateway: String) throws {
        var batch = IngestBatch()
        batch.records = [Self.record(gateway, 1000, Self.now - 1000, Self.telemetry())]
        #expect(try FleetStores.open(address).store(batch).stored == 1)
    }

    /// Stores what a gateway says of its configuration.
    func report(_ gateway: String, _ detail: String) throws {
        var event = EventSample(
            change: "noticed", level: "information", code: "configuration", pack: 0, text: "")
        event.detail = detail
        var batch = IngestBatch()
        batch.records = [Self.record(gateway, 2000, Self.now - 500, .event(event))]
        #expect(try FleetStores.open(address).store(batch).stored == 1)
    }

    private static func addToken(
        _ text: String, of name: String, scopes: Set<AccessScope>, until: Int64 = now + 1000,
        to users: any UserStore
    ) throws {
        let token = AccessToken(
            id: text, hash: BearerToken.hash(text), owner: name, scopes: scopes,
            createdMilliseconds: now - 1000, expiresMilliseconds: until)
        #expect(try users.addToken(token, by: Author("test", at: now - 1000)))
    }

    private static func measure(_ address: String) throws {
        var batch = IngestBatch()
        for (gateway, ago) in [("gw-0", 5), ("gw-1", 5), ("gw-2", 3600), ("gw-9", 5)]
            as [(_, Int64)]
        {
            for sequence in 1...3 as ClosedRange<Int64> {
                let made = now - ago * 1000 - (3 - sequence) * 10_000
                batch.records.append(record(gateway, sequence, made, telemetry()))
            }
        }
        func alarm(_ gateway: String, _ level: String, _ code: String, _ pack: Int32) {
            let event = EventSample(
                change: "raised", level: level, code: code, pack: pack, text: "\(code) \(gateway)")
            let number = Int64(batch.records.count) + 10
            batch.records.append(
                record(gateway, number, now - 60_000 - number, .event(event)))
        }
        alarm("gw-0", "fault", "bus_down", 0)
        alarm("gw-1", "warning", "pack_silent", 7)
        alarm("gw-1", "warning", "pack_silent", 8)
        alarm("gw-2", "protection", "cell_high", 1)
        alarm("gw-9", "fault", "pack_silent", 2)
        _ = try FleetStores.open(address).store(batch)
        let alarms = try FleetStores.openAlarms(address)
        while try alarms.keepAlarms(limit: 100) > 0 {}
    }

    private static func record(
        _ gateway: String, _ sequence: Int64, _ made: Int64, _ body: FleetRecord.Body
    ) -> FleetRecord {
        let clock = RecordClock(
            wallMilliseconds: made, isTrusted: true, boot: "0aa04ab4-a0b4-48b4-a5d5-4a71b84d0d9b",
            monotonicMilliseconds: made - 1_780_000_000_000)
        return FleetRecord(
            key: RecordKey(gateway: gateway, epoch: 7, sequence: sequence), clock: clock,
            receivedMilliseconds: made + 50, body: body)
    }

    private static func telemetry() -> FleetRecord.Body {
        var bank = BankSample()
        (bank.mode, bank.packsConfigured, bank.packsOnline) = ("running", 2, 1)
        (bank.millivolts, bank.milliamperes, bank.watts) = (52_125, -12_500, -652)
        (bank.stateOfCharge, bank.stateOfHealth) = (6125, 9900)
        (bank.chargeCurrent, bank.chargeRule, bank.chargePack) = (50_000, "pack_limit", 1)
        (bank.warnings, bank.remaining, bank.full) = ("cell_high,pack_silent", 61_250, 100_000)
        var good = PackSample(pack: 1)
        (good.status, good.ageMilliseconds, good.millivolts) = ("online", 200, 52_125)
        (good.cells, good.probes, good.serial) = ([3251, nil, 3260], [215, nil], "SN \"1\"")
        var silent = PackSample(pack: 2)
        (silent.status, silent.ageMilliseconds, silent.millivolts) = ("silent", 90_000, 51_000)
        return .telemetry(bank, [good, silent])
    }
}

extension CurlAnswer {
    /// Reads what `curl -i` printed.
    init(_ text: String) {
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let head = lines.prefix { !$0.isEmpty }
        status =
            head.first.flatMap { line in
                line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            } ?? 0
        var headers: [String: String] = [:]
        for line in head.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2 else { continue }
            headers[pair[0].lowercased()] = String(pair[1].drop { $0 == " " })
        }
        self.headers = headers
        body = lines.dropFirst(head.count + 1).joined(separator: "\r\n")
    }
}
