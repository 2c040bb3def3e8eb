import TestKit
import Testing

@testable import FleetStore

/// What tells watchers of news, on both stores.
@Suite(.folders) struct WatchStoreTests {
    let records = Records()

    @Test(arguments: StoreKind.allCases)
    func `a mark changes with each record, and there is one for each gateway that is known`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        let (store, watched) = (try FleetStores.open(address), try FleetStores.openViews(address))
        #expect(try watched.marks(of: []).isEmpty && watched.marks(of: ["gw-none"]).isEmpty)
        #expect(try store.store(records.telemetry(1)).stored == 1)
        let gateway = try #require(try store.tallies().first).gateway
        let ids = [gateway] + (1...700).map { "gw-none-\($0)" }
        let first = try watched.marks(of: ids)
        #expect(first.map(\.gateway) == [gateway] && first[0].sequence == 1)
        #expect(first[0].alarms == AlarmCount())
        #expect(try watched.marks(of: ids) == first)
        #expect(try store.store(records.telemetry(2)).stored == 1)
        #expect(try watched.marks(of: ids.reversed()) != first)
    }

    @Test(arguments: StoreKind.allCases)
    func `a watch ends with its token, its grant and its user`(kind: StoreKind) throws {
        let store = try FleetStores.openViews(kind.address())
        let author = Author("root", at: 1)
        _ = try store.addTenant(Tenant(id: "north", createdMilliseconds: 1), by: author)
        _ = try store.assign(gateway: "gw-1", to: "north", by: author)
        for (name, role) in [("anna", UserRole.owner), ("otto", .operator)] {
            _ = try store.addUser(
                User(name: name, tenant: "north", role: role, createdMilliseconds: 1), by: author)
            _ = try store.addToken(
                AccessToken(
                    id: name, hash: "hash-" + name, owner: name, scopes: [.read],
                    createdMilliseconds: 1, expiresMilliseconds: 100), by: author)
        }
        let anna = Watch(tokenHash: "hash-anna", gateway: "gw-1")
        let otto = Watch(tokenHash: "hash-otto", gateway: "gw-1")
        let whole = Watch(tokenHash: "hash-otto", gateway: nil)
        let wide = Watch(tokenHash: "hash-anna", gateway: nil)
        let all: Set = [anna, otto, whole, wide]
        #expect(try store.endedWatches(all, now: 99) == [anna, wide])
        _ = try store.grant(true, gateway: "gw-1", to: "anna", by: author)
        #expect(try store.endedWatches(all, now: 99) == [wide])
        #expect(try store.endedWatches(all, now: 100) == all)
        _ = try store.removeUser("otto", by: author)
        #expect(try store.endedWatches(all, now: 99) == [otto, whole, wide])
    }
}
