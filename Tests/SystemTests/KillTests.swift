import Foundation
import TestKit
import Testing

@Suite(.serialized) struct KillTests {
    /// Outbox rules 1 to 4: whatever moment the process ends at, every stored record arrives, in
    /// order apart from repeats.
    @Test func `outbox rule 4: fifty kills at random moments lose nothing`() throws {
        let house = try House(packs: 2)
        var generator = SeededGenerator(announcedAs: "kill moments")
        var passedOver = Set<Int64>()
        for round in 0..<50 {
            try house.startGateway()
            // By turns from the start and from the moment it answers, so that a loaded machine does
            // not end it fifty times before its first record.
            if round % 2 == 1 { try house.waitForStatus("an answer") { _ in true } }
            Thread.sleep(forTimeInterval: Double.random(in: 0.15...1.1, using: &generator))
            if round == 25 { house.broker.stop() }
            house.killGateway()
            passedOver.formUnion(passed(house.gateway?.errors ?? ""))
            if round == 30 {
                try house.broker.start()
                try house.waitForCounter(times: 2)
            }
        }
        try house.startGateway()
        try house.waitForStatus("the backlog is gone", seconds: 60) {
            $0.text("link.state") == "connected" && $0.number("outbox.depth") <= 1
                && $0.number("outbox.acknowledged") >= 1
        }
        #expect(house.stopGateway() == .exited(0))
        passedOver.formUnion(passed(house.gateway?.errors ?? ""))
        let outbox = try house.outbox()
        let received = house.received()
        #expect(Set(received.map(\.epoch)).count == 1)
        let seen = Set(received.map(\.seq))
        // numbers that a life had reserved and, as the next one said, may have used
        let stored = Set(1..<(outbox.next - outbox.depth)).subtracting(passedOver)
        #expect(outbox.next > 25, "a record for each start that was waited for")
        let missing = stored.subtracting(seen).sorted()
        #expect(missing.isEmpty, "stored \(stored.count), missing \(missing.prefix(20))")
        #expect(outbox.lost == 0)
        var highest: Int64 = 0
        var steps = 0
        for record in received {
            let between = highest + 1..<max(highest + 1, record.seq)
            if !between.allSatisfy(passedOver.contains) { steps += 1 }
            highest = max(highest, record.seq)
        }
        #expect(steps == 0, "a number was passed over and came later")
    }

    /// The numbers that the log of one life says were passed over.
    private func passed(_ log: String) -> Set<Int64> {
        var numbers = Set<Int64>()
        for match in log.matches(of: /numbers passed over first=(\d+) last=(\d+)/) {
            guard let first = Int64(match.1), let last = Int64(match.2), first <= last else {
                continue
            }
            numbers.formUnion(first...last)
        }
        return numbers
    }

    /// Outbox rule 6: a damaged file is set aside, never deleted, and the gateway goes on.
    @Test func `outbox rule 6: a file damaged while nobody looked does not stop the gateway`()
        throws
    {
        let house = try House(packs: 2)
        house.broker.stop()
        try house.startGateway()
        try house.waitForStatus("a backlog", seconds: 60) { $0.number("outbox.depth") >= 12 }
        #expect(house.stopGateway() == .exited(0))
        let path = house.folder.file("outbox.db")
        var bytes = try Data(contentsOf: URL(filePath: path))
        for index in stride(from: 3 * 2048, to: bytes.count, by: 3) { bytes[index] ^= 0x5A }
        try bytes.write(to: URL(filePath: path))
        try house.broker.start()
        try house.waitForCounter(times: 2)
        try house.startGateway()
        try house.waitForStatus("a new file in use", seconds: 60) {
            $0.text("outbox.problem").isEmpty && $0.number("outbox.acknowledged") >= 2
                && $0.number("inverter.frames_sent") > 12
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: house.folder.path)
        #expect(
            names.contains { $0.hasPrefix("outbox.db.damaged") || $0.contains("damaged") },
            "\(names)")
        let isTold = Patience.wait(20_000) {
            house.received().contains { $0.code == "outbox_loss" } ? true : nil
        }
        #expect(isTold == true, "the loss found at the start is reported")
    }
}
