import Telemetry
import Testing

@testable import Rollouts

/// What a rollout says of itself is kept as English and read back by code.
@Suite struct RolloutWordsTests {
    private func codes(_ statements: [Statement]) -> [String?] { statements.map(\.code) }

    @Test func `every reason and refusal is read as it was said`() {
        for (code, words) in RolloutReason.entries + UpdateReason.entries + FailureCount.entries {
            #expect(RolloutWords.reason(filled(words)).first?.code == code, "\(code)")
        }
        for (code, words) in RolloutRefusal.entries {
            #expect(RolloutWords.refusal(filled(words)).first?.code == code, "\(code)")
        }
    }

    /// Words with 7 for each value.
    private func filled(_ words: String) -> String {
        words.replacing(/\{\w+\}/, with: "7")
    }

    @Test func `a wave that failed says how many, of how many and in which manner`() {
        var tally = WaveTally()
        (tally.gateways, tally.attempted) = (10, 4)
        tally.failures = [.silent: 2, .reverted: 1]
        guard case .exceeded(let words) = SuccessGate().verdict(on: tally) else {
            Issue.record("expected a wave that failed")
            return
        }
        let said = RolloutWords.reason(
            RolloutReason.inWave.filled(["wave": 2, "reason": words]))
        #expect(
            codes(said) == ["in_wave", "wave_failing", "failed_silent", "failed_reverted"])
        #expect(said.dropFirst().first?.values.first { $0.name == "failed" }?.text == "3")
        #expect(said.dropFirst(2).first?.values == [.init("count", "2")])
    }

    @Test func `a gateway that failed and did not go back says both`() {
        let reason = UpdateReason.alarmRaised.filled(["alarm": "cell_overvoltage"])
        let failed = RolloutReason.reverted.filled(["reason": reason])
        let said = RolloutWords.reason("\(failed); \(RolloutReason.noWayBack.filled())")
        #expect(codes(said) == ["reverted", "alarm_raised", "no_way_back"])
        #expect(said.dropFirst().first?.values == [.init("alarm", "cell_overvoltage")])
    }

    @Test func `what a gateway says in words of its own stays as it is`() {
        let said = RolloutWords.reason(
            RolloutReason.refused.filled(["reason": "the vector 'full bank' does not pass"]))
        #expect(codes(said) == ["refused", nil])
        #expect(said.last?.text == "the vector 'full bank' does not pass")
    }

    @Test func `refusals of decisions and waves have their codes`() throws {
        #expect(throws: RolloutFault.self) { try Waves.parse("9,3,all") }
        do {
            _ = try Waves.parse("9,3,all")
        } catch {
            #expect(codes(error.sentences.flatMap(RolloutWords.refusal)) == ["wave_order"])
        }
    }
}
