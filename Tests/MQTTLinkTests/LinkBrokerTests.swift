import Glibc
import MQTTLink
import TestKit
import Testing

/// A link against a real mosquitto, watched by an independent subscriber.
@Suite struct LinkBrokerTests {
    let topic = "amphora/v1/gw-1/up/telemetry"
    let unlimited = "max_queued_messages 0"

    @Test func `records arrive once, in order, with content type and schema`() throws {
        let broker = try Broker(unlimited)
        let subscriber = try Subscriber(port: broker.port, topic: topic)
        let link = try LinkFixture(LinkFixture.configuration(broker.port))
        link.append(500)
        try link.waitTaken(500)
        #expect(subscriber.waitForNumbers(500) == Array(1...500))
        #expect(link.source.taken == Array(1...500))
        let first = try #require(subscriber.messages.first)
        #expect(first.contentType == "application/json")
        #expect(first.schema == "telemetry-v1")
        #expect(!first.isRetained)
        #expect(link.stop())
        #expect(link.status.state == .stopped)
        #expect(link.status.acknowledged == 500)
        #expect(link.status.lastTrouble == nil)
    }

    @Test func `quality of service 2 delivers as well`() throws {
        let broker = try Broker(unlimited)
        let subscriber = try Subscriber(port: broker.port, topic: topic)
        var configuration = LinkFixture.configuration(broker.port)
        configuration.qos = 2
        let link = try LinkFixture(configuration)
        link.append(100)
        try link.waitTaken(100)
        #expect(subscriber.waitForNumbers(100) == Array(1...100))
    }

    @Test func `MQTT 3.1.1 delivers, with birth and will`() throws {
        let broker = try Broker(unlimited)
        let proxy = try CuttingProxy(to: broker.port)
        let subscriber = try Subscriber(port: broker.port, topic: "amphora/v1/gw-1/#", v5: false)
        var configuration = LinkFixture.configuration(proxy.port)
        configuration.version = .v311
        let link = try LinkFixture(configuration)
        link.append(50)
        try link.waitTaken(50)
        expectComplete(subscriber.waitForNumbers(50), upTo: 50)
        proxy.set(.refuse)
        let will = try subscriber.wait { $0.payload.contains("\"lost\"") }
        #expect(will.topic == "amphora/v1/gw-1/status")
        #expect(broker.log.contains("as gw-1 (p2"))
    }

    @Test func `a broker that is absent at the start is found when it comes`() throws {
        let broker = try Broker(unlimited)
        broker.stop()
        let link = try LinkFixture(LinkFixture.configuration(broker.port))
        link.append(10)
        try link.wait { $0.lastTrouble != nil }
        #expect(
            link.status.lastTrouble
                == "cannot connect to broker '127.0.0.1:\(broker.port)': Connection refused")
        try broker.start()
        try link.waitTaken(10)
        #expect(link.status.connections == 1)
    }

    @Test func `nothing is lost over restarts of the broker`() throws {
        let broker = try Broker(unlimited, "persistence true")
        let subscriber = try Subscriber(port: broker.port, topic: topic)
        let link = try LinkFixture(LinkFixture.configuration(broker.port))
        for round in 1...3 {
            link.append(100)
            try link.waitTaken(round * 150 - 50)
            broker.stop()
            link.append(50)
            try broker.start()
        }
        try link.waitTaken(450)
        let numbers = subscriber.waitForNumbers(450)
        #expect(Set(numbers) == Set(1...450))
        // What is appended on either side of a connection goes in two lanes, each in order.
        for first: Int64 in [1, 151, 301] {
            expectOrder(numbers, in: first...first + 99)
            expectOrder(numbers, in: first + 100...first + 149)
        }
        #expect(link.status.connections >= 4)
    }

    @Test(arguments: [true, false])
    func `nothing is lost when the connection is torn at any byte`(atOnce: Bool) throws {
        let broker = try Broker(unlimited)
        let proxy = try CuttingProxy(to: broker.port)
        let subscriber = try Subscriber(port: broker.port, topic: topic)
        let up = [1, 2, 20, 60, 200, 330, 331, 332, 333, 334, 335, 400, 411, 500, 777, 1500, 2500]
        for bytes in up { proxy.cut(.up, afterBytes: bytes) }
        let down = [1, 2, 9, 20, 21, 22, 23, 24, 25, 26, 27, 31, 40, 80, 121, 133]
        for bytes in down { proxy.cut(.down, afterBytes: bytes) }
        let link = try LinkFixture(LinkFixture.configuration(proxy.port))
        if atOnce {
            link.append(600)
        } else {
            for _ in 1...60 {
                link.append(10)
                usleep(5_000)
            }
        }
        try link.waitTaken(600, 30_000)
        #expect(proxy.cuts == up.count + down.count)
        let numbers = subscriber.waitForNumbers(600)
        // What comes while the link is up may overtake what waited, so order holds for one lane.
        #expect(Set(numbers) == Set(1...600))
        if atOnce { expectComplete(numbers, upTo: 600) }
    }

    @Test func `a half-open link is given up and everything goes again`() throws {
        let broker = try Broker(unlimited)
        let proxy = try CuttingProxy(to: broker.port)
        let subscriber = try Subscriber(port: broker.port, topic: topic)
        var configuration = LinkFixture.configuration(proxy.port)
        configuration.acknowledgementSeconds = 1
        configuration.connectSeconds = 1
        let link = try LinkFixture(configuration)
        link.append(20)
        try link.waitTaken(20)
        proxy.set(.swallow)
        link.append(20)
        let sentence = "broker '127.0.0.1:\(proxy.port)' acknowledged nothing for 1 s"
        try link.wait { $0.lastTrouble == sentence }
        proxy.set(.pass)
        try link.waitTaken(40)
        expectComplete(subscriber.waitForNumbers(40), upTo: 40)
    }

    @Test func `an idle half-open link is noticed by the missing sign of life`() throws {
        let broker = try Broker()
        let proxy = try CuttingProxy(to: broker.port)
        var configuration = LinkFixture.configuration(proxy.port)
        configuration.keepAliveSeconds = 5
        let link = try LinkFixture(configuration)
        try link.wait { $0.state == .online && $0.inFlight == 0 }
        proxy.set(.swallow)
        let sentence =
            "broker '127.0.0.1:\(proxy.port)' gave no sign of life within 5 s of being asked"
        try link.wait(15_000) { $0.lastTrouble == sentence }
    }

    @Test func `a broker that never welcomes is given up`() throws {
        let broker = try Broker()
        let proxy = try CuttingProxy(to: broker.port)
        proxy.set(.swallow)
        var configuration = LinkFixture.configuration(proxy.port)
        configuration.connectSeconds = 1
        let link = try LinkFixture(configuration)
        let sentence = "broker '127.0.0.1:\(proxy.port)' did not answer within 1 s of connecting"
        try link.wait { $0.lastTrouble == sentence }
        #expect(link.stop())
    }

    @Test(arguments: [(configured: 10, broker: 0, expected: 10), (100, 20, 20), (1, 0, 1)])
    func `no more than the window is in flight`(
        configured: Int, broker limit: Int, expected: Int
    ) throws {
        let broker = try Broker("max_inflight_messages \(limit)")
        var configuration = LinkFixture.configuration(broker.port)
        configuration.window = configured
        let link = try LinkFixture(configuration)
        try link.wait { $0.state == .online && $0.inFlight == 0 }
        broker.freeze()
        link.append(300)
        try link.wait { $0.inFlight == expected }
        usleep(50_000)
        #expect(link.status.inFlight == expected)
        broker.resume()
        try link.waitTaken(300)
    }

    @Test func `a distant broker gets a whole window per round trip`() throws {
        let broker = try Broker("max_inflight_messages 0")
        let proxy = try CuttingProxy(to: broker.port)
        proxy.delay(milliseconds: 20)
        var configuration = LinkFixture.configuration(proxy.port)
        configuration.window = 50
        let link = try LinkFixture(configuration)
        try link.wait { $0.state == .online && $0.inFlight == 0 }
        let begin = Clock.now()
        link.append(500)
        try link.waitTaken(500)
        // ten round trips of 40 ms; one record per round trip would take 20 s
        #expect(Clock.now() - begin >= 380_000_000)
        #expect(Clock.now() - begin < 8_000_000_000)
    }

    @Test func `a store that cannot be read is asked again`() throws {
        let broker = try Broker()
        let link = try LinkFixture(LinkFixture.configuration(broker.port))
        link.source.setAway(true)
        link.append(5)
        try link.wait { $0.lastTrouble == "cannot read waiting records: the store is away" }
        link.source.setAway(false)
        try link.waitTaken(5)
    }

    @Test func `stopping waits for what is in flight and no longer`() throws {
        let broker = try Broker()
        let link = try LinkFixture(LinkFixture.configuration(broker.port))
        try link.wait { $0.state == .online && $0.inFlight == 0 }
        broker.freeze()
        link.append(5)
        try link.wait { $0.inFlight == 5 }
        let begin = Clock.now()
        #expect(link.stop())
        #expect(Clock.now() - begin < 4_000_000_000)
        #expect(link.source.taken.isEmpty)
        broker.resume()
    }
}
