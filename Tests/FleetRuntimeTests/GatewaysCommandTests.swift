import FleetStore
import Testing

@testable import FleetRuntime

@Suite struct GatewaysCommandTests {
    private func tally(_ shared: SharedIdentity?) -> GatewayTally {
        GatewayTally(
            gateway: "house-1", records: 3, events: 1, packSamples: 4, deadLetters: 256,
            deadLettersDropped: shared == nil ? 0 : 40, unmended: 0, outbox: nil, shared: shared)
    }

    private let shared = SharedIdentity(
        firstSeen: 1_790_000_000_000, lastSeen: 1_790_000_060_000, sightings: 2,
        sessions: [
            GatewaySession(epoch: 77, boot: "0aa04ab4-a0b4-48b4-a5d5-4a71b84d0d9b"),
            GatewaySession(epoch: 12, boot: "1bb04ab4-a0b4-48b4-a5d5-4a71b84d0d9c"),
        ])

    @Test func `an identity that two machines use is told in a sentence, with time and sessions`() {
        #expect(
            GatewaysCommand.remarks(tally(shared)) == [
                "two machines use this identity, last seen 2026-09-21T14:14:20.000Z: outbox 77 of "
                    + "boot 0aa04ab4-a0b4-48b4-a5d5-4a71b84d0d9b and outbox 12 of boot "
                    + "1bb04ab4-a0b4-48b4-a5d5-4a71b84d0d9c",
                "40 older letters went because there were too many",
            ])
        #expect(GatewaysCommand.remarks(tally(nil)).isEmpty)
        var forgotten = shared
        forgotten.sessions[1] = GatewaySession(epoch: 77, boot: "")
        #expect(
            GatewaysCommand.remarks(tally(forgotten))[0].hasSuffix(
                "9b and outbox 77 of a boot long ago"))
    }

    @Test func `JSON has it too, and null when there is none`() {
        #expect(
            GatewaysCommand.json(tally(shared)).hasSuffix(
                "\"shared_identity\":{\"first_seen\":\"2026-09-21T14:13:20.000Z\","
                    + "\"last_seen\":\"2026-09-21T14:14:20.000Z\",\"sightings\":2,\"sessions\":["
                    + "{\"epoch\":77,\"boot\":\"0aa04ab4-a0b4-48b4-a5d5-4a71b84d0d9b\"},"
                    + "{\"epoch\":12,\"boot\":\"1bb04ab4-a0b4-48b4-a5d5-4a71b84d0d9c\"}]}}"))
        #expect(GatewaysCommand.json(tally(nil)).hasSuffix("\"shared_identity\":null}"))
    }
}
