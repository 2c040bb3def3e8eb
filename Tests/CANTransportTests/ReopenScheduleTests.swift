@testable import CANTransport
import Testing

@Suite struct ReopenScheduleTests {
    private let second: Int64 = 1_000_000_000

    @Test func `the first attempt is due at once and each failure doubles the wait`() {
        var schedule = ReopenSchedule(shortest: 1 * second, longest: 5 * second)
        #expect(schedule.isDue(at: 0))
        var waits: [Int64] = []
        for _ in 0..<5 {
            schedule.failed(at: 0)
            waits.append(schedule.nextAttempt / second)
        }
        #expect(waits == [1, 2, 4, 5, 5])
    }

    @Test func `a success that breaks at once does not reset the wait`() {
        var schedule = ReopenSchedule(shortest: 1 * second, longest: 60 * second)
        for _ in 0..<3 { schedule.failed(at: 0) }
        schedule.succeeded(at: 10 * second)
        #expect(!schedule.isDue(at: 1000 * second))
        schedule.lost(at: 11 * second)
        #expect(schedule.nextAttempt == 19 * second)
    }

    @Test func `a success that lasts resets the wait`() {
        var schedule = ReopenSchedule(shortest: 1 * second, longest: 60 * second)
        for _ in 0..<5 { schedule.failed(at: 0) }
        schedule.succeeded(at: 100 * second)
        schedule.lost(at: 110 * second)
        #expect(schedule.nextAttempt == 111 * second)
    }
}

@Suite struct ControllerStateTests {
    @Test func `error frames move the state up and down`() {
        var controller = ControllerState()
        let steps: [(UInt32, UInt8, BusState)] = [
            (0x004, 0x08, .warning), (0x004, 0x20, .passive), (0x088, 0x00, .passive),
            (0x004, 0x40, .active), (0x040, 0x00, .busOff), (0x004, 0x08, .busOff),
            (0x100, 0x00, .active), (0x044, 0x20, .busOff), (0x104, 0x04, .warning),
        ]
        for (identifier, detail, expected) in steps {
            controller.handle(errorClass: identifier, controllerDetail: detail)
            #expect(controller.state == expected)
        }
    }

    @Test func `a frame received after bus-off shows that the kernel restarted the controller`() {
        var controller = ControllerState()
        controller.handle(errorClass: 0x040, controllerDetail: 0)
        controller.handleReception()
        #expect(controller.state == .active)
    }
}
