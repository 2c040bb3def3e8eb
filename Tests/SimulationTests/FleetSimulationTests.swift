import Glibc
import TestKit
import Testing

@testable import Simulation

@Suite struct FleetSimulationTests {
    private let broker: Broker

    init() throws { broker = try Broker("max_queued_messages 100000") }

    @Test func `every record of the ledger is sent once and acknowledged`() throws {
        let fleet = try FleetDouble(broker)
        let run = try FleetRun(broker, gateways: 50) {
            $0.records = 4
            $0.eventEvery = 2
        }
        let ending = try run.waitForEnd()
        #expect(ending.isContent, "\(ending.status) \(fleet.errors)")
        #expect(ending.status.count("acknowledged") == 200)
        #expect(ending.status.count("sent") == 200)
        #expect(ending.status.count("faults") == 0)
        let ledger = try run.ledger()
        #expect(ledger.count == 200)
        #expect(fleet.records.sorted() == ledger)
        let numbers = ledger.filter { $0.hasPrefix("gw-0050 ") }.map { $0.split(separator: " ")[2] }
        #expect(numbers == ["1", "2", "3", "4"])
    }

    @Test func `documents are what the schemas ask for, backlog and packs included`() throws {
        let fleet = try FleetDouble(broker)
        let run = try FleetRun(broker, gateways: 3) {
            $0.records = 4
            $0.backlog = 10
            $0.packs = 16
            $0.eventEvery = 3
        }
        let ending = try run.waitForEnd()
        #expect(ending.isContent, "\(ending.status) \(fleet.errors)")
        let documents = try fleet.documents()
        #expect(documents.count == 42)
        for schema in ["telemetry-v1", "event-v1"] {
            let some = documents.filter { $0.contains("\"amphora/\(schema.dropLast(3))/v1\"") }
            #expect(some.count > 5)
            #expect(try SchemaJudge.verdicts(schema, some) == some.map { _ in "ok" })
        }
    }

    @Test func `a backlog is stamped in the past, an interval apart`() throws {
        let fleet = try FleetDouble(broker)
        let run = try FleetRun(broker, gateways: 1) {
            $0.records = 1
            $0.backlog = 5
        }
        #expect(try run.waitForEnd().isContent)
        let walls = try run.ledger().compactMap { Int64($0.split(separator: " ")[4]) }
        try #require(walls.count == 6)
        #expect(zip(walls, walls.dropFirst()).prefix(4).allSatisfy { $1 - $0 == 200 })
        #expect(walls[5] - walls[4] >= 200)
        #expect(fleet.records.count == 6)
    }

    @Test func `what nobody acknowledges is sent again, and the run fails`() throws {
        let fleet = try FleetDouble(broker, "silent")
        let run = try FleetRun(broker, gateways: 3) {
            $0.records = 2
            $0.resend = 300_000_000
            $0.drain = 1_500_000_000
        }
        let ending = try run.waitForEnd()
        #expect(!ending.isContent)
        #expect(ending.status.count("acknowledged") == 0)
        #expect(ending.status.count("waiting") == 6)
        #expect((ending.status.count("repeated") ?? 0) >= 6)
        let times = Dictionary(grouping: fleet.records) { $0 }.mapValues(\.count)
        #expect(times.count == 6)
        #expect(times.values.allSatisfy { $0 >= 2 }, "\(times)")
    }

    @Test func `a broker that is killed and started again costs no record`() throws {
        let fleet = try FleetDouble(broker)
        let run = try FleetRun(broker, gateways: 20) {
            $0.records = 12
            $0.resend = 1_000_000_000
        }
        #expect(run.wait("acknowledged") { $0 >= 40 })
        broker.kill()
        #expect(run.wait("connected") { $0 == 0 })
        #expect(run.wait("waiting") { $0 >= 20 })
        try broker.start()
        let ending = try run.waitForEnd()
        #expect(ending.isContent, "\(ending.status) \(fleet.errors)")
        #expect(ending.status.count("acknowledged") == 240)
        #expect((ending.status.count("reconnects") ?? 0) >= 20)
        #expect(Set(fleet.records) == Set(try run.ledger()))
    }

    @Test func `a rejected record is counted, not sent again, and fails the run`() throws {
        let fleet = try FleetDouble(broker, "reject 2")
        let run = try FleetRun(broker, gateways: 4) {
            $0.records = 3
            $0.resend = 300_000_000
        }
        let ending = try run.waitForEnd()
        #expect(!ending.isContent)
        #expect(ending.status.count("acknowledged") == 8, "\(fleet.errors)")
        #expect(ending.status.count("rejected") == 4)
        #expect(ending.status.count("repeated") == 0)
        #expect(ending.status.count("waiting") == 0)
    }

    @Test func `a backlog waits when the fleet asks for it, new records do not`() throws {
        let fleet = try FleetDouble(broker, "hold")
        let run = try FleetRun(broker, gateways: 1) {
            $0.backlog = 300
            $0.link.backlogRate = 50
            $0.eventEvery = 0
        }
        #expect(run.wait("holds") { $0 == 1 })
        let before = try run.status()
        #expect(run.wait("made") { $0 >= 303 })
        let after = try run.status()
        let made = (after.count("made") ?? 0) - (before.count("made") ?? 0)
        #expect((after.count("sent") ?? 0) - (before.count("sent") ?? 0) <= made + 1)
        #expect(run.wait("waiting") { $0 <= 1 }, "\(fleet.errors)")
    }

    @Test func `gateways take what lies in the folder, each in its manner, and say so once`() throws
    {
        let fleet = try FleetDouble(broker)
        let folder = try TemporaryDirectory("assignments")
        func assign(_ version: String, _ release: Int, to numbers: ClosedRange<Int>) throws {
            for number in numbers {
                let file = try #require(fopen(folder.file("gw-000\(number).json"), "wb"))
                fputs(
                    #"{"set":"base","version":"\#(version)","release":\#(release),"rollout":"r"}"#,
                    file)
                fclose(file)
            }
        }
        let run = try FleetRun(broker, gateways: 4) {
            $0.interval = 100_000_000
            $0.eventEvery = 0
            var updates = UpdateSettings(folder: folder.path)
            updates.badVersion = "2.0.0"
            updates.shares = [(.lie, 10_000)]
            updates.probation = 500_000_000
            $0.updates = updates
        }
        #expect(run.wait("acknowledged") { $0 >= 8 })
        try assign("1.0.0", 5, to: 1...3)
        func reports(_ version: String) throws -> [String] {
            try fleet.documents().filter { $0.contains("\"update\":{") && $0.contains(version) }
        }
        func wait(_ version: String, _ count: Int) -> Bool {
            Patience.wait(10_000) { (try? reports(version).count) == count ? true : nil } ?? false
        }
        #expect(wait("1.0.0", 9), "delivered, applied and good, of each")
        try assign("0.9.0", 4, to: 1...3)
        try assign("2.0.0", 6, to: 2...2)
        #expect(wait("2.0.0", 3))
        let seen = try fleet.documents().count
        #expect(run.wait("acknowledged") { $0 >= seen + 16 })
        run.raise()
        #expect(try run.waitForEnd().isContent)
        #expect(try reports("0.9.0").isEmpty, "an older counter is nothing new")
        #expect(try reports("1.0.0").count == 9)
        let events = try reports("")
        #expect(try SchemaJudge.verdicts("event-v1", events) == events.map { _ in "ok" })
        // the one that lies sends no frame more, the others do
        func lastFrames(_ gateway: String) throws -> [Substring] {
            try fleet.documents().filter {
                $0.contains("\"\(gateway)\"") && $0.contains("frames_sent")
            }.suffix(3).map { text in
                let place = try #require(text.range(of: "\"frames_sent\":"))
                return text[place.upperBound...].prefix { $0.isNumber }
            }
        }
        #expect(Set(try lastFrames("gw-0002")).count == 1)
        #expect(Set(try lastFrames("gw-0001")).count == 3)
    }

    @Test func `manners are read as they are written`() {
        let shares = UpdateManner.shares("silent=5,lie=2.5")
        #expect(shares?.map(\.manner) == [.silent, .lie] && shares?.map(\.share) == [500, 250])
        for text in ["", "silent", "silent=101", "sleepy=5", "lie=60,fail=50", "lie=1,lie=2"] {
            #expect(UpdateManner.shares(text) == nil, "\(text)")
        }
        var settings = UpdateSettings(folder: "")
        settings.shares = shares ?? []
        let manners = (0..<20_000).map { position in
            settings.manner(
                of: FleetIdentity(name: "gw", position: position, seed: 7, earliest: 1), with: "1")
        }
        #expect((900...1100).contains(manners.count { $0 == .silent }))
        #expect((400...600).contains(manners.count { $0 == .lie }))
    }

    @Test func `a run that never reached the broker has failed`() throws {
        broker.stop()
        let run = try FleetRun(broker, gateways: 2) { _ in }
        #expect(
            Patience.wait(5_000) {
                (try? run.status())?.contains("Connection refused") == true ? true : nil
            } == true)
        run.raise()
        #expect(try !run.waitForEnd(5_000).isContent)
    }

    @Test func `a signal ends the making and waits for the rest`() throws {
        let fleet = try FleetDouble(broker)
        let run = try FleetRun(broker, gateways: 5) { $0.interval = 50_000_000 }
        #expect(run.wait("acknowledged") { $0 >= 20 })
        run.raise()
        let ending = try run.waitForEnd(5_000)
        #expect(ending.isContent, "\(ending.status)")
        #expect(fleet.records.sorted() == (try run.ledger()))
    }

    @Test func `the wake-up pair of a client takes little room in the kernel`() throws {
        let set = try ReadySet()
        // other suites open descriptors in between now and then
        let found = Patience.wait(5_000) { roomOfNewPair(set) < 10_000 ? true : nil }
        #expect(found == true)
    }

    private func roomOfNewPair(_ set: ReadySet) -> Int32 {
        var ends: [Int32] = [-1, -1]
        _ = WakePair.shrink(set.descriptor) {
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        }
        var room = Int32.max
        var size = socklen_t(4)
        getsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, &size)
        for end in ends { close(end) }
        return room
    }
}
