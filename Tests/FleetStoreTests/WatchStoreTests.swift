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
    func `that somebody looks is known until it ends, of gateways that are known`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        let (store, watched) = (try FleetStores.open(address), try FleetStores.openViews(address))
        #expect(try store.store(records.telemetry(1)).stored == 1)
        let gateway = try #require(try store.tallies().first).gateway
        #expect(try watched.watchedGateways(now: 0).isEmpty)
        try watched.noteWatched([], now: 0, until: 10)
        try watched.noteWatched(
            [gateway] + (1...700).map { "gw-none-\($0)" }, now: 100, until: 200)
        #expect(try watched.watchedGateways(now: 199) == [gateway])
        #expect(try watched.watchedGateways(now: 200).isEmpty)
        // a server with a slower clock takes nothing back
        try watched.noteWatched([gateway, gateway], now: 90, until: 190)
        #expect(try watched.watchedGateways(now: 199) == [gateway])
        try watched.noteWatched([gateway], now: 150, until: 250)
        #expect(try watched.watchedGateways(now: 249) == [gateway])
        try watched.noteWatched(["gw-none-1"], now: 250, until: 300)
        #expect(try watched.watchedGateways(now: 0).isEmpty)
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
    @Test(arguments: StoreKind.allCases)
    func `of many watches those end that are over, whoever else looks at the same gateway`(
        kind: StoreKind
    ) throws {
        let store = try FleetStores.openViews(kind.address())
        let author = Author("root", at: 1)
        for tenant in ["north", "south"] {
            _ = try store.addTenant(Tenant(id: tenant, createdMilliseconds: 1), by: author)
        }
        // more than one statement asks for, a fifth of them in the other tenant
        var (watches, ended): (Set<Watch>, Set<Watch>) = ([], [])
        for number in 1...300 {
            let (name, gateway) = ("owner-\(number)", "gw-\(number)")
            let tenant = number % 5 == 0 ? "south" : "north"
            _ = try store.assign(gateway: gateway, to: tenant, by: author)
            _ = try store.addUser(
                User(name: name, tenant: tenant, role: .owner, createdMilliseconds: 1), by: author)
            _ = try store.addToken(
                AccessToken(
                    id: name, hash: "hash-" + name, owner: name, scopes: [.read],
                    createdMilliseconds: 1, expiresMilliseconds: number == 7 ? 50 : 100), by: author
            )
            _ = try store.grant(true, gateway: gateway, to: name, by: author)
            let own = Watch(tokenHash: "hash-" + name, gateway: gateway)
            let foreign = Watch(tokenHash: "hash-" + name, gateway: "gw-\(number % 300 + 1)")
            watches.formUnion([own, foreign])
            ended.insert(foreign)
            if number == 7 { ended.insert(own) }
        }
        for (name, role, tenant) in [
            ("otto", UserRole.operator, "north"), ("olga", .operator, "south"),
        ] {
            _ = try store.addUser(
                User(name: name, tenant: tenant, role: role, createdMilliseconds: 1), by: author)
            _ = try store.addToken(
                AccessToken(
                    id: name, hash: "hash-" + name, owner: name, scopes: [.read],
                    createdMilliseconds: 1, expiresMilliseconds: 100), by: author)
            for number in 1...300 {
                let watch = Watch(tokenHash: "hash-" + name, gateway: "gw-\(number)")
                watches.insert(watch)
                if (number % 5 == 0) != (tenant == "south") { ended.insert(watch) }
            }
        }
        #expect(try store.endedWatches(watches, now: 50) == ended)
        #expect(try store.endedWatches([], now: 50).isEmpty)
        // a gateway that goes to another tenant is lost to who had it, grant or not
        _ = try store.assign(gateway: "gw-1", to: "south", by: author)
        let moved = try store.endedWatches(watches, now: 50).subtracting(ended)
        #expect(
            moved == [
                Watch(tokenHash: "hash-owner-1", gateway: "gw-1"),
                Watch(tokenHash: "hash-otto", gateway: "gw-1"),
            ])
    }
}
