import Foundation
import TestKit
import Testing

@Suite(.serialized) struct IngestKillTests {
    /// Rules 1 and 2 of `IngestWorker`: at each step, early and late, the program dies by its own
    /// hand (`CutPoint`), and the next one goes on.
    @Test func `ingest killed at every step loses nothing and doubles nothing`() throws {
        let rig = try IngestRig()
        for step in ["received", "before-store", "after-store", "after-ack"] {
            for count in [1, 4, 13] {
                let run = try rig.startIngest(cut: "\(step):\(count)")
                #expect(try run.waitForExit(within: 30_000) == .signalled(SIGKILL), "\(step)")
                let acknowledged = try rig.acknowledged()
                let stored = Set(try rig.stored().numbers)
                #expect(
                    acknowledged.isSubset(of: stored),
                    "\(step):\(count) \(acknowledged.subtracting(stored).sorted())")
            }
        }
        try expectComplete(rig)
    }

    @Test func `ingest killed thirty times at random loses nothing and doubles nothing`() throws {
        let rig = try IngestRig()
        var generator = SeededGenerator(announcedAs: "ingest kill moments")
        for round in 0..<30 {
            let run = try rig.startIngest()
            Thread.sleep(forTimeInterval: .random(in: 0.03...0.4, using: &generator))
            if round == 15 { rig.broker.kill() }
            run.signal(SIGKILL)
            #expect(try run.waitForExit() == .signalled(SIGKILL))
            if round == 15 { try rig.broker.start() }
        }
        try expectComplete(rig)
    }

    /// Runs undisturbed until the gateway knows that all is stored.
    private func expectComplete(_ rig: IngestRig) throws {
        let run = try rig.startIngest()
        let count = try rig.finish()
        #expect(count > 100)
        #expect(run.terminate() == .exited(0), "\(run.errors)")
        let stored = try rig.stored()
        #expect(stored.numbers == Array(1...count))
        #expect(stored.records == count)
        #expect(run.output.contains("\"rejected\":0,\"abandoned\":0"), "\(run.output)")
    }
}
