import Foundation
import HTTPSClient
import TUF
import TestKit
import Testing

@testable import TUFClient

@Suite struct ShippedRootTests {
    private let server: MemoryServer
    private let folder: TemporaryDirectory

    init() throws {
        server = try MemoryServer()
        folder = try TemporaryDirectory("tuf")
    }

    /// One update with the root that came with the product; gives the version of the root believed.
    @discardableResult private func update(
        shipped version: Int64? = 1, folder verified: VerifiedFolder? = nil,
        start: TUFTime = MemoryServer.start
    ) throws -> Int64 {
        let shipped = try version.map { try #require(server.files["\($0).root.json"]) }
        let client = try TUFClient(
            folder: try verified ?? VerifiedFolder(folder.file("tuf")), shipped: shipped,
            exchange: server, addresses: MemoryServer.addresses, start: start)
        try client.refresh()
        return client.believed.root.envelope.version
    }

    @Test func `an empty folder is enough with a shipped root`() throws {
        #expect(try update() == 1)
        #expect(
            server.log == ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"])
    }

    @Test func `the chain on disk is followed without asking`() throws {
        for version in 2...4 as ClosedRange<Int64> {
            server.files["\(version).root.json"] = try server.root(version)
        }
        #expect(try update() == 4)
        server.log = []
        #expect(try update() == 4)
        #expect(server.log == ["5.root.json", "timestamp.json"])
    }

    @Test(arguments: ["root.3", "root.2", "root.json"])
    func `damage on disk does not stop a client that has a shipped root`(name: String) throws {
        for version in 2...3 as ClosedRange<Int64> {
            server.files["\(version).root.json"] = try server.root(version)
        }
        try update()
        for damage in [[], Array("{\"signed\":".utf8), [0xFF]] as [[UInt8]] {
            try VerifiedFolder(folder.file("tuf")).write(damage, name)
            #expect(try update() == 3)
        }
    }

    @Test func `what somebody put on the disk does not outrank the shipped root`() throws {
        let other = try MemoryServer()
        let forged = try VerifiedFolder(folder.file("tuf"))
        try forged.write(try other.root(7), "root.json")
        try forged.write(try other.root(2), "root.2")
        try forged.write(try #require(other.files["timestamp.json"]), "timestamp.json")
        #expect(try update(folder: forged) == 1)
    }

    @Test func `a newer product brings a newer root`() throws {
        for version in 2...3 as ClosedRange<Int64> {
            server.files["\(version).root.json"] = try server.root(version)
        }
        #expect(try update(shipped: 3) == 3)
        #expect(server.log.first == "4.root.json")
    }

    @Test func `go-tuf issues 217 and 386: the moment of the start decides what has expired`()
        throws
    {
        // one second before all expires, and no look at the clock after that
        let last = TUFTime(seconds: 1_900_086_399)
        #expect(try update(start: last) == 1)
        try server.publish()
        #expect(throws: TUFFault.self) { try update(start: TUFTime(seconds: 1_900_086_400)) }
    }

    @Test func `tough CVE-2025-2888: a timestamp that names an older snapshot is not kept`() throws
    {
        try update()
        try server.publish()
        try update()
        let place = folder.file("tuf")
        let kept = try VerifiedFolder(place).read("timestamp.json")
        server.files["timestamp.json"] = try server.timestamp(3, naming: 1)
        #expect(throws: TUFFault.rollback("snapshot", trusted: 2, offered: 1)) { try update() }
        #expect(try VerifiedFolder(place).read("timestamp.json") == kept)
        // and the next honest one is taken
        try server.publish()
        try update()
    }

    @Test func `tough CVE-2026-6968: no name of a role or target leaves the folder`() throws {
        for name in ["../x", "/x", "..", "a/../../b", "%2e%2e/x", "x\u{0}", "é/é"] as [TUFName] {
            let quoted = name.quoted
            #expect(!quoted.contains("/") && !quoted.contains("\u{0}"), "\(quoted)")
            #expect(quoted + ".json" != "..")
        }
        let verified = try VerifiedFolder(folder.file("tuf"))
        #expect(throws: TUFFault.self) { try verified.write([1], "../x.json") }
        #expect(!FileManager.default.fileExists(atPath: folder.file("x.json")))
    }

    @Test func `python-tuf issue 1761, rust-tuf issue 270: half a root on disk stops nothing`()
        throws
    {
        try update()
        let root = try server.root(2)
        server.files["2.root.json"] = root
        for half in [0, 1, root.count / 2, root.count - 2] {
            let bytes = Array(root[..<half])
            for name in ["root.json", "root.2", "timestamp.json", "snapshot.json"] {
                try VerifiedFolder(folder.file("tuf")).write(bytes, name)
            }
            #expect(try update() == 2)
        }
    }

    @Test func `aktualizr issue 1185: stored metadata that expired does not keep new from coming`()
        throws
    {
        try update()
        let much = TUFTime(seconds: 1_990_000_000)
        #expect(throws: TUFFault.self) { try update(start: much) }
        server.later = TUFTime(seconds: 2_000_000_000)
        server.files["2.root.json"] = try server.root(2)
        try server.publish()
        #expect(try update(start: much) == 2)
    }

    @Test(arguments: [
        (HTTPSFailure.Detail.tooSlow, "tooSlow"), (.silent, "tooSlow"), (.tooLarge, "tooLarge"),
        (.truncated, "unreachable"), (.other, "unreachable"),
    ])
    func `what the link does is named`(detail: HTTPSFailure.Detail, kind: String) throws {
        server.failure = HTTPSFailure(.network, "no", detail: detail)
        do {
            try update()
            Issue.record("the update went well")
        } catch let fault as TUFFault {
            #expect("\(Mirror(reflecting: fault).children.first?.label ?? "")" == kind)
        }
        server.failure = nil
        try update()
    }
}

@Suite struct VerifiedFolderTests {
    @Test func `names that leave the folder are refused`() throws {
        let place = try TemporaryDirectory("tuf")
        let folder = try VerifiedFolder(place.file("a/b/c"))
        for name in ["", ".", "..", "a/b", "/a", "../x"] {
            #expect(throws: TUFFault.self) { try folder.write([1], name) }
        }
        try folder.write([1, 2], "x.json")
        #expect(folder.read("x.json") == [1, 2])
        try folder.write([], "x.json")
        #expect(folder.read("x.json") == [])
        try folder.remove("x.json")
        try folder.remove("x.json")
        #expect(folder.read("x.json") == nil)
        #expect(throws: TUFFault.storage("another process is at work in '\(folder.path)'")) {
            _ = try VerifiedFolder(folder.path)
        }
    }
}
