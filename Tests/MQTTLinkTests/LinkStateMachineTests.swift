import TestKit
import Testing

@testable import MQTTLink

@Suite struct LinkStateMachineTests {
    typealias Machine = LinkStateMachine<SeededGenerator>
    let second: Int64 = 1_000_000_000

    fileprivate func machine(seed: UInt64 = 1) -> Machine {
        var configuration = LinkConfiguration(host: "h", port: 1, gateway: "g", channels: [])
        configuration.acknowledgementSeconds = 20
        configuration.connectSeconds = 15
        return Machine(configuration, generator: SeededGenerator(seed: seed), now: 0)
    }

    /// A machine that was welcomed at second 1.
    fileprivate func online() -> Machine {
        var machine = machine()
        #expect(machine.handle(.tick, at: 0) == [.connect])
        #expect(machine.handle(.welcomed, at: second) == [.announce])
        return machine
    }

    @Test func `it connects at once and publishes only after the welcome`() {
        var machine = machine()
        #expect(machine.handle(.tick, at: 0) == [.connect])
        #expect(!machine.mayPublish)
        #expect(machine.handle(.welcomed, at: 5) == [.announce])
        #expect(machine.mayPublish)
    }

    @Test func `a welcome that does not come in time is given up`() {
        var machine = machine()
        _ = machine.handle(.tick, at: 0)
        #expect(machine.deadline == 15 * second)
        #expect(machine.handle(.tick, at: 15 * second - 1) == [])
        #expect(machine.handle(.tick, at: 15 * second) == [.drop(awaited: .welcome)])
    }

    @Test func `waits double up to the longest, each between half and all of its step`() {
        var random = SeededGenerator(announcedAs: "back-off")
        let backoff = Backoff(first: second, longest: 60 * second)
        for failures in 0...80 {
            let step = failures < 6 ? second << Int64(failures) : 60 * second
            for _ in 1...20 {
                let wait = backoff.wait(after: failures, &random)
                #expect((step / 2...step).contains(wait))
            }
        }
    }

    @Test func `the same seed gives the same waits, another seed others`() {
        func waits(_ seed: UInt64) -> [Int64] {
            var machine = machine(seed: seed)
            var deadlines: [Int64] = []
            for _ in 1...6 {
                let now = machine.deadline
                _ = machine.handle(.tick, at: now)
                _ = machine.handle(.lost, at: now)
                deadlines.append(machine.deadline)
            }
            return deadlines
        }
        #expect(waits(7) == waits(7))
        #expect(waits(7) != waits(8))
    }

    @Test
    func `a connection that lasted starts the waits afresh, one that carried keeps them short`() {
        var machine = machine()
        var now: Int64 = 0
        func fail(onlineFor seconds: Int64, carrying: Bool) -> Int64 {
            now = machine.deadline
            _ = machine.handle(.tick, at: now)
            _ = machine.handle(.welcomed, at: now)
            if carrying { _ = machine.handle(.taken(inFlight: 0), at: now) }
            now += seconds * second
            _ = machine.handle(.lost, at: now)
            return machine.deadline - now
        }
        for _ in 1...10 { _ = fail(onlineFor: 1, carrying: false) }
        #expect(fail(onlineFor: 1, carrying: false) > 29 * second)
        #expect(fail(onlineFor: 1, carrying: true) <= 4 * second)
        for _ in 1...10 { _ = fail(onlineFor: 1, carrying: false) }
        #expect(fail(onlineFor: 31, carrying: false) <= second)
    }

    @Test func `no acknowledgement for its time cuts the link, any progress extends it`() {
        var machine = online()
        _ = machine.handle(.sent(inFlight: 5), at: 10 * second)
        _ = machine.handle(.taken(inFlight: 4), at: 25 * second)
        #expect(machine.handle(.tick, at: 44 * second) == [])
        #expect(machine.deadline == 45 * second)
        #expect(machine.handle(.tick, at: 45 * second) == [.drop(awaited: .acknowledgement)])
        #expect(!machine.mayPublish)
    }

    @Test func `with nothing in flight nothing is due`() {
        var machine = online()
        #expect(machine.deadline == .max)
        #expect(machine.handle(.tick, at: 500 * second) == [])
    }

    @Test func `a refusal pauses publishing, then everything refused is tried again`() {
        var machine = online()
        _ = machine.handle(.sent(inFlight: 2), at: 2 * second)
        _ = machine.handle(.refused(inFlight: 1), at: 3 * second)
        #expect(!machine.mayPublish)
        #expect(machine.handle(.tick, at: 9 * second) == [])
        _ = machine.handle(.taken(inFlight: 0), at: 9 * second)
        #expect(machine.handle(.tick, at: 9 * second) == [.retry])
        #expect(machine.mayPublish)
    }

    @Test func `pauses grow while nothing but refusals comes`() {
        var machine = online()
        var now = 2 * second
        var pauses: [Int64] = []
        for _ in 1...5 {
            _ = machine.handle(.sent(inFlight: 1), at: now)
            _ = machine.handle(.refused(inFlight: 0), at: now)
            pauses.append(machine.deadline - now)
            now = machine.deadline
            #expect(machine.handle(.tick, at: now) == [.retry])
        }
        #expect(pauses.last ?? 0 >= 8 * second)
    }

    @Test func `stopping waits for acknowledgements, says goodbye and leaves`() {
        var machine = online()
        _ = machine.handle(.sent(inFlight: 2), at: 2 * second)
        #expect(machine.handle(.stop, at: 3 * second) == [])
        #expect(!machine.mayPublish)
        #expect(machine.handle(.taken(inFlight: 0), at: 4 * second) == [.sayGoodbye])
        _ = machine.handle(.sent(inFlight: 1), at: 4 * second)
        #expect(machine.handle(.taken(inFlight: 0), at: 4 * second) == [.disconnect])
        #expect(machine.phase == .stopped)
    }

    @Test func `stopping ends in time when the broker is mute`() {
        var machine = online()
        _ = machine.handle(.sent(inFlight: 2), at: 2 * second)
        _ = machine.handle(.stop, at: 3 * second)
        #expect(machine.handle(.tick, at: 5 * second) == [.sayGoodbye])
        #expect(machine.handle(.tick, at: 6 * second) == [.disconnect])
    }

    @Test func `stopping while waiting or connecting is at once`() {
        var waiting = machine()
        #expect(waiting.handle(.stop, at: 1) == [.drop(awaited: nil)])
        #expect(waiting.phase == .stopped)
        var connecting = machine()
        _ = connecting.handle(.tick, at: 0)
        #expect(connecting.handle(.stop, at: 1) == [.drop(awaited: nil)])
        #expect(connecting.phase == .stopped)
    }
}

@Suite struct InFlightWindowTests {
    @Test func `answers in any order are found, and what is open comes back in order`() {
        var random = SeededGenerator(announcedAs: "in-flight window")
        for _ in 1...50 {
            var window = InFlightWindow()
            var open: [Int32] = []
            var next: Int32 = 1
            for _ in 1...3000 {
                if open.count < 100, Bool.random(using: &random) {
                    window.append(messageID: next, token: Int64(next), channel: 0, bytes: 10)
                    open.append(next)
                    next += 1
                } else if let index = open.indices.randomElement(using: &random) {
                    let id = open.remove(at: index)
                    #expect(window.settle(id)?.token == Int64(id))
                    #expect(window.settle(id) == nil)
                }
            }
            #expect(window.count == open.count)
            #expect(window.bytes == open.count * 10)
            #expect(window.removeAll() == open.map(Int64.init))
            #expect(window.count == 0)
        }
    }

    @Test func `what is no record does not come back`() {
        var window = InFlightWindow()
        window.append(messageID: 1, token: 0, channel: 0, bytes: 3)
        window.append(messageID: 2, token: 9, channel: 0, bytes: 3)
        #expect(window.removeAll() == [9])
    }
}

extension LinkStateMachineTests {
    @Test
    func `new certificates end a connection once all is acknowledged, and begin the next at once`()
    {
        var machine = online()
        #expect(machine.handle(.sent(inFlight: 1), at: 2 * second) == [])
        #expect(machine.handle(.renew, at: 2 * second) == [])
        #expect(!machine.mayPublish)
        #expect(
            machine.handle(.taken(inFlight: 0), at: 3 * second)
                == [.disconnect, .drop(awaited: nil)])
        #expect(machine.handle(.tick, at: 3 * second) == [.connect])
        #expect(machine.handle(.welcomed, at: 4 * second) == [.announce])
    }

    @Test func `new certificates wait two seconds for a broker that says nothing`() {
        var machine = online()
        _ = machine.handle(.sent(inFlight: 1), at: 2 * second)
        _ = machine.handle(.renew, at: 2 * second)
        #expect(machine.deadline == 4 * second)
        #expect(machine.handle(.tick, at: 4 * second) == [.disconnect, .drop(awaited: nil)])
        #expect(machine.handle(.tick, at: 4 * second) == [.connect])
    }

    @Test func `new certificates end a wait, and a stop ends everything`() {
        var machine = machine()
        _ = machine.handle(.tick, at: 0)
        _ = machine.handle(.lost, at: second)
        #expect(machine.handle(.renew, at: second) == [.disconnect, .drop(awaited: nil)])
        #expect(machine.handle(.tick, at: second) == [.connect])
        var leaving = online()
        _ = leaving.handle(.sent(inFlight: 1), at: 2 * second)
        _ = leaving.handle(.renew, at: 2 * second)
        _ = leaving.handle(.stop, at: 2 * second)
        #expect(leaving.handle(.taken(inFlight: 0), at: 3 * second) == [.sayGoodbye])
    }
}
