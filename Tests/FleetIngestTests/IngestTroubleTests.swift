import FleetIngest
import FleetStore
import TestKit
import Testing

/// What workers do when broker or store fail them.
@Suite struct IngestTroubleTests {
    @Test func `a store that stays away makes the worker leave the broker and come back`() throws {
        let broker = try Broker("max_queued_messages 10000")
        let ingest = try IngestFixture(broker, keepAliveSeconds: 5)
        try ingest.waitReady()
        let peer = try GatewayPeer(broker)
        ingest.contents.change { $0.failure = .unavailable(store: "memory", detail: "gone") }
        peer.publish(RecordFixture.event(1))
        try ingest.wait {
            ingest.log.all.contains("warning left the broker because the store stays away")
        }
        for sequence in 2...50 { peer.publish(RecordFixture.event(Int64(sequence))) }
        ingest.contents.change { $0.failure = nil }
        try ingest.wait { peer.acknowledged().count == 50 }
        #expect(ingest.numbers() == Array(1...50))
        let commands = peer.downs.filter { $0.schema == "amphora/command/v1" }.map(\.expiry)
        #expect(commands == ["60", "600", "1"])
    }

    @Test func `one record that the store refuses becomes a dead letter, the others are stored`()
        throws
    {
        let broker = try Broker()
        let ingest = try IngestFixture(broker)
        ingest.contents.change { $0.refusedCode = "odd" }
        try ingest.waitReady()
        let peer = try GatewayPeer(broker)
        for sequence in 1...40 {
            peer.publish(
                RecordFixture.event(Int64(sequence), text: sequence == 17 ? "odd" : "fine"))
        }
        try ingest.wait { peer.acknowledged().count == 39 && !peer.rejected().isEmpty }
        #expect(peer.rejected() == [17: "the store refused it: no 'odd' here"])
        #expect(ingest.numbers() == (1...40).filter { $0 != 17 })
        #expect(ingest.contents.get { $0.letters.map(\.sequence) } == [17])
    }

    @Test func `a message that the store takes in no form is given up, and others go on`() throws {
        let broker = try Broker()
        let ingest = try IngestFixture(broker)
        ingest.contents.change { $0.refusesLetters = true }
        try ingest.waitReady()
        let peer = try GatewayPeer(broker)
        peer.publish(Array(#"{"epoch":7,"seq":1}"#.utf8))
        peer.publish(RecordFixture.event(2))
        try ingest.wait { peer.acknowledged() == [2] && !peer.rejected().isEmpty }
        #expect(peer.rejected() == [1: "schema: expected a value, found no such member"])
        #expect(ingest.meter.counters.abandoned == 1)
        #expect(ingest.log.all.contains { $0.hasPrefix("error store took a message not even") })
    }

    @Test func `a store of another kind ends the worker with its reason`() throws {
        let broker = try Broker()
        let ingest = try IngestFixture(broker)
        try ingest.waitReady()
        ingest.contents.change { $0.failure = .foreign(store: "memory", detail: "not ours") }
        let peer = try GatewayPeer(broker)
        peer.publish(RecordFixture.event(1))
        try ingest.wait { ingest.isStopped }
        let words = "store 'memory' is not a fleet store of this version: not ours"
        #expect(ingest.error == .store(words))
    }

    @Test func `a broker that was killed and forgot us is subscribed anew`() throws {
        let broker = try Broker()
        let ingest = try IngestFixture(broker, workers: 2)
        try ingest.waitReady()
        broker.kill()
        try ingest.wait { ingest.meter.troubles.count == 2 }
        try broker.start()
        try ingest.waitReady()
        let peer = try GatewayPeer(broker)
        for sequence in 1...20 { peer.publish(RecordFixture.event(Int64(sequence))) }
        try ingest.wait { peer.acknowledged().count == 20 }
    }

    @Test func `a link that is cut again and again is used while it is there`() throws {
        let broker = try Broker("max_queued_messages 10000")
        let proxy = try CuttingProxy(to: broker.port)
        // were the waits to double from cut to cut, the last of them would be 40 s
        let cuts = 12
        for _ in 0..<cuts { proxy.cut(.down, afterBytes: 1000) }
        let ingest = try IngestFixture(broker, proxy: proxy, retryMaximumMilliseconds: 60_000)
        let peer = try GatewayPeer(broker)
        var sequence: Int64 = 0
        try ingest.wait {
            if peer.acknowledged().count == sequence {
                sequence += 1
                peer.publish(RecordFixture.event(sequence))
            }
            return proxy.cuts == cuts
        }
        try ingest.waitReady()
    }

    @Test func `a broker with much to hand over is not taken for one that is silent`() throws {
        let broker = try Broker("max_queued_messages 10000", "max_inflight_messages 0")
        let before = try IngestFixture(broker)
        try before.waitReady()
        #expect(before.stop())
        let peer = try GatewayPeer(broker)
        for sequence in 1...40 { peer.publish(RecordFixture.event(Int64(sequence))) }
        try before.wait { peer.taken == 40 }
        // what was kept comes before the word on the subscription, and takes five times as long
        let ingest = try IngestFixture(
            broker, batchRows: 1, welcomeMilliseconds: 400, storeMilliseconds: 50)
        try ingest.wait { peer.acknowledged().count == 40 }
        #expect(!ingest.log.all.contains { $0.hasPrefix("warning no connection") })
    }

    @Test func `a broker that wants certificates is served over TLS, whatever it sends at once`()
        throws
    {
        let broker = try Broker(
            certificates: try TestCertificates(client: "ingest"),
            settings: ["max_queued_messages 10000", "max_inflight_messages 0"])
        let ingest = try IngestFixture(broker, batchRows: 100)
        try ingest.waitReady()
        let peer = try GatewayPeer(broker)
        var generator = SeededGenerator(announcedAs: "IngestWorkerTests TLS")
        let fixture = RecordFixture(packs: 16, using: &generator)
        for sequence in 1...300 { peer.publish(fixture.telemetry(Int64(sequence))) }
        try ingest.wait { peer.acknowledged().count == 300 }
        #expect(ingest.numbers() == Array(1...300))
        #expect(ingest.stop())
    }

    @Test func `a broker that does not let us in is named with its reason`() throws {
        let broker = try Broker("allow_anonymous false")
        let ingest = try IngestFixture(broker)
        let words =
            "worker 1: broker: broker '127.0.0.1:\(broker.port)': it refused us: "
            + "not authorized (0x87)"
        try ingest.wait { ingest.meter.troubles == [words] }
    }

    @Test func `a broker that is not there is tried again with growing waits`() throws {
        let broker = try Broker()
        broker.stop()
        let ingest = try IngestFixture(broker)
        let words =
            "worker 1: broker: broker '127.0.0.1:\(broker.port)': Connection refused"
        try ingest.wait { ingest.meter.troubles == [words] }
        try broker.start()
        try ingest.waitReady()
    }
}
