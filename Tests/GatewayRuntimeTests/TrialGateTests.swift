import Testing

@testable import GatewayRuntime

@Suite struct TrialGateTests {
    @Test func `one side tries at a time, and the other is woken when it is over`() throws {
        let gate = try TrialGate()
        #expect(gate.take(.set) && gate.take(.set))
        #expect(!gate.take(.configuration))
        // who has no trial ends none
        gate.giveBack(.configuration)
        #expect(!gate.take(.configuration) && !gate.freed.clear())
        gate.giveBack(.set)
        #expect(gate.freed.clear())
        #expect(gate.take(.configuration) && !gate.take(.set))
        gate.giveBack(.configuration)
        gate.giveBack(.configuration)
        #expect(gate.freed.clear() && !gate.freed.clear())
        #expect(gate.take(.set))
    }
}
