import FleetIngest
import FleetStore
import TestKit
import Testing

/// Workers against a real mosquitto, fed by an independent client; rules are those of `IngestWorker`.
@Suite struct IngestWorkerTests {
    @Test func `two workers store each of 500 records once and acknowledge all`() throws {
        let broker = try Broker("max_queued_messages 10000")
        let ingest = try IngestFixture(broker, workers: 2, batchRows: 100)
        try ingest.waitReady()
        let peer = try GatewayPeer(broker)
        var generator = SeededGenerator(announcedAs: "IngestWorkerTests")
        let fixture = RecordFixture(packs: 3, using: &generator)
        for sequence in 1...250 {
            peer.publish(fixture.telemetry(Int64(sequence)))
            let event = RecordFixture.event(Int64(sequence), gateway: "gw-2")
            peer.publish(event, gateway: "gw-2", path: "up/event")
        }
        try ingest.wait { ingest.numbers().count + ingest.numbers("gw-2").count == 500 }
        #expect(ingest.numbers() == Array(1...250))
        try ingest.wait {
            peer.acknowledged().count == 250 && peer.acknowledged("gw-2").count == 250
        }
        let down = try #require(peer.downs.first)
        #expect(down.qos == "1" && down.schema == "amphora/ack/v1")
        let counters = ingest.meter.counters
        #expect(counters.received == 500 && counters.stored == 500)
        #expect(counters.repeated == 0 && counters.rejected == 0)
        #expect(counters.batches < 500, "\(counters.batches) batches")
        #expect(counters.lagMilliseconds.map { $0 > 0 } == true)
        #expect(ingest.stop())
        #expect(ingest.error == nil)
    }

    @Test func `rule 2: what is sent again is acknowledged again and stored once`() throws {
        let broker = try Broker()
        let ingest = try IngestFixture(broker)
        try ingest.waitReady()
        let peer = try GatewayPeer(broker)
        peer.publish(RecordFixture.event(1))
        try ingest.wait { peer.acknowledged() == [1] }
        peer.publish(RecordFixture.event(1))
        try ingest.wait { peer.downs.count == 2 }
        #expect(peer.downs[0].payload == peer.downs[1].payload)
        #expect(ingest.numbers() == [1])
        #expect(ingest.meter.counters.repeated == 1)
    }

    @Test func `rule 4: what is no record is kept with its reason and acknowledged as rejected`()
        throws
    {
        let broker = try Broker()
        let ingest = try IngestFixture(broker)
        try ingest.waitReady()
        let peer = try GatewayPeer(broker)
        let broken = try String(decoding: RecordFixture.event(2), as: UTF8.self)
            .changing("\"pack\":3", to: "\"pack\":99")
        peer.publish(RecordFixture.event(1))
        peer.publish(Array(broken.utf8))
        peer.publish(Array("nonsense".utf8))
        peer.publish(RecordFixture.event(3), topic: "amphora/v1/GW/up/event")
        try ingest.wait { ingest.meter.counters.rejected == 3 && !peer.rejected().isEmpty }
        let words = "pack: expected a whole number from 0 to 16, found 99"
        #expect(peer.rejected() == [2: words])
        #expect(peer.acknowledged() == [1])
        let letters = ingest.contents.get { $0.letters }
        #expect(letters.map(\.gateway) == ["gw-1", "gw-1", nil])
        #expect(letters[0].reason == words && letters[0].sequence == 2)
        #expect(letters[0].payload == Array(broken.utf8))
        #expect(letters[1].reason == "record: expected an object, found nonsense")
        #expect(letters[1].sequence == nil)
        #expect(
            letters[2].reason
                == "topic: expected 'amphora/v1/<gateway>/up/…' with a gateway of 1 to 64 "
                + "characters a…z, 0…9 or '-', found 'amphora/v1/GW/up/event'")
    }

    @Test func `a gateway that writes as another is rejected under its own name`() throws {
        let broker = try Broker()
        let ingest = try IngestFixture(broker)
        try ingest.waitReady()
        let peer = try GatewayPeer(broker)
        peer.publish(RecordFixture.event(4, gateway: "gw-2"), gateway: "gw-1", path: "up/event")
        try ingest.wait { !peer.rejected("gw-1").isEmpty }
        #expect(
            peer.rejected("gw-1") == [4: "gateway: expected 'gw-1' as in the topic, found 'gw-2'"])
        #expect(peer.downs.count == 1)
        #expect(ingest.numbers("gw-2").isEmpty)
        #expect(ingest.contents.get { $0.letters.map(\.gateway) } == ["gw-1"])
    }

    @Test func `rule 3: while the store is away nothing is acknowledged and gateways wait`() throws
    {
        let broker = try Broker("max_queued_messages 10000")
        let ingest = try IngestFixture(broker)
        try ingest.waitReady()
        let peer = try GatewayPeer(broker)
        peer.publish(RecordFixture.event(1))
        try ingest.wait { peer.acknowledged() == [1] }
        ingest.contents.change { $0.failure = .unavailable(store: "memory", detail: "gone") }
        for sequence in 2...300 { peer.publish(RecordFixture.event(Int64(sequence))) }
        try ingest.wait { peer.downs.contains { $0.schema == "amphora/command/v1" } }
        let hold = try #require(peer.downs.last)
        #expect(hold.topic == "amphora/v1/gw-1/down/command" && hold.expiry == "60")
        #expect(
            hold.payload
                == #"{"schema":"amphora/command/v1","command":"hold_backlog","seconds":60}"#)
        #expect(
            ingest.meter.troubles == ["worker 1: store: store 'memory' is not available: gone"])
        #expect(peer.acknowledged() == [1])
        ingest.contents.change { $0.failure = nil }
        try ingest.wait { peer.acknowledged().count == 300 }
        #expect(ingest.numbers() == Array(1...300))
        #expect(ingest.meter.counters.repeated == 0)
        #expect(ingest.meter.troubles.isEmpty)
        let commands = peer.downs.filter { $0.schema == "amphora/command/v1" }.map(\.expiry)
        #expect(commands == ["60", "1"])
    }

    @Test func `gateways are told of a new configuration once`() throws {
        let broker = try Broker()
        let ingest = try IngestFixture(broker)
        let peer = try GatewayPeer(broker)
        try ingest.waitReady()
        ingest.contents.change {
            $0.news = [
                OfferedConfiguration(
                    gateway: "gw-1", version: 7, tag: "t", issuedMilliseconds: 1, config: "{}")
            ]
        }
        try ingest.wait { !peer.downs.isEmpty }
        let news = try #require(peer.downs.first)
        #expect(news.topic == "amphora/v1/gw-1/down/config" && news.expiry == "600")
        #expect(news.payload == #"{"schema":"amphora/configuration-news/v1","version":7}"#)
        peer.publish(RecordFixture.event(1))
        try ingest.wait { peer.acknowledged() == [1] }
        #expect(peer.downs.filter { $0.topic.hasSuffix("config") }.count == 1)
    }

    @Test func `gateways at which somebody looks are told so, again while it lasts`() throws {
        let broker = try Broker()
        let ingest = try IngestFixture(broker)
        let peer = try GatewayPeer(broker)
        try ingest.waitReady()
        ingest.contents.change { $0.watched = ["gw-1"] }
        func words() -> [GatewayPeer.Down] { peer.downs.filter { $0.topic.hasSuffix("command") } }
        try ingest.wait { !words().isEmpty }
        let first = try #require(words().first)
        #expect(first.topic == "amphora/v1/gw-1/down/command" && first.expiry == "15")
        #expect(
            first.payload == #"{"schema":"amphora/command/v1","command":"live","seconds":15}"#)
        let begun = ContinuousClock.now
        try ingest.wait { words().count == 2 }
        // not with each look at the store
        #expect(ContinuousClock.now - begun > .seconds(4))
    }

    @Test func `two machines with one identity are named in the log and counted`() throws {
        let broker = try Broker()
        let ingest = try IngestFixture(broker)
        ingest.contents.change { $0.sharedIdentities = ["gw-1"] }
        try ingest.waitReady()
        let peer = try GatewayPeer(broker)
        peer.publish(RecordFixture.event(1))
        try ingest.wait { ingest.meter.counters.sharedIdentities == 1 }
        #expect(
            ingest.log.all.contains(
                "warning two machines use the identity of one gateway gateway=gw-1"))
    }

    @Test func `stopping stores what is held and acknowledges it`() throws {
        let broker = try Broker("max_queued_messages 10000")
        let ingest = try IngestFixture(broker, workers: 2)
        try ingest.waitReady()
        let peer = try GatewayPeer(broker)
        for sequence in 1...400 { peer.publish(RecordFixture.event(Int64(sequence))) }
        try ingest.wait { ingest.meter.counters.received > 0 }
        #expect(ingest.stop())
        let counters = ingest.meter.counters
        #expect(counters.received == counters.stored)
        let stored = Set(ingest.numbers())
        try ingest.wait { peer.acknowledged() == stored }
    }
}
