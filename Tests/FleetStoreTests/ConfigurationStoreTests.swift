import TestKit
import Testing

@testable import FleetStore

/// The contract of configuration, on both stores.
@Suite(.folders) struct ConfigurationStoreTests {
    private func store(_ kind: StoreKind) throws -> (String, any ConfigurationStore) {
        let address = try kind.address()
        return (address, try FleetStores.openConfiguration(address))
    }

    private func layer(
        _ scope: ConfigurationScope, _ version: Int64, _ patch: String = "{}"
    ) -> ConfigurationLayer {
        ConfigurationLayer(
            scope: scope, version: version, patch: patch, author: "anna", note: "why",
            madeMilliseconds: 1_700_000_000_000 + version)
    }

    @Test(arguments: StoreKind.allCases)
    func `each version of a layer is kept, and no two have one number`(kind: StoreKind) throws {
        let (address, store) = try store(kind)
        #expect(try store.currentLayers().isEmpty && store.configurationRevision() == 0)
        #expect(try store.add(layer(.fleet, 1, #"{"a":1}"#)))
        #expect(try store.add(layer(.fleet, 2, #"{"a":2}"#)))
        #expect(try store.add(layer(.group("pilots"), 1)))
        #expect(try !store.add(layer(.fleet, 2)), "another was faster")
        #expect(try !store.add(layer(.gateway("gw-1"), 2)), "there is no version 1")
        let again = try FleetStores.openConfiguration(address)
        #expect(
            try again.currentLayers() == [
                layer(.fleet, 2, #"{"a":2}"#), layer(.group("pilots"), 1),
            ])
        #expect(try again.layers(of: .fleet).map(\.version) == [2, 1])
        #expect(try again.configurationRevision() == 3)
    }

    @Test(arguments: StoreKind.allCases)
    func `an offer is told once, the newest of a gateway, by one of several`(kind: StoreKind) throws
    {
        let (address, store) = try store(kind)
        let other = try FleetStores.openConfiguration(address)
        func offer(_ config: String, _ gateway: String) throws {
            _ = try store.offer(
                [ConfigurationContent(gateway: gateway, config: config, tag: config)], at: 5)
        }
        #expect(try store.claimUntoldOffers().isEmpty)
        try offer("A", "gw-1")
        try offer("B", "gw-1")
        try offer("B", "gw-2")
        let told = try other.claimUntoldOffers()
        #expect(
            told.map { "\($0.gateway) \($0.version) \($0.config)" } == ["gw-1 2 B", "gw-2 1 B"])
        #expect(try store.claimUntoldOffers().isEmpty && other.claimUntoldOffers().isEmpty)
        try offer("B", "gw-2")
        #expect(try store.claimUntoldOffers().isEmpty, "nothing new")
        try offer("C", "gw-2")
        #expect(try store.claimUntoldOffers().map(\.version) == [2])
    }

    @Test(arguments: StoreKind.allCases)
    func `devices that come and go change what is to be looked at`(kind: StoreKind) throws {
        let (address, store) = try store(kind)
        let devices = try FleetStores.openDevices(address)
        let token = DeviceToken(
            hash: "t", device: "gw-1", createdMilliseconds: 1, expiresMilliseconds: 2)
        _ = try devices.addDevices([(Device(id: "gw-1", createdMilliseconds: 1), token)])
        #expect(try store.configurationRevision() == 1)
        _ = try devices.removeDevice("gw-1")
        #expect(try store.configurationRevision() == 2)
    }

    @Test(arguments: StoreKind.allCases)
    func `an offer counts up when its content changes, also back`(kind: StoreKind) throws {
        let (_, store) = try store(kind)
        func offer(_ config: String, _ gateways: String...) throws -> [Int64] {
            try store.offer(
                gateways.map {
                    ConfigurationContent(gateway: $0, config: config, tag: "tag of \(config)")
                }, at: 5
            ).map(\.version)
        }
        #expect(try store.offer(to: "gw-1") == nil)
        #expect(try offer("A", "gw-1", "gw-2") == [1, 1])
        #expect(try offer("A", "gw-1") == [1])
        #expect(try offer("B", "gw-1") == [2])
        #expect(try offer("A", "gw-1", "gw-2") == [3, 1])
        #expect(try store.offer(to: "gw-1")?.config == "A")
        #expect(try store.offers().map(\.version) == [3, 1])
    }

    @Test(arguments: StoreKind.allCases)
    func `a user changes only what reaches no gateway but those they see`(kind: StoreKind) throws {
        let (address, store) = try store(kind)
        let users = try FleetStores.openUsers(address)
        let author = Author("root", at: 1)
        for (tenant, gateways) in [("north", ["gw-1", "gw-2"]), ("south", ["gw-9"])] {
            #expect(try users.addTenant(Tenant(id: tenant, createdMilliseconds: 1), by: author))
            for id in gateways { _ = try users.assign(gateway: id, to: tenant, by: author) }
        }
        for (id, group) in [("gw-1", "pair"), ("gw-2", "pair"), ("gw-9", "far"), ("gw-5", "far")] {
            let device = Device(id: id, group: group, createdMilliseconds: 1)
            let token = DeviceToken(
                hash: id, device: id, createdMilliseconds: 1, expiresMilliseconds: 2)
            _ = try FleetStores.openDevices(address).addDevices([(device, token)])
        }
        var people: [String: User] = [:]
        for (name, role, tenant) in [
            ("ivan", UserRole.installer, "north"), ("otto", .operator, "north"),
            ("anna", .owner, "north"), ("olga", .operator, "south"),
        ] {
            let user = User(name: name, tenant: tenant, role: role, createdMilliseconds: 1)
            #expect(try users.addUser(user, by: author) == .added)
            people[name] = user
        }
        for name in ["ivan", "anna"] {
            _ = try users.grant(true, gateway: "gw-1", to: name, by: author)
        }
        func check(_ name: String, _ scope: ConfigurationScope, _ expected: LayerAccess) throws {
            let user = try #require(people[name])
            #expect(try store.access(of: user, to: scope) == expected, "\(name) \(scope)")
            let version = (try store.layers(of: scope).first?.version ?? 0) + 1
            let addition = try store.add(layer(scope, version), for: name)
            #expect(addition == (expected == .change ? .added : .refused), "\(name) \(scope)")
        }
        try check("otto", .gateway("gw-1"), .change)
        try check("ivan", .gateway("gw-1"), .change)
        try check("anna", .gateway("gw-1"), .look)
        try check("ivan", .gateway("gw-2"), .none)
        try check("otto", .gateway("gw-9"), .none)
        try check("otto", .group("pair"), .change)
        try check("ivan", .group("pair"), .look)
        try check("otto", .group("far"), .none)
        // with a device that is nobody's
        try check("olga", .group("far"), .look)
        try check("otto", .group("it's"), .none)
        try check("otto", .fleet, .look)
        #expect(try store.add(layer(.fleet, 1), for: "nobody") == .refused)
        #expect(try store.add(layer(.group("pair"), 1), for: "otto") == .outdated)
        _ = try users.grant(false, gateway: "gw-1", to: "ivan", by: author)
        try check("ivan", .gateway("gw-1"), .none)
        let told = try users.audit(tenant: "north", limit: 100)
            .filter { $0.action == "configuration_changed" }
        #expect(
            Set(told.map { "\($0.author.name) \($0.subject) \($0.detail)" }) == [
                "otto gateway:gw-1 version 1", "ivan gateway:gw-1 version 2",
                "otto group:pair version 1",
            ])
    }
}
