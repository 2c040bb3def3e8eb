import Bank
import Modbus
import PackMap
import Quantities

// MARK: another master's line

extension FuzzTarget {
    /// What another master and its packs say, followed for each map and taken into a pack.
    ///
    /// The first byte places silences.
    func takeListened(_ bytes: [UInt8]) {
        let rhythm = Int(bytes.first ?? 0)
        for map in Shipped.maps + Shipped.formMaps {
            var reads = FollowedReads(plan: map.plan)
            var rows = FollowedRows(plan: map.plan)
            var follower = LineFollower(forms: reads.forms, replyOffset: map.plan.replyOffset)
            var reading = PackReading()
            var identity = PackIdentity()
            var second: Int64 = 0
            func take(_ event: HeardEvent) {
                second += 1
                let now = Instant(nanoseconds: second * 1_000_000_000)
                switch event {
                case .request(let request): _ = reads.cut(for: request)
                case .reply(let request, let data):
                    if case .read = request { precondition(data.count == request.dataLength) }
                    let number = reads.cut(for: request)
                    reads.countAnswer(to: number)
                    _ = rows.take(
                        data, of: reads.cuts[number], at: now, into: &reading, identity: &identity)
                    precondition(rows.answeredAt <= now && reading.cellsStamp <= now)
                case .unasked(let unit, let function, let data):
                    _ = reads.request(answeredUnasked: unit, function, bytes: data.count)
                case .refusal, .unanswered, .damaged, .other: break
                }
            }
            for (index, byte) in bytes.dropFirst().enumerated() {
                follower.feed(byte)
                while let event = follower.next() { take(event) }
                guard rhythm > 0, index % 256 == rhythm else { continue }
                while let event = follower.nextAfterSilence() { take(event) }
                if rhythm % 2 == 0, let event = follower.giveUp() { take(event) }
            }
            while let event = follower.nextAfterSilence() { take(event) }
            _ = rows.missingBlocks
            precondition(follower.strayBytes <= UInt64(bytes.count))
        }
    }
}
