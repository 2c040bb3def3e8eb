import CLinux
import Glibc
import TestKit
import Testing

@testable import Simulation

@Suite struct ReadySetTests {
    private func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(Glibc.pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    private func tags(_ set: ReadySet) -> [UInt32] {
        var found: [UInt32] = []
        set.visit { tag, _ in found.append(tag) }
        return found.sorted()
    }

    @Test func `what is ready is told by its tag, until it is closed`() throws {
        let set = try ReadySet()
        let (first, second) = (try pipe(), try pipe())
        #expect(set.watch(first.read, for: Int16(POLLIN), tag: 7))
        #expect(set.watch(second.read, for: Int16(POLLIN), tag: 9))
        #expect(tags(set) == [])
        Streams.write(second.write, [1])
        #expect(tags(set) == [9])
        #expect(set.watch(second.read, for: Int16(POLLIN), tag: 10))
        Streams.write(first.write, [1])
        #expect(tags(set) == [7, 10])
        close(second.read)
        #expect(tags(set) == [7])
        for descriptor in [first.read, first.write, second.write] { close(descriptor) }
    }

    @Test func `a descriptor that is none is refused`() throws {
        #expect(try !ReadySet().watch(-1, for: Int16(POLLIN), tag: 1))
    }

    @Test func `poll sees the set as one descriptor`() throws {
        let set = try ReadySet()
        let ends = try pipe()
        _ = set.watch(ends.read, for: Int16(POLLIN), tag: 1)
        var watched = pollfd(fd: set.descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&watched, 1, 0) == 0)
        Streams.write(ends.write, [1])
        #expect(poll(&watched, 1, 1000) == 1)
        close(ends.read)
        close(ends.write)
    }

    @Test func `more connections than the hard limit allows name the limit`() throws {
        let limit = clinux_raise_descriptor_limit()
        let wanted = Int(limit) / 3
        #expect(
            throws: SimulationError.option(
                name: "--gateways", found: "\(wanted)",
                expected:
                    "at most \((limit - 64) / 3): each takes 3 open files, and the hard limit "
                    + "of them (RLIMIT_NOFILE) is \(limit)")
        ) { try OpenFiles.allow(connections: wanted) }
        #expect(throws: Never.self) { try OpenFiles.allow(connections: 1) }
    }
}
