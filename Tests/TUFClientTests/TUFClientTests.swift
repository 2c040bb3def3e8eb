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

    @Test func `the moment of the start decides, however long the update takes`() throws {
        // go-tuf issues 217 and 386: one second before all expires, and no look at the clock after that
        let last = TUFTime(seconds: 1_900_086_399)
        #expect(try update(start: last) == 1)
        try server.publish()
        #expect(throws: TUFFault.self) { try update(start: TUFTime(seconds: 1_900_086_400)) }
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
