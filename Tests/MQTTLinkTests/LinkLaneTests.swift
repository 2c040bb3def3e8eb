import Glibc
import MQTTLink
import TestKit
import Testing

/// The two lanes and the receiver's word, over a real mosquitto.
@Suite struct LinkLaneTests {
    private let topic = "amphora/v1/gw-1/up/telemetry"

    private func say(_ words: String, _ broker: Broker) throws {
        let run = try ChildProcess(
            Peers.tool("mosquitto_pub", package: "mosquitto-clients"),
            ["-p", "\(broker.port)", "-q", "1", "-t", "amphora/v1/gw-1/down/ack", "-m", words])
        #expect(try run.waitForExit() == .exited(0))
    }

    private func awaiting(_ port: UInt16) -> LinkConfiguration {
        var configuration = LinkFixture.configuration(port)
        configuration.awaitsReceiver = true
        configuration.subscriptions = ["down/#"]
        return configuration
    }

    @Test func `outbox rule 5: live records overtake the backlog, and both make progress`() throws {
        let broker = try Broker()
        broker.stop()
        var configuration = LinkFixture.configuration(broker.port)
        configuration.backlogRate = 200
        let link = try LinkFixture(configuration)
        link.append(2_000)
        try broker.start()
        try link.waitTaken(1)
        for live in Int64(2_001)...2_005 {
            let before = link.source.taken.count
            link.append(1)
            _ = Patience.wait(5_000) { link.source.taken.contains(live) ? true : nil }
            #expect(link.source.taken.contains(live))
            #expect(link.source.taken.count < 1_000, "the backlog does not keep its rate")
            _ = Patience.wait(5_000) { link.source.taken.count > before + 1 ? true : nil }
            #expect(link.source.taken.count > before + 1, "the backlog does not go on")
        }
        let past = link.source.taken.filter { $0 <= 2_000 }
        #expect(past == Array(1...Int64(past.count)), "the backlog keeps its order")
    }

    @Test func `a receiver that asks for rest gets live records only`() throws {
        let broker = try Broker()
        broker.stop()
        var configuration = awaiting(broker.port)
        configuration.awaitsReceiver = false
        configuration.backlogRate = 100
        let link = try LinkFixture(configuration)
        link.append(5_000)
        try broker.start()
        try link.waitTaken(30)
        try say("hold 3600", broker)
        var last = -1
        _ = Patience.wait(5_000) { () -> Bool? in
            defer { last = link.source.taken.count }
            usleep(300_000)
            return link.source.taken.count == last ? true : nil
        }
        link.append(3)
        _ = Patience.wait(5_000) { link.source.taken.contains(5_003) ? true : nil }
        #expect(link.source.taken.suffix(3) == [5_001, 5_002, 5_003])
        #expect(link.source.taken.count == last + 3)
    }

    @Test func `what the broker took and nobody confirmed goes again until it is confirmed`() throws
    {
        let broker = try Broker("max_queued_messages 0")
        let subscriber = try Subscriber(port: broker.port, topic: topic)
        var configuration = awaiting(broker.port)
        configuration.confirmSeconds = 1
        let link = try LinkFixture(configuration)
        link.source.keepUntilSettled()
        link.append(3)
        try link.wait { $0.unconfirmed == 3 }
        _ = Patience.wait(10_000) { subscriber.messages.count >= 6 ? true : nil }
        #expect(
            subscriber.messages.prefix(6).map(\.payload)
                == [1, 2, 3, 1, 2, 3].map { "{\"n\":\($0)}" })
        try say("settled 1 2", broker)
        try link.wait { $0.unconfirmed == 1 || $0.backlog == 1 }
        #expect(link.source.rows == [3])
        try say("settled 3 3", broker)
        try link.wait { $0.unconfirmed == 0 && $0.backlog == 0 && $0.inFlight == 0 }
        #expect(link.source.rows.isEmpty)
    }

    @Test func `what a broker forgot when it was killed goes again at once`() throws {
        let broker = try Broker("max_queued_messages 0")
        let link = try LinkFixture(awaiting(broker.port))
        link.source.keepUntilSettled()
        link.append(40)
        try link.wait { $0.unconfirmed == 40 }
        broker.kill()
        try broker.start()
        let subscriber = try Subscriber(port: broker.port, topic: topic)
        _ = subscriber
        try link.wait { $0.connections == 2 && $0.unconfirmed == 40 }
        #expect(link.source.taken.count == 80)
    }

    @Test func `a receiver that is away does not get the whole backlog left at the broker`() throws
    {
        let broker = try Broker()
        broker.stop()
        var configuration = awaiting(broker.port)
        configuration.unconfirmedLimit = 50
        let link = try LinkFixture(configuration)
        link.source.keepUntilSettled()
        link.append(300)
        try broker.start()
        try link.wait { $0.unconfirmed == 50 && $0.inFlight == 0 }
        usleep(200_000)
        #expect(Set(link.source.taken).count == 50)
        link.append(2)
        try link.wait { $0.unconfirmed == 52 }
        #expect(link.source.taken.suffix(2) == [301, 302])
        try say("settled 1 50", broker)
        try link.wait { $0.unconfirmed == 50 && $0.backlog == 202 }
    }
}
