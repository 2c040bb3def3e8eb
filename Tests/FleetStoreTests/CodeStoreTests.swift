import TestKit
import Testing

@testable import FleetStore

/// Codes that are good once, on both stores; numbers are rules of ``CodeStore``.
@Suite(.folders) struct CodeStoreTests {
    private let author = Author("root", at: 1)

    @Test(arguments: StoreKind.allCases)
    func `of many who show a code at once one gets what it is good for (rule 1)`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        let store = try FleetStores.openUsers(address)
        _ = try store.addTenant(Tenant(id: "north", createdMilliseconds: 1), by: author)
        for name in ["anna", "ben"] {
            let user = User(name: name, tenant: "north", role: .owner, createdMilliseconds: 1)
            #expect(try store.addUser(user, by: author) == .added)
        }
        #expect(try !store.invite("eve", hash: "h", expires: 100, by: author))
        #expect(try store.invite("anna", hash: "old", expires: 100, by: author))
        #expect(try store.invite("anna", hash: "new", expires: 100, by: author))
        #expect(try store.invited(byCodeHash: "old", now: 1) == nil)
        #expect(try store.invited(byCodeHash: "new", now: 99) == "anna")
        #expect(try store.invited(byCodeHash: "new", now: 100) == nil)
        try store.label("gw-1", hash: "label", by: author)
        try Workers.run(4) { number in
            let store = try FleetStores.openUsers(address)
            _ = try store.firstUse(ofCodeHash: "new", passwordHash: "p\(number)", now: 2)
            _ = try store.claim(
                codeHash: "label", by: Author(number % 2 == 0 ? "anna" : "ben", at: 2))
        }
        let actions = try store.audit(tenant: "north", limit: 100).map(\.action)
        #expect(actions.count { $0 == "password_chosen" } == 1)
        #expect(actions.count { $0 == "gateway_claimed" } == 1)
        #expect(try store.gateways(ofTenant: "north") == ["gw-1"])
        #expect(try store.grants(of: "anna").count + store.grants(of: "ben").count == 1)
        #expect(try store.invite("ben", hash: "ben", expires: 100, by: author))
        #expect(try store.removeUser("ben", by: author))
        #expect(try store.invited(byCodeHash: "ben", now: 1) == nil)
    }
}
