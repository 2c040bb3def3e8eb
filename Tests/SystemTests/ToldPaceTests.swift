import Foundation
import TestKit
import Testing

/// That receivers who never answer keep nobody else waiting.
@Suite struct ToldPaceTests {
    private static let silent = 3

    @Test(arguments: ["sqlite", "postgres"])
    func `others are told while some receivers say nothing`(kind: String) throws {
        let address = kind == "sqlite" ? nil : try PostgresServer.shared().database()
        let rig = try ToldRig(address, seed: 7, silent: Self.silent)
        let run = try rig.start()

        let browsers = try #require(
            try wait(rig, "push", for: ToldRig.users - Self.silent), "\(run.output)")
        #expect(browsers.keys.allSatisfy { !["browser-0", "browser-1", "browser-2"].contains($0) })
        #expect(try rig.tries("push").most == 0, "push waited for those that say nothing")

        // a hook is known to be silent once it was
        let hooks = ToldRig.hooks - Self.silent
        _ = try #require(try wait(rig, "hook", for: hooks), "\(run.output)")
        #expect(try rig.tries("hook").least > 0)
        try rig.raise("cell_overvoltage")
        let told = try wait(rig, "hook", for: hooks) { $0.count > 1 }
        #expect(told != nil, "\(run.output)")
        #expect(
            try rig.tries("hook", of: "cell_overvoltage").least < 1, "hooks waited for silent ones")

        #expect(run.terminate() == .exited(0))
        #expect(rig.complaints.isEmpty, "\(rig.complaints)")
    }

    /// What receivers of a way took, as soon as so many of them have got enough.
    private func wait(
        _ rig: ToldRig, _ way: String, for count: Int,
        until isEnough: ([String]) -> Bool = { !$0.isEmpty }
    ) throws -> [String: [String]]? {
        let deadline = ContinuousClock.now + .seconds(90)
        while ContinuousClock.now < deadline {
            let taken = try rig.taken(way)
            if taken.values.filter(isEnough).count == count { return taken }
            Thread.sleep(forTimeInterval: 0.05)
        }
        return nil
    }
}
