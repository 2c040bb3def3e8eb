import CANBus
@testable import CANTransport
import TestKit
import Testing

@Suite struct PendingFramesTests {
    private func frame(_ id: UInt32, _ value: UInt8) throws -> CANFrame {
        let identifier = try #require(CANIdentifier(id))
        return try #require(CANFrame(identifier, [value]))
    }

    @Test func `a newer frame takes the place of the older one in the line`() throws {
        var line = PendingFrames()
        #expect(line.put(try frame(0x351, 1)) == .added)
        #expect(line.put(try frame(0x355, 1)) == .added)
        #expect(line.put(try frame(0x351, 2)) == .replaced)
        #expect(line.first == (try frame(0x351, 2)))
        line.removeFirst()
        #expect(line.first == (try frame(0x355, 1)))
        line.removeFirst()
        #expect(line.isEmpty)
    }

    @Test func `a full line refuses new identifiers and still renews old ones`() throws {
        var line = PendingFrames(capacity: 2)
        for id: UInt32 in [1, 2] { #expect(line.put(try frame(id, 1)) == .added) }
        #expect(line.put(try frame(3, 1)) == .full)
        #expect(line.put(try frame(2, 9)) == .replaced)
        #expect(line.count == 2)
    }
}
