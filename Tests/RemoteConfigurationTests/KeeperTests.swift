import Foundation
import GatewaySettings
import TestKit
import Testing

@testable import RemoteConfiguration

/// A folder of documents and a judge that takes what the settings take.
final class KeeperRig {
    let path = NSTemporaryDirectory() + "amphora-keeper-\(UUID().uuidString)/configuration"
    var keeper: ConfigurationKeeper

    init() { keeper = ConfigurationKeeper(ConfigurationFolder(path: path)) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The program ends here and another begins.
    func restart() { keeper = ConfigurationKeeper(ConfigurationFolder(path: path)) }

    static func document(
        _ version: Int, interval: Int = 10, device: String = "house-1"
    ) -> [UInt8] {
        Array(
            #"{"schema":1,"version":\#(version),"device":"\#(device)","issued":"2026-11-24T13:05:00Z","config":{"telemetry":{"interval_s":\#(interval)}}}"#
                .utf8)
    }

    /// The plan is the interval.
    static func judge(_ document: [UInt8]?) throws(DocumentRefused) -> Int {
        let file = Array(
            """
            gateway = "house-1"
            line = [{device = "/dev/x", map = "m", units = [1]}]
            inverter = {profile = "p"}
            telemetry = {interval_s = 99}
            """.utf8)
        do {
            guard let document else {
                return try LayeredConfiguration(file: file, path: "f")
                    .configuration.telemetry.intervalSeconds
            }
            return try LayeredConfiguration(file: file, path: "f", document: document)
                .configuration.telemetry.intervalSeconds
        } catch {
            throw DocumentRefused(error.faults.map(\.description))
        }
    }

    func take(_ document: [UInt8], tag: String? = nil) throws -> String {
        switch try keeper.take(document, tag: tag, Self.judge) {
        case .known: "known"
        case .accepted(let interval): "accepted \(interval)"
        case .refused(let refusal): "refused: \(refusal.faults.joined(separator: "; "))"
        }
    }

    func apply(_ version: Int, interval: Int, tag: String) throws {
        _ = try take(Self.document(version, interval: interval), tag: tag)
        try keeper.beginTrial(expects: Reach(packs: 2), wallMilliseconds: 1_000)
        try keeper.confirm()
    }

    /// What a start would run on.
    func start() throws -> (interval: Int, isTrial: Bool, reverted: [String]?) {
        restart()
        let start = try keeper.start(Self.judge)
        return (start.plan, start.isTrial, start.reverted?.faults)
    }
}

@Suite struct KeeperTests {
    let rig = KeeperRig()

    @Test func `without a document the file alone counts`() throws {
        #expect(try rig.start() == (99, false, nil))
        #expect(rig.keeper.tags == [])
    }

    @Test func `a confirmed document lasts over restarts with its tag and version`() throws {
        try rig.apply(41, interval: 20, tag: "\"a\"")
        #expect(try rig.start() == (20, false, nil))
        #expect(rig.keeper.current?.version == 41)
        #expect(rig.keeper.current?.appliedAt == 1_000)
        #expect(rig.keeper.tags == ["\"a\""])
    }

    @Test func `an invalid document keeps the last good one and is not the one in force`() throws {
        try rig.apply(41, interval: 20, tag: "\"a\"")
        let refused = try rig.take(rigDocument(42, interval: 0), tag: "\"b\"")
        #expect(
            refused == "refused: line 1: 'telemetry.interval_s' is 0, allowed 1…3600 s")
        #expect(rig.keeper.current?.tag == "\"a\"")
        #expect(try rig.start() == (20, false, nil))
        // rule 5: both need not be sent again, and the same tag is not judged twice
        #expect(rig.keeper.tags == ["\"a\"", "\"b\""])
        #expect(try rig.take(rigDocument(42, interval: 0), tag: "\"b\"") == "known")
    }

    @Test func `a lower version and the same with other content are refused`() throws {
        try rig.apply(41, interval: 20, tag: "\"a\"")
        #expect(
            try rig.take(rigDocument(40, interval: 30), tag: "\"b\"")
                == "refused: 'version' is 40, expected above 41, which is in force")
        #expect(
            try rig.take(rigDocument(41, interval: 30), tag: "\"c\"")
                == "refused: 'version' is 41 again, with other content")
        #expect(try rig.start() == (20, false, nil))
    }

    @Test func `a document of another gateway is refused`() throws {
        #expect(
            try rig.take(KeeperRig.document(1, device: "house-2"), tag: nil)
                == "refused: line 1: 'device' is 'house-2', expected this gateway, 'house-1'")
        #expect(try rig.start() == (99, false, nil))
    }

    @Test func `the same content under another tag is nothing new`() throws {
        try rig.apply(41, interval: 20, tag: "\"a\"")
        #expect(try rig.take(rigDocument(41, interval: 20), tag: "\"z\"") == "known")
        rig.restart()
        #expect(rig.keeper.tags == ["\"z\""])
    }

    @Test func `a reverted document gives way to the one before and is not tried again`() throws {
        try rig.apply(41, interval: 20, tag: "\"a\"")
        _ = try rig.take(rigDocument(42, interval: 30), tag: "\"b\"")
        try rig.keeper.beginTrial(expects: Reach(), wallMilliseconds: 2_000)
        try rig.keeper.revert(["the broker is not reached, and was before"])
        #expect(try rig.start() == (20, false, nil))
        #expect(try rig.take(rigDocument(42, interval: 30), tag: "\"b\"") == "known")
        #expect(try rig.take(rigDocument(43, interval: 30), tag: "\"c\"") == "accepted 30")
    }

    @Test func `rule 3: a trial is begun by two programs and then given up`() throws {
        try rig.apply(41, interval: 20, tag: "\"a\"")
        _ = try rig.take(rigDocument(42, interval: 30), tag: "\"b\"")
        try rig.keeper.beginTrial(expects: Reach(packs: 3, link: true), wallMilliseconds: 2_000)
        #expect(try rig.start() == (30, true, nil))
        #expect(rig.keeper.candidate?.expects == Reach(packs: 3, link: true))
        let (interval, isTrial, reverted) = try rig.start()
        #expect((interval, isTrial) == (20, false))
        #expect(
            reverted == ["the gateway has ended 2 times while version 42 was on trial"])
        #expect(try rig.start() == (20, false, nil))
    }

    @Test func `a damaged current document gives way to the previous one, then to the file`() throws
    {
        try rig.apply(41, interval: 20, tag: "\"a\"")
        try rig.apply(42, interval: 30, tag: "\"b\"")
        try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(rig.path)/current"))
        #expect(try rig.start() == (20, false, nil))
        try Data().write(to: URL(fileURLWithPath: "\(rig.path)/previous"))
        #expect(try rig.start() == (99, false, nil))
    }

    @Test func `a file on site that no longer fits lets go of the document, and says so`() throws {
        try rig.apply(41, interval: 20, tag: "\"a\"")
        rig.restart()
        let start = try rig.keeper.start { (document) throws(DocumentRefused) -> Int in
            if document != nil { throw DocumentRefused(["does not fit any more"]) }
            return 7
        }
        #expect(start.plan == 7)
        #expect(start.reverted?.faults == ["does not fit any more"])
    }

    private func rigDocument(_ version: Int, interval: Int) -> [UInt8] {
        KeeperRig.document(version, interval: interval)
    }
}
