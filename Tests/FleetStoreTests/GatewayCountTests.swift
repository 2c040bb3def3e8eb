import TestKit
import Testing

@testable import FleetStore

/// What gateways have in common, on both stores.
@Suite(.folders) struct GatewayCountTests {
    private let author = Author("root", at: 1)
    private let north = GatewaySight(tenant: "north", viewer: nil)
    private let anna = GatewaySight(tenant: "north", viewer: "anna")

    /// North has `house-1` to `house-5`, of which anna sees the first and the last; south has `house-9`.
    private func store(_ kind: StoreKind) throws -> any ViewStore {
        let address = try kind.address()
        let store = try FleetStores.openViews(address)
        for id in ["north", "south"] {
            #expect(try store.addTenant(Tenant(id: id, createdMilliseconds: 1), by: author))
        }
        let user = User(name: "anna", tenant: "north", role: .owner, createdMilliseconds: 1)
        #expect(try store.addUser(user, by: author) == .added)
        let devices = try FleetStores.openDevices(address)
        for (number, group, tags) in [
            (1, "pilots", ["new", "öko"]), (2, "pilots", ["new"]), (3, "", ["new", "new"]),
            (4, "alps", []), (9, "south", ["far", "new"]),
        ] {
            let device = Device(
                id: "house-\(number)", group: group, tags: tags, createdMilliseconds: 1)
            let token = DeviceToken(
                hash: device.id, device: device.id, createdMilliseconds: 1, expiresMilliseconds: 2)
            #expect(try devices.addDevices([(device, token)]).isEmpty)
        }
        // the fifth is no device, and the ninth of another tenant
        for number in [1, 2, 3, 4, 5, 9] {
            let tenant = number == 9 ? "south" : "north"
            _ = try store.assign(gateway: "house-\(number)", to: tenant, by: author)
        }
        for id in ["house-1", "house-5"] {
            #expect(try store.grant(true, gateway: id, to: "anna", by: author))
        }
        return store
    }

    private func texts(_ counts: [GatewayCount]) -> [String] {
        counts.map { "\($0.name) \($0.gateways)" }
    }

    @Test(arguments: StoreKind.allCases)
    func `each group and each tag is named with how many of a sight have it`(kind: StoreKind) throws
    {
        let store = try store(kind)
        #expect(try texts(store.groups(within: north)) == ["alps 1", "pilots 2"])
        #expect(try texts(store.tags(within: north)) == ["new 3", "öko 1"])
        #expect(try texts(store.groups(within: anna)) == ["pilots 1"])
        #expect(try texts(store.tags(within: anna)) == ["new 1", "öko 1"])
        let nobody = GatewaySight(tenant: "south", viewer: "anna")
        #expect(try store.groups(within: nobody).isEmpty)
        #expect(try store.tags(within: nobody).isEmpty)
    }
}
