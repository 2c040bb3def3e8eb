import TestKit
import Testing

@testable import FleetStore

/// The contract of going, on both stores; numbers are rules of ``FarewellStore``.
@Suite(.folders) struct FarewellStoreTests {
    private let root = Author("root", at: 1)

    /// Anna with all that a user can have, and the admins ada and alf.
    private func store(_ kind: StoreKind) throws -> (address: String, views: any ViewStore) {
        let address = try kind.address()
        let views = try FleetStores.openViews(address)
        _ = try views.addTenant(Tenant(id: "north", createdMilliseconds: 1), by: root)
        _ = try views.assign(gateway: "house-1", to: "north", by: root)
        for (name, role) in [("anna", .owner), ("ada", .admin), ("alf", .admin)]
            as [(String, UserRole)]
        {
            let user = User(
                name: name, tenant: "north", role: role, passwordHash: "hash-\(name)",
                createdMilliseconds: 1)
            #expect(try views.addUser(user, by: root) == .added)
        }
        #expect(try views.grant(true, gateway: "house-1", to: "anna", by: Author("ada", at: 2)))
        let anna = Author("anna", at: 3)
        #expect(
            try views.setPreferences(
                RecipientPreferences(mail: "anna@example.org"), of: "anna", by: anna))
        let browser = PushSubscription(
            id: "b1", owner: "anna", endpoint: "https://push.example/x", key: "k", secret: "s",
            madeMilliseconds: 1)
        #expect(try views.addPushSubscription(browser, by: anna) == "b1")
        for (id, kind) in [("t1", .token), ("s1", .session)] as [(String, TokenKind)] {
            let token = AccessToken(
                id: id, hash: "hash-\(id)", owner: "anna", scopes: [.read], createdMilliseconds: 1,
                expiresMilliseconds: .max, kind: kind)
            #expect(try views.addToken(token, by: anna))
        }
        #expect(try views.invite("anna", hash: "code", expires: .max, by: Author("ada", at: 4)))
        try FleetStores.open(address).store(Records().event(1))
        while try views.keepAlarms(limit: 10) > 0 {}
        let user = try #require(try views.user("anna"))
        let verdict = try views.acknowledge(
            AlarmAcknowledgement(
                subject: AlarmSubject(
                    gateway: "house-1", code: "cell_high", level: "warning", pack: 1),
                text: "anna was here", user: user, key: "k", requestHash: "h",
                now: Records.start + 60_000))
        #expect(verdict == .done)
        try views.gatherDeliveries(now: Records.start + 120_000)
        return (address, views)
    }

    /// All rows of all tables that have a word in them, as `table: row`.
    private func rows(with word: String, _ kind: StoreKind, _ address: String) throws -> [String] {
        let names = try RawSQL.run(
            kind == .sqlite
                ? "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
                : "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
            in: address)
        var found: [String] = []
        for name in names.split(separator: "\n") {
            let rows = try RawSQL.run("SELECT * FROM \(name)", in: address)
            found += rows.split(separator: "\n").filter { $0.contains(word) }
                .map { "\(name): \($0)" }
        }
        return found
    }

    @Test(arguments: StoreKind.allCases)
    func `of a user who goes no table keeps the name, and what became of the house stays (rule 2)`(
        kind: StoreKind
    ) throws {
        let (address, views) = try store(kind)
        #expect(try rows(with: "anna", kind, address).count > 8)
        let wrong = Author("anna", at: 9)
        #expect(try views.deleteAccount(passwordHash: "other", by: wrong) == .unknown)
        #expect(try views.user("anna") != nil)
        #expect(
            try views.deleteAccount(passwordHash: "hash-anna", by: Author("anna", at: 10)) == .done)
        // also when the alarms are made anew of what was said of them
        while try views.keepAlarms(limit: 10) > 0 {}
        #expect(try rows(with: "anna", kind, address).isEmpty)
        #expect(try views.bearer(ofTokenHash: "hash-s1", now: 10) == nil)
        #expect(try views.bearer(ofTokenHash: "hash-t1", now: 10) == nil)
        #expect(try views.invited(byCodeHash: "code", now: 10) == nil)
        let told = try views.audit(tenant: "north", limit: 100)
        let gone = try #require(told.first { $0.action == "account_deleted" })
        let alias = gone.author.name
        #expect(alias.hasPrefix("deleted user ") && gone.subject == alias)
        #expect(told.contains { $0.action == "user_added" && $0.subject == alias })
        #expect(told.contains { $0.action == "alarm_acknowledged" && $0.author.name == alias })
        #expect(try views.alarms(AlarmFilter()).map(\.acknowledgedBy) == [alias])
        // a second time there is nobody
        #expect(
            try views.deleteAccount(passwordHash: "hash-anna", by: Author("anna", at: 11))
                == .unknown)
        // whoever gets the house sees what comes from then on
        #expect(try RawSQL.run("SELECT * FROM gateway_handover", in: address) == "house-1|10")
    }

    @Test(arguments: StoreKind.allCases)
    func `of admins who go at once one stays`(kind: StoreKind) throws {
        let (address, views) = try store(kind)
        try Workers.run(4) { number in
            let name = number % 2 == 0 ? "ada" : "alf"
            _ = try FleetStores.openViews(address).deleteAccount(
                passwordHash: "hash-\(name)", by: Author(name, at: 10))
        }
        let left = try views.users().filter { $0.role == .admin }.map(\.name)
        #expect(left.count == 1)
        let name = try #require(left.first)
        #expect(
            try views.deleteAccount(passwordHash: "hash-\(name)", by: Author(name, at: 11))
                == .lastAdmin)
        #expect(try views.user(name) != nil)
    }

    @Test(arguments: StoreKind.allCases)
    func `what is taken back in the middle leaves everything (rule 1)`(kind: StoreKind) throws {
        let (address, views) = try store(kind)
        let before = try rows(with: "anna", kind, address)
        // the last step fails, as after a kill before the commit
        try RawSQL.run("ALTER TABLE audit_entry RENAME TO audit_away", in: address)
        #expect(throws: FleetStoreError.self) {
            try FleetStores.openViews(address).deleteAccount(
                passwordHash: "hash-anna", by: Author("anna", at: 10))
        }
        try RawSQL.run("ALTER TABLE audit_away RENAME TO audit_entry", in: address)
        #expect(try rows(with: "anna", kind, address).sorted() == before.sorted())
        #expect(try views.bearer(ofTokenHash: "hash-s1", now: 10)?.user.name == "anna")
    }

    @Test(arguments: StoreKind.allCases)
    func `a house is given up once, by who has it and the password`(kind: StoreKind) throws {
        let (_, views) = try store(kind)
        let anna = Author("anna", at: 10)
        #expect(try !views.release(gateway: "house-1", passwordHash: "other", by: anna))
        #expect(try !views.release(gateway: "house-2", passwordHash: "hash-anna", by: anna))
        #expect(
            try !views.release(
                gateway: "house-1", passwordHash: "hash-ada", by: Author("ada", at: 10)))
        #expect(try views.release(gateway: "house-1", passwordHash: "hash-anna", by: anna))
        #expect(try !views.release(gateway: "house-1", passwordHash: "hash-anna", by: anna))
        #expect(
            try views.grants(of: "anna").isEmpty && views.deliveries(of: "anna", limit: 9).isEmpty)
        #expect(try views.gateways(ofTenant: "north") == ["house-1"])
        let told = try views.audit(tenant: "north", limit: 100).map(\.action)
        #expect(told.count { $0 == "gateway_released" } == 1)
    }
}
