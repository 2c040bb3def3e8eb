import Foundation
import TestKit
import Testing

@testable import Rollouts

@Suite struct GateTests {
    private func tally(_ gateways: Int, proven: Int, _ failures: [AttemptFailure: Int]) -> WaveTally
    {
        var tally = WaveTally()
        (tally.gateways, tally.proven, tally.failures) = (gateways, proven, failures)
        tally.attempted = gateways
        return tally
    }

    @Test func `silence counts against a wave as much as a no`() throws {
        let gate = SuccessGate()
        // all that answered are good, and yet
        let quiet = tally(100, proven: 10, [.silent: 90])
        guard case .exceeded(let words) = gate.verdict(on: quiet) else {
            Issue.record("\(gate.verdict(on: quiet))")
            return
        }
        #expect(
            words == "90 of 100 gateways reached failed, allowed 5 (5% of a wave of 100): 90 silent"
        )
        #expect(gate.verdict(on: tally(100, proven: 95, [.silent: 5])) == .passed)
        #expect(gate.verdict(on: tally(100, proven: 94, [.silent: 5])) == .open)
        // of a small wave not one may fail
        #expect(gate.verdict(on: tally(10, proven: 10, [:])) == .passed)
        guard case .exceeded = gate.verdict(on: tally(10, proven: 0, [.reverted: 1])) else {
            Issue.record("one of ten is more than 5 %")
            return
        }
    }

    @Test func `while few were told, few may fail`() throws {
        let gate = SuccessGate()
        var wave = tally(400, proven: 0, [.frames: 2])
        wave.attempted = 21
        #expect(gate.verdict(on: wave) == .open)
        wave.attempted = 20
        #expect(
            gate.verdict(on: wave)
                == .exceeded(
                    "2 of 20 gateways reached failed, allowed 1 so far (5% of a wave of 400): 2 with frames "
                        + "that stopped"))
        wave.attempted = 400
        #expect(gate.verdict(on: wave) == .open)
    }

    @Test func `neither well enough nor badly enough is told apart from both`() {
        var gate = SuccessGate()
        gate.failures = .part(2_000)
        let verdict = gate.verdict(on: tally(100, proven: 90, [.frames: 7, .alarm: 3]))
        #expect(
            verdict
                == .missed(
                    "90 of 100 gateways are proven, needed 95 (95%): 7 with frames that stopped, "
                        + "3 with new alarms"))
    }

    @Test func `a wave passes only when all have answered and enough are proven`() {
        var generator = SeededGenerator(announcedAs: "gate")
        for _ in 0..<5_000 {
            var gate = SuccessGate()
            gate.success = .part(Int.random(in: 0...10_000, using: &generator))
            gate.failures = .part(Int.random(in: 0...10_000, using: &generator))
            let size = Int.random(in: 1...500, using: &generator)
            let failed = Int.random(in: 0...size, using: &generator)
            let silent = Int.random(in: 0...failed, using: &generator)
            let proven = Int.random(in: 0...size - failed, using: &generator)
            let wave = tally(size, proven: proven, [.silent: silent, .refused: failed - silent])
            let isExceeded = failed * 10_000 > gate.failures.roundedDown(of: size) * 10_000
            switch gate.verdict(on: wave) {
            case .exceeded: #expect(isExceeded)
            case .open: #expect(!isExceeded && proven + failed < size)
            case .passed:
                #expect(!isExceeded && proven + failed == size)
                #expect(proven >= gate.success.roundedUp(of: size))
            case .missed:
                #expect(!isExceeded && proven + failed == size)
                #expect(proven < gate.success.roundedUp(of: size))
            }
        }
    }

    /// The article shows each row once, `from | on | to`, by the names of the code.
    @Test func `the tables of the article are those of the code`() throws {
        let path = Repository.root + "/Sources/Rollouts/Rollouts.docc/Rollouts.md"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }.filter { $0[0] != "From" && $0[0] != "---" }
        #expect(rows.count == RolloutState.table.count + AttemptState.table.count)
        for (row, step) in zip(rows, RolloutState.table) {
            let from =
                step.from.count == 6 ? "any that is not over" : words(step.from.map(\.rawValue))
            #expect(row[0] == from && row[1].hasPrefix(step.on.rawValue), "\(row)")
            #expect(row[2].hasPrefix(step.to.rawValue), "\(row)")
        }
        for (row, step) in zip(rows.dropFirst(RolloutState.table.count), AttemptState.table) {
            let names = step.from.map(\.rawValue)
            let from = names.count > 3 ? "\(names[0]) … \(names[names.count - 1])" : words(names)
            #expect(row[0] == from && row[2].hasPrefix(step.to.rawValue), "\(row)")
            let isReport = [.deliver, .apply, .good, .returned].contains(step.on)
            #expect(
                isReport ? row[1] == "its report" : row[1].hasPrefix(step.on.rawValue), "\(row)")
        }
    }

    private func words(_ names: [String]) -> String { names.joined(separator: ", ") }

    @Test func `the tables have no way out of an end, and a way to every state`() {
        for state in RolloutState.allCases {
            let ways = RolloutState.Event.allCases.filter { state.next($0) != nil }
            #expect(ways.isEmpty == state.isOver, "\(state)")
            let isReached = RolloutState.table.contains { $0.to == state }
            #expect(isReached || state == .proposed, "\(state)")
        }
        for state in AttemptState.allCases where state != .waiting {
            #expect(AttemptState.table.contains { $0.to == state }, "\(state)")
        }
        // a failure is for ever: no report leads back to a gateway that counts as good
        let reports: [AttemptState.Event] = [.deliver, .apply, .good, .prove]
        for state in [AttemptState.failed, .recalling, .recalled, .returned, .unreturned] {
            #expect(reports.allSatisfy { state.next($0) == nil })
        }
        // each pair of state and event has one row at most
        for state in AttemptState.allCases {
            for event in AttemptState.Event.allCases {
                #expect(
                    AttemptState.table.count { $0.on == event && $0.from.contains(state) } <= 1)
            }
        }
    }
}
