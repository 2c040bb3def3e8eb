import Logging
import Numbering
import Outbox
import Quantities
import TestKit
import Testing

@testable import GatewayRuntime
@testable import MQTTLink

/// What the fleet's word does to the rows of a real outbox.
@Suite struct OutboxSourceTests {
    private let folder: TemporaryDirectory
    private let outbox: Outbox
    private let setup: LinkSetup

    init() throws {
        folder = try TemporaryDirectory("source")
        let path = folder.file("outbox.db")
        outbox = try Outbox(path: path, budgetBytes: 1 << 20, wallMilliseconds: 1)
        var nothing = SequenceRanges()
        let records = (1...5).map {
            OutboxRecord(.telemetry, wallMilliseconds: 1, payload: Array("{\"n\":\($0)}".utf8))
        }
        try outbox.append(records, freeing: &nothing)
        setup = LinkSetup(
            configuration: LinkConfiguration(host: "h", port: 1, gateway: "g", channels: []),
            outboxPath: path, uplink: Latest(UplinkStatus()), acknowledged: AcknowledgementBox(),
            recorderWake: try WakeSignal(), onlookers: Onlookers(), damage: DamageReport(),
            delivery: .fleet,
            mailbox: try LinkMailbox(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func say(_ text: String) -> [ReceiverWord]? {
        OutboxSource(setup).received(
            ReceivedMessage(
                topic: "amphora/v1/g/down/ack", payload: Array(text.utf8), isRetained: false,
                responseTopic: nil, correlation: nil))
    }

    private func acknowledgement(_ ranges: String, epoch: Int64? = nil) -> String {
        "{\"schema\":\"amphora/ack/v1\",\"epoch\":\(epoch ?? outbox.epoch),\"ranges\":\(ranges)}"
    }

    @Test func `outbox rule 3: only what the fleet has stored is freed`() {
        _ = say(acknowledgement("[[2,3]]"))
        #expect(setup.acknowledged.take().ranges == [2...3])
    }

    @Test func `an answer that names all numbers frees nothing that is not there`() {
        for _ in 1...2_000 { _ = say(acknowledgement("[[1,9007199254740991]]")) }
        #expect(setup.acknowledged.take().ranges == [1...5])
        _ = say(acknowledgement("[[6,900]]"))
        #expect(setup.acknowledged.take().isEmpty)
    }

    @Test func `the numbers of another file are not meant`() {
        #expect(say(acknowledgement("[[1,5]]", epoch: outbox.epoch ^ 1)) == [])
        #expect(setup.acknowledged.take().isEmpty)
    }

    @Test func `that somebody looks is passed on to the recorder, a minute at most`() {
        #expect(!setup.onlookers.look(at: MachineClock.now()))
        let words = OutboxSource(setup).received(
            ReceivedMessage(
                topic: "amphora/v1/g/down/command",
                payload: Array(
                    #"{"schema":"amphora/command/v1","command":"live","seconds":3600}"#.utf8),
                isRetained: false, responseTopic: nil, correlation: nil))
        #expect(words?.isEmpty == true)
        let now = MachineClock.now()
        #expect(setup.onlookers.look(at: now))
        #expect(!setup.onlookers.look(at: now + .seconds(60)))
        // one that ends earlier takes nothing back
        setup.onlookers.stay(seconds: 1, now: now)
        #expect(setup.onlookers.look(at: now + .seconds(50)))
    }

    @Test func `a rejection of a record that is not there sets nothing aside`() {
        _ = say(
            """
            {"schema":"amphora/ack/v1","epoch":\(outbox.epoch),"ranges":[],
             "rejected":[{"seq":4,"reason":"bad"},{"seq":400,"reason":"bad"}]}
            """)
        #expect(setup.acknowledged.takeRejections() == [Rejection(sequence: 4, reason: "bad")])
    }
}
