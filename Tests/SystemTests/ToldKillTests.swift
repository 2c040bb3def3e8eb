import Foundation
import TestKit
import Testing

/// That whoever is to be told is told, also when the program dies in the middle of it.
@Suite(.serialized) struct ToldKillTests {
    @Test(arguments: ["sqlite", "postgres"])
    func `a program killed while it tells loses nothing, and repeats no more than was under way`(
        kind: String
    ) throws {
        var generator = SeededGenerator(announcedAs: "moments of death while telling (\(kind))")
        let address = kind == "sqlite" ? nil : try PostgresServer.shared().database()
        let rig = try ToldRig(address, seed: generator.next())
        let kills = 8
        var deaths = 0
        for _ in 0..<kills {
            let run = try rig.start()
            Thread.sleep(forTimeInterval: .random(in: 0.05...0.4, using: &generator))
            run.signal(SIGKILL)
            #expect(try run.waitForExit() == .signalled(SIGKILL))
            // on a machine that is late with a death all may be told
            guard try rig.left() > 0 else { break }
            deaths += 1
            try rig.passLeases()
        }
        // they died in the middle of it
        #expect(deaths > 2)
        let run = try rig.start()
        let deadline = ContinuousClock.now + .seconds(60)
        while try rig.left() > 0 {
            guard ContinuousClock.now < deadline else {
                Issue.record("\(try rig.left()) are not told: \(run.output)")
                break
            }
            Thread.sleep(forTimeInterval: 0.2)
        }
        #expect(run.terminate() == .exited(0))
        // with the messages that are under way at a time
        for (way, count, abreast) in [
            ("mail", ToldRig.users, 2), ("push", ToldRig.users, 8), ("hook", ToldRig.hooks, 2),
        ] {
            let taken = try rig.taken(way)
            #expect(taken.count == count, "\(way): \(taken.keys.sorted())")
            for (to, ids) in taken {
                // by which a receiver knows what it has already
                #expect(Set(ids).count == 1, "\(way) \(to): \(ids)")
            }
            let doubles = taken.values.map { $0.count - 1 }.reduce(0, +)
            print("\(kind), \(way): \(count) told, \(doubles) doubles after \(kills) deaths")
            #expect(doubles <= kills * abreast, "\(way)")
        }
        #expect(rig.complaints.isEmpty, "\(rig.complaints)")
    }
}
