import Foundation
import TestKit
import Testing

@testable import GatewayRuntime

@Suite struct StatusServerTests {
    @Test func `a client is greeted and then gets every document`() throws {
        let folder = try TemporaryDirectory("status")
        let server = try StatusServer(path: folder.file("g.sock"))
        let client = try StatusClient(path: folder.file("g.sock"))
        server.handleReady { Array("hello\n".utf8) }
        #expect(server.hasClients)
        #expect(try client.next() == Array("hello".utf8))
        server.publish(Array("next\n".utf8))
        #expect(try client.next() == Array("next".utf8))
    }

    @Test func `a client that does not read is dropped and holds nobody up`() throws {
        let folder = try TemporaryDirectory("status")
        let server = try StatusServer(path: folder.file("g.sock"))
        let client = try StatusClient(path: folder.file("g.sock"))
        server.handleReady { [] }
        let document = [UInt8](repeating: 0x20, count: 50_000) + [0x0A]
        for _ in 0..<100 { server.publish(document) }
        #expect(!server.hasClients)
        withExtendedLifetime(client) {}
    }

    @Test func `a second gateway on the same socket is refused in words`() throws {
        let folder = try TemporaryDirectory("status")
        let server = try StatusServer(path: folder.file("g.sock"))
        #expect {
            try StatusServer(path: folder.file("g.sock"))
        } throws: {
            ($0 as? StatusError)?.description.contains("another gateway is running") == true
        }
        // and whoever watches the first one still finds it
        withExtendedLifetime(try StatusClient(path: folder.file("g.sock"))) {}
        withExtendedLifetime(server) {}
    }

    @Test func `a socket left behind by a dead gateway is replaced`() throws {
        let folder = try TemporaryDirectory("status")
        let path = folder.file("g.sock")
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        _ = try StatusServer(path: path)
    }

    @Test func `nobody there is told with what to do`() {
        #expect {
            try StatusClient(path: "/nowhere/g.sock")
        } throws: {
            ($0 as? StatusError)?.description
                == "cannot reach '/nowhere/g.sock': No such file or directory; is amphora-gateway running with this socket?"
        }
    }
}
