import Glibc
import TestKit
import Testing

@testable import Simulation

@Suite struct RelayTests {
    private let folder: TemporaryDirectory
    private let listen: String
    private let server: Int32
    private let relay: RunningSimulation

    init() throws {
        folder = try TemporaryDirectory("relay")
        let target = "127.0.0.1:\(try Peers.freePort())"
        listen = "127.0.0.1:\(try Peers.freePort())"
        server = try Sockets.listen(target, option: "server")
        let (listen, control) = (listen, folder.file("control"))
        relay = try RunningSimulation { (reactor) throws(SimulationError) in
            try Relay(listen: listen, target: target, control: control, reactor: reactor)
        }
    }

    private func tell(_ command: String) throws -> String {
        try ControlClient.tell(command, path: folder.file("control"))
    }

    private func connect() throws -> (near: Int32, far: Int32?) {
        let near = try Sockets.connect(listen, option: "client")
        return (near, Patience.wait(2000) { Sockets.accept(server) })
    }

    private func read(_ descriptor: Int32, within milliseconds: Int64 = 2000) -> String? {
        Patience.wait(milliseconds) { () -> String? in
            switch Streams.read(descriptor) {
            case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
            case .nothing: nil
            case .ended: "ended"
            }
        }
    }

    private func write(_ text: String, _ descriptor: Int32) {
        Streams.write(descriptor, Array(text.utf8)[...])
    }

    @Test func `it passes bytes both ways`() throws {
        let (near, far) = try connect()
        let server = try #require(far)
        write("hello", near)
        #expect(read(server) == "hello")
        write("welcome", server)
        #expect(read(near) == "welcome")
        #expect(try tell("status").contains("\"bytes_passed\": 12"))
    }

    @Test func `a cut ends connections and refuses new ones until it is over`() throws {
        let (near, far) = try connect()
        let server = try #require(far)
        #expect(try tell("cut") == "ok")
        #expect(read(near) == "ended")
        #expect(read(server) == "ended")
        let refused = try connect()
        #expect(read(refused.near) == "ended")
        #expect(try tell("pass") == "ok")
        #expect(try connect().far != nil)
    }

    @Test func `swallowed bytes never arrive and the connection stays`() throws {
        let (near, far) = try connect()
        let server = try #require(far)
        _ = try tell("swallow")
        write("lost", near)
        #expect(read(server, within: 150) == nil)
        _ = try tell("pass")
        write("kept", near)
        #expect(read(server) == "kept")
        #expect(try tell("status").contains("\"bytes_swallowed\": 4"))
    }

    @Test func `a delay is kept`() throws {
        let (near, far) = try connect()
        let server = try #require(far)
        _ = try tell("delay 120ms")
        let begun = Clock.now()
        write("late", near)
        #expect(read(server) == "late")
        #expect(Clock.now() - begun >= 120_000_000)
    }

    @Test func `an endpoint without a port is refused`() throws {
        #expect(
            throws: SimulationError.option(
                name: "--listen", found: "localhost",
                expected: "HOST:PORT such as 127.0.0.1:1502")
        ) { try Sockets.listen("localhost", option: "--listen") }
    }
}
