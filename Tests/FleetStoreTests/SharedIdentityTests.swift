import TestKit
import Testing

@testable import FleetStore

@Suite(.folders) struct SharedIdentityTests {
    let first = Records()
    let second = Records(epoch: 12, boot: Records.bootB)

    @Test(arguments: StoreKind.allCases)
    func `two machines that write by turns are noticed`(kind: StoreKind) throws {
        let store = try kind.store()
        #expect(try store.store(first.telemetry(1)).sharedIdentities.isEmpty)
        #expect(try store.store(second.telemetry(1, at: 15)).sharedIdentities.isEmpty)
        #expect(try store.store(first.telemetry(2)).sharedIdentities == ["house-1"])
        // the epoch that came second goes on like that of a machine that replaced the first
        #expect(try store.store(second.telemetry(2, at: 25)).sharedIdentities.isEmpty)
        #expect(try store.store(first.telemetry(3)).sharedIdentities == ["house-1"])
        #expect(try store.store(first.telemetry(3)).sharedIdentities.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func `who looks is told which two, since when and when last`(kind: StoreKind) throws {
        let store = try kind.store()
        try store.store(first.telemetry(1), first.with { $0.gateway = "house-2" }.telemetry(1))
        try store.store(second.telemetry(1, at: 15))
        #expect(try store.tallies().map(\.shared) == [nil, nil])
        let one = GatewaySession(epoch: 77, boot: Records.bootA)
        let two = GatewaySession(epoch: 12, boot: Records.bootB)
        for number in Int64(2)...3 { try store.store(first.telemetry(number)) }
        let received = { (number: Int64) in self.first.telemetry(number).receivedMilliseconds }
        #expect(
            try store.tallies().map(\.shared) == [
                SharedIdentity(
                    firstSeen: received(2), lastSeen: received(3), sightings: 2,
                    sessions: [one, two]), nil,
            ])
        // a copied outbox
        let copy = first.with { $0.boot = Records.bootC }
        try store.store(copy.telemetry(2, at: 70))
        let shared = try #require(try store.tallies().first?.shared)
        #expect(
            shared.sessions == [GatewaySession(epoch: 77, boot: Records.bootC), one]
                && shared.sightings == 3)
    }

    @Test(arguments: StoreKind.allCases)
    func `two machines in one batch are noticed, and only their gateway`(kind: StoreKind) throws {
        let store = try kind.store()
        let other = first.with { $0.gateway = "house-2" }
        let outcome = try store.store(
            first.telemetry(1), other.telemetry(1), second.telemetry(1, at: 15),
            first.telemetry(2), other.telemetry(2))
        #expect(outcome.sharedIdentities == ["house-1"] && outcome.stored == 5)
    }

    @Test(arguments: StoreKind.allCases)
    func `two workers notice what each has seen by half`(kind: StoreKind) throws {
        let address = try kind.address()
        let one = try FleetStores.open(address)
        let two = try FleetStores.open(address)
        try one.store(first.telemetry(1))
        try two.store(second.telemetry(1, at: 15))
        #expect(try one.store(first.telemetry(2)).sharedIdentities == ["house-1"])
    }

    @Test(arguments: StoreKind.allCases)
    func `a machine that begins a new outbox is one machine`(kind: StoreKind) throws {
        let store = try kind.store()
        try store.store(first.telemetry(1), first.telemetry(2))
        // in the same boot, or after another start
        let anew = first.with { $0.epoch = 5 }
        #expect(try store.store(anew.telemetry(1, at: 30)).sharedIdentities.isEmpty)
        #expect(try store.store(second.telemetry(1, at: 40)).sharedIdentities.isEmpty)
        #expect(try store.store(second.telemetry(2, at: 50)).sharedIdentities.isEmpty)
        // what the first outbox still had comes hours later, and ends
        let late = first.with { $0.delay = 3 * 3_600_000 }
        for number in 3...6 {
            let record = late.telemetry(Int64(number), at: Int64(20 + number))
            #expect(try store.store(record).sharedIdentities.isEmpty)
        }
        #expect(try store.store(second.telemetry(3, at: 60)).sharedIdentities.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func `a clock that was wrong by years does not make two machines of one`(
        kind: StoreKind
    ) throws {
        let store = try kind.store()
        try store.store(first.telemetry(1))
        var wrong = second.telemetry(1, at: 20)
        wrong.clock.wallMilliseconds -= 631_152_000_000
        #expect(try store.store(wrong).sharedIdentities.isEmpty)
        #expect(try store.store(second.telemetry(2, at: 30)).sharedIdentities.isEmpty)
        var ahead = first.telemetry(2)
        ahead.clock.wallMilliseconds += 3_600_000
        #expect(try store.store(ahead).sharedIdentities.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func `a copied outbox shows by keys that stand for two records`(kind: StoreKind) throws {
        let store = try kind.store()
        try store.store(first.telemetry(1), first.telemetry(2))
        let copy = first.with { $0.boot = Records.bootB }
        let outcome = try store.store(copy.telemetry(2, at: 70), copy.telemetry(3, at: 80))
        #expect(outcome.sharedIdentities == ["house-1"])
        #expect(outcome.stored == 1 && outcome.repeated == 1)
    }
}
