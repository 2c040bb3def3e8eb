import Modbus
import TestKit
import Testing

/// What must hold of a follower for all bytes and all conversations.
@Suite struct FollowerPropertyTests {
    private func forms() throws -> [LineRequest] {
        let ranged = try #require(
            RangedRequest(unit: UnitID(0), function: 0x78, address: 0x1000, end: 0x10A0, bytes: 156)
        )
        return [
            .ranged(ranged), try LineFollowerTests.trigger(0x1620, type: 2),
            try LineFollowerTests.trigger(0x161E, type: 1),
        ]
    }

    @Test func `random bytes are never a reply and never a crash`() throws {
        var generator = SeededGenerator(announcedAs: "follower random bytes")
        let heads: [[UInt8]] = [
            [1, 3, 16], [1, 1, 3], [0x55, 0xAA, 0xEB, 0x90, 2],
            [1, 0x78, 0x10, 0, 0x10, 0xA0, 0, 9],
            [1, 0x10, 0x16, 0x20, 0, 1, 2], [1, 0x83],
        ]
        for _ in 0..<200 {
            var follower = LineFollower(forms: try forms())
            for _ in 0..<8 {
                let head = heads.randomElement(using: &generator) ?? []
                let noise = generator.bytes(.random(in: 0...400, using: &generator))
                for event in follower.hear(head + noise) {
                    if case .reply = event { Issue.record("random bytes became a reply") }
                }
                if Bool.random(using: &generator) { _ = follower.silence() }
                if Bool.random(using: &generator) { _ = follower.giveUp() }
            }
        }
    }

    /// Requests of other lengths and units, so that rule 4 has no part in it.
    @Test func `every reply to a heard request is taken with its data, among noise`() throws {
        var generator = SeededGenerator(announcedAs: "follower conversations")
        for _ in 0..<100 {
            var follower = LineFollower()
            for _ in 0..<6 {
                let request = ReadRequest.random(using: &generator)
                guard request.dataLength != 3 else { continue }  // rule 5
                let data = generator.bytes(request.dataLength)
                let noise = generator.bytes(.random(in: 0...20, using: &generator))
                let heard =
                    follower.hear(noise) + follower.silence()
                    + follower.hear(request.bytes + request.answer(data))
                #expect(heard.contains(.request(.read(request))))
                #expect(heard.last == .reply(.read(request), data))
            }
        }
    }

    /// Whatever is cut out, changed or doubled: a reply carries data that some unit sent.
    @Test func `no damage makes a value that nobody sent`() throws {
        var generator = SeededGenerator(announcedAs: "follower damage")
        for _ in 0..<200 {
            var sent: [[UInt8]] = []
            var wire: [UInt8] = []
            for unit in UInt8(1)...6 {
                guard
                    let request = ReadRequest(
                        unit: UnitID(unit), function: .readInputRegisters,
                        address: .random(in: 0...9, using: &generator),
                        count: .random(in: 4...6, using: &generator))
                else { continue }
                let data = generator.bytes(request.dataLength)
                sent.append([unit] + data)
                wire += request.bytes + request.answer(data)
            }
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: wire.indices, using: &generator)
                switch Int.random(in: 0...3, using: &generator) {
                case 0: wire[place] ^= UInt8.random(in: 1...255, using: &generator)
                case 1: wire.remove(at: place)
                case 2: wire.insert(contentsOf: generator.bytes(5), at: place)
                default: wire.removeSubrange(place..<min(place + 20, wire.count))
                }
                if wire.isEmpty { break }
            }
            var follower = LineFollower()
            for case .reply(let request, let data) in follower.hear(wire) + follower.silence() {
                #expect(sent.contains([request.unit.rawValue] + data))
                #expect(data.count == request.dataLength)
            }
        }
    }

    @Test func `a byte is in a frame, held or stray`() throws {
        var generator = SeededGenerator(announcedAs: "follower bytes")
        for _ in 0..<50 {
            var follower = LineFollower(forms: try forms())
            let noise = generator.bytes(700)
            let heard = follower.hear(noise) + follower.silence()
            guard heard.isEmpty else { continue }  // one in some thousand holds a frame by chance
            #expect(follower.strayBytes == 700)
        }
    }
}
