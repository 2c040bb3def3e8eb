@testable import FleetIngest
import FleetStore
import TestKit
import Testing

@Suite struct BatchingTests {
    private let millisecond: Int64 = 1_000_000

    private func message(_ sequence: Int64, packs: Int? = nil) -> HeldMessage {
        var generator = SeededGenerator(seed: 3)
        let payload =
            packs.map { RecordFixture(packs: $0, using: &generator).telemetry(sequence) }
            ?? RecordFixture.event(sequence)
        return HeldMessage(
            topic: "amphora/v1/gw-1/up/x", payload: payload, root: "amphora",
            receivedMilliseconds: 0)
    }

    @Test func `a batch is due with its rows, after its time, or when nothing more comes`() {
        var batcher = Batcher(mostRows: 40, milliseconds: 100)
        #expect(batcher.deadline == nil)
        batcher.append(message(1), at: 0)
        #expect(batcher.deadline == 10 * millisecond)
        batcher.append(message(2, packs: 16), at: 5 * millisecond)
        #expect(batcher.deadline == 15 * millisecond)
        #expect(!batcher.isFull)
        batcher.append(message(3), at: 95 * millisecond)
        #expect(batcher.deadline == 100 * millisecond)
        batcher.append(message(4, packs: 16), at: 96 * millisecond)
        batcher.append(message(5, packs: 3), at: 97 * millisecond)
        #expect(batcher.isFull)
        #expect(batcher.deadline == 97 * millisecond)
        #expect(batcher.take().count == 5)
        #expect(batcher.isEmpty && !batcher.isFull && batcher.deadline == nil)
    }

    @Test func `a refused batch is halved until the culprits stand alone`() throws {
        for culprits in [[1], [100], [37], [1, 2, 3], [50, 99], Array(1...100)] as [[Int64]] {
            var queue = StoreQueue()
            queue.append((1...100).map { message($0) })
            var stored: [Int64] = []
            var letters: [Int64] = []
            var calls = 0
            while let part = queue.next {
                calls += 1
                let isRefused = part.contains { message in
                    guard message.rejection == nil, let key = message.key else { return false }
                    return culprits.contains(key.sequence)
                }
                if isRefused {
                    #expect(queue.refused("no") == nil)
                    continue
                }
                for message in queue.stored() {
                    let sequence = try #require(message.key).sequence
                    if message.rejection == nil {
                        stored.append(sequence)
                    } else {
                        letters.append(sequence)
                    }
                }
            }
            #expect(letters == culprits)
            #expect(stored == (1...100).filter { !culprits.contains($0) })
            #expect(calls <= 1 + culprits.count * 15)
        }
    }

    @Test func `a dead letter that is refused is given up`() {
        var queue = StoreQueue()
        queue.append([message(1)])
        #expect(queue.refused("no") == nil)
        #expect(queue.next?.first?.rejection == "no")
        #expect(queue.refused("not even so")?.key?.sequence == 1)
        #expect(queue.isEmpty)
    }

    @Test func `waits grow to their longest and are never the same for all`() {
        var backoff = Backoff(first: 100, longest: 1000, generator: SeededGenerator(seed: 7))
        let waits = (0..<40).map { _ in backoff.failed() }
        for (wait, full) in zip(waits, [100, 200, 400, 800] as [Int64]) {
            #expect((full / 2...full).contains(wait))
        }
        #expect(waits.dropFirst(4).allSatisfy { (500...1000).contains($0) })
        #expect(Set(waits.dropFirst(4)).count > 10)
        backoff.succeeded()
        #expect((50...100).contains(backoff.failed()))
    }

    @Test func `a gateway is asked once for each hold and only while it is heard`() {
        let second = 1000 * millisecond
        var holds = HoldBook()
        holds.hear("gw-1", at: 0)
        holds.hear("gw-2", at: 500 * second)
        #expect(holds.hold(seconds: 60, at: 550 * second) == ["gw-1", "gw-2"])
        #expect(holds.hold(seconds: 60, at: 550 * second) == [])
        #expect(holds.hold(seconds: 600, at: 610 * second) == ["gw-2"])
        #expect(holds.release(at: 620 * second) == ["gw-2"])
        #expect(holds.release(at: 620 * second) == [])
    }

    @Test(
        arguments: [
            ("amphora/v1/gw-1/up/event", "gw-1"), ("amphora/v1/gw-1/up/x/y", "gw-1"),
            ("amphora/v1//up/event", nil), ("amphora/v1/GW/up/event", nil),
            ("amphora/v1/gw-1/down/ack", nil), ("other/v1/gw-1/up/event", nil),
            ("amphora/v1/gw-1", nil), ("amphora/v1/gw-1/up", nil), ("", nil),
        ] as [(String, String?)])
    func `a topic names its gateway or none`(topic: String, gateway: String?) {
        #expect(UplinkTopic.gateway(of: topic, root: "amphora") == gateway)
    }

    @Test func `a name is at most 64 characters, a root may have several parts`() {
        let name = String(repeating: "a", count: 64)
        #expect(UplinkTopic.gateway(of: "a/b/v1/\(name)/up/x", root: "a/b") == name)
        #expect(UplinkTopic.gateway(of: "a/b/v1/\(name)a/up/x", root: "a/b") == nil)
    }

    @Test func `a large message keeps 64 KiB of its bytes and its number`() throws {
        let head = Array(#"{"epoch":7,"seq":3,"#.utf8)
        let payload = head + [UInt8](repeating: 0x20, count: 300_000)
        let large = HeldMessage(
            topic: "amphora/v1/gw-1/up/x", payload: payload, root: "amphora",
            receivedMilliseconds: 5)
        guard case .letter(let letter) = large.content else {
            Issue.record("no letter")
            return
        }
        #expect(letter.payload.count == 65_536 && letter.sequence == 3)
        #expect(letter.reason == "record: expected at most 262144 bytes, found 300019")
    }
}
