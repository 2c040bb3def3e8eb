@testable import CANTransport
import Testing

@Suite struct SLCANSetupTests {
    private let ms: Int64 = 1_000_000

    @Test func `an adapter that answers is open after close, rate and open`() {
        var setup = SLCANSetup()
        #expect(setup.begin(at: 0) == .send(.close))
        #expect(setup.handle(.refused, at: 1 * ms) == .none)
        #expect(setup.handle(.acknowledged, at: 2 * ms) == .none)
        #expect(setup.tick(at: 49 * ms) == .none)
        #expect(setup.tick(at: 50 * ms) == .send(.rate))
        #expect(setup.handle(.acknowledged, at: 55 * ms) == .send(.open))
        #expect(setup.handle(.acknowledged, at: 60 * ms) == .ready)
        #expect(setup.isOpen)
        #expect(setup.deadline == .max)
    }

    @Test func `a refused rate or a refused opening fails`() {
        var setup = SLCANSetup()
        _ = setup.begin(at: 0)
        _ = setup.tick(at: 50 * ms)
        #expect(setup.handle(.refused, at: 51 * ms) == .fail(.rate))
        _ = setup.begin(at: 0)
        _ = setup.tick(at: 50 * ms)
        _ = setup.handle(.acknowledged, at: 51 * ms)
        #expect(setup.handle(.refused, at: 52 * ms) == .fail(.open))
        #expect(!setup.isOpen)
        #expect(setup.tick(at: .max) == .none)
    }

    @Test func `a silent adapter is taken as open, and set up again when it delivers nothing`() {
        var setup = SLCANSetup()
        _ = setup.begin(at: 0)
        #expect(setup.tick(at: 50 * ms) == .send(.rate))
        #expect(setup.tick(at: 200 * ms) == .send(.open))
        #expect(setup.tick(at: 350 * ms) == .ready)
        #expect(setup.tick(at: 3349 * ms) == .none)
        #expect(setup.tick(at: 3350 * ms) == .send(.close))
        _ = setup.tick(at: 3400 * ms)
        _ = setup.tick(at: 3550 * ms)
        #expect(setup.tick(at: 3700 * ms) == .ready)
        #expect(setup.deadline == 9700 * ms)
    }

    @Test func `a silent adapter that delivers anything is left alone`() {
        var setup = SLCANSetup()
        _ = setup.begin(at: 0)
        for moment in [50, 200, 350] { _ = setup.tick(at: Int64(moment) * ms) }
        #expect(setup.handle(.unintelligible, at: 400 * ms) == .none)
        #expect(setup.deadline == .max)
        #expect(setup.isOpen)
    }

    @Test func `frames of a channel left open do not count as answers`() {
        var setup = SLCANSetup()
        _ = setup.begin(at: 0)
        _ = setup.tick(at: 50 * ms)
        #expect(setup.handle(.transmitted, at: 51 * ms) == .none)
        #expect(setup.handle(.unintelligible, at: 51 * ms) == .none)
        #expect(setup.handle(.acknowledged, at: 52 * ms) == .send(.open))
    }
}

@Suite struct SLCANHealthTests {
    private let second: Int64 = 1_000_000_000

    @Test func `status flags tell warning and passive`() {
        var health = SLCANHealth(openedAt: 0)
        #expect(health.handle(.status(0x04), at: 1) == .nothing)
        #expect(health.state == .warning)
        #expect(health.handle(.status(0xA4), at: 2) == .busError)
        #expect(health.state == .passive)
        #expect(health.handle(.status(0x00), at: 3) == .nothing)
        #expect(health.state == .active)
    }

    @Test func `refusing every frame for two seconds asks for a restart`() {
        var health = SLCANHealth(openedAt: 0)
        for moment in 1...4 {
            health.handleSending()
            #expect(health.handle(.refused, at: Int64(moment) * second) == .refusedFrame)
        }
        #expect(health.restartMoment == 3 * second)
        health.handleSending()
        _ = health.handle(.transmitted, at: 5 * second)
        #expect(health.restartMoment == .max)
    }

    @Test func `an adapter without status is asked four times at most`() {
        var health = SLCANHealth(openedAt: 0)
        var questions = 0
        while health.nextQuestion != .max, questions < 100 {
            health.handleQuestion(at: health.nextQuestion)
            questions += 1
        }
        #expect(questions == 4)
    }

    @Test func `a refused question is no refused frame`() {
        var health = SLCANHealth(openedAt: 0)
        health.handleQuestion(at: second)
        #expect(health.handle(.refused, at: second + 1) == .nothing)
        #expect(health.restartMoment == .max)
    }
}
