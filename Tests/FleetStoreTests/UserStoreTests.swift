import TestKit
import Testing

@testable import FleetStore

/// The contract of users, on both stores; numbers are rules of ``UserStore``.
@Suite(.folders) struct UserStoreTests {
    let start: Int64 = 1_700_000_000_000
    private var author: Author { Author("root", at: start) }

    /// A store with the tenants `north` and `south`; `anna` owns and `otto` operates in the north.
    private func store(_ kind: StoreKind) throws -> any UserStore & AdminStore {
        let store = try FleetStores.openUsers(kind.address())
        for id in ["south", "north"] {
            #expect(
                try store.addTenant(
                    Tenant(id: id, label: "\(id)ern houses", createdMilliseconds: start),
                    by: author))
        }
        #expect(try store.addUser(user("otto", .operator), by: author) == .added)
        #expect(try store.addUser(user("anna", .owner), by: author) == .added)
        return store
    }

    private func user(_ name: String, _ role: UserRole, tenant: String = "north") -> User {
        User(name: name, tenant: tenant, role: role, createdMilliseconds: start)
    }

    private func token(
        _ id: String, _ owner: String, scopes: Set<AccessScope> = [.read]
    ) -> AccessToken {
        AccessToken(
            id: id, hash: "hash-\(id)", owner: owner, label: "Grafana", scopes: scopes,
            createdMilliseconds: start, expiresMilliseconds: start + 1000)
    }

    @Test(arguments: StoreKind.allCases)
    func `tenants and users are added once and listed in order`(kind: StoreKind) throws {
        let store = try store(kind)
        let again = Tenant(id: "north", label: "other", createdMilliseconds: 1)
        #expect(try !store.addTenant(again, by: author))
        #expect(try store.tenants().map(\.id) == ["north", "south"])
        #expect(try store.tenants()[0].label == "northern houses")
        #expect(try store.addUser(user("anna", .admin), by: author) == .nameTaken)
        #expect(
            try store.addUser(user("eve", .admin, tenant: "west"), by: author) == .unknownTenant)
        #expect(try store.users() == [user("anna", .owner), user("otto", .operator)])
        #expect(try store.user("eve") == nil)
        #expect(try store.user("anna")?.sight == GatewaySight(tenant: "north", viewer: "anna"))
        #expect(try store.user("otto")?.sight == GatewaySight(tenant: "north", viewer: nil))
    }

    @Test(arguments: StoreKind.allCases)
    func `a gateway has one tenant, and one that moves is lost to who saw it (rule 1)`(
        kind: StoreKind
    ) throws {
        let store = try store(kind)
        #expect(try !store.grant(true, gateway: "gw-1", to: "anna", by: author))
        #expect(try !store.assign(gateway: "gw-1", to: "west", by: author))
        #expect(try store.assign(gateway: "gw-1", to: "north", by: author))
        #expect(try store.assign(gateway: "gw-0", to: "north", by: author))
        #expect(try store.gateways(ofTenant: "north") == ["gw-0", "gw-1"])
        #expect(try !store.grant(true, gateway: "gw-1", to: "eve", by: author))
        for id in ["gw-1", "gw-0", "gw-1"] {
            #expect(try store.grant(true, gateway: id, to: "anna", by: author))
        }
        #expect(try store.grants(of: "anna") == ["gw-0", "gw-1"])
        #expect(try store.grant(false, gateway: "gw-0", to: "anna", by: author))
        #expect(try store.grants(of: "anna") == ["gw-1"])
        // assigned where it is already, it stays granted
        #expect(try store.assign(gateway: "gw-1", to: "north", by: author))
        #expect(try store.grants(of: "anna") == ["gw-1"])
        #expect(try store.assign(gateway: "gw-1", to: "south", by: author))
        #expect(try store.gateways(ofTenant: "north") == ["gw-0"])
        #expect(try store.grants(of: "anna").isEmpty)
        #expect(try !store.grant(true, gateway: "gw-1", to: "anna", by: author))
    }

    @Test(arguments: StoreKind.allCases)
    func `a token is good until it expires, is taken back or its user goes (rule 2)`(
        kind: StoreKind
    ) throws {
        let store = try store(kind)
        #expect(try !store.addToken(token("t0", "eve"), by: author))
        let both = token("t1", "anna", scopes: [.read, .acknowledge])
        for token in [both, token("t2", "anna"), token("t3", "otto")] {
            #expect(try store.addToken(token, by: author))
        }
        let bearer = try store.bearer(ofTokenHash: "hash-t1", now: start + 999)
        #expect(bearer?.user == user("anna", .owner) && bearer?.token == both)
        #expect(try store.bearer(ofTokenHash: "hash-t1", now: start + 1000) == nil)
        #expect(try store.bearer(ofTokenHash: "hash-t0", now: start) == nil)
        #expect(try store.tokens(of: "anna").map(\.id) == ["t1", "t2"])
        #expect(try store.removeToken("t2", by: author))
        #expect(try !store.removeToken("t2", by: author))
        #expect(try store.bearer(ofTokenHash: "hash-t2", now: start) == nil)
        #expect(try store.setPassword("slow", of: "otto", by: author))
        #expect(try store.user("otto")?.passwordHash == "slow")
        #expect(try store.bearer(ofTokenHash: "hash-t3", now: start) == nil)
        #expect(try !store.setPassword("slow", of: "eve", by: author))
        #expect(try store.removeUser("anna", by: author))
        #expect(try !store.removeUser("anna", by: author))
        #expect(try store.bearer(ofTokenHash: "hash-t1", now: start) == nil)
        // who gets the name later gets nothing else
        #expect(try store.addUser(user("anna", .owner), by: author) == .added)
        #expect(try store.tokens(of: "anna").isEmpty && store.grants(of: "anna").isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func `each change is told with who made it, to its tenant only (rule 3)`(kind: StoreKind) throws
    {
        let store = try store(kind)
        var now = start
        func next() -> Author {
            now += 1
            return Author("otto", at: now)
        }
        _ = try store.assign(gateway: "gw-1", to: "north", by: next())
        _ = try store.assign(gateway: "gw-1", to: "north", by: next())
        _ = try store.grant(true, gateway: "gw-1", to: "anna", by: next())
        _ = try store.grant(true, gateway: "gw-1", to: "anna", by: next())
        _ = try store.grant(false, gateway: "gw-1", to: "anna", by: next())
        _ = try store.addToken(token("t1", "anna"), by: next())
        _ = try store.removeToken("t1", by: next())
        _ = try store.setPassword("slow", of: "anna", by: next())
        _ = try store.removeUser("anna", by: next())
        _ = try store.removeUser("eve", by: next())
        let newest = try store.audit(tenant: "north", limit: 7)
        // what stands in place of the name of who was removed
        let anna = newest[0].subject
        #expect(anna.hasPrefix("deleted user "))
        #expect(
            newest.map { "\($0.action) \($0.subject) \($0.detail)" } == [
                "user_removed \(anna) ", "password_set \(anna) ", "token_taken_back \(anna) t1",
                "token_made \(anna) t1", "grant_withdrawn \(anna) gw-1",
                "gateway_granted \(anna) gw-1", "gateway_assigned gw-1 ",
            ])
        #expect(newest[0].author == Author("otto", at: start + 9))
        #expect(try store.audit(tenant: "north", limit: 100).count == 10)
        #expect(try store.audit(tenant: "south", limit: 100).map(\.action) == ["tenant_added"])
        _ = try store.assign(gateway: "gw-1", to: "south", by: next())
        #expect(try store.audit(tenant: "north", limit: 1).map(\.action) == ["gateway_given_away"])
        #expect(try store.audit(tenant: "south", limit: 1).map(\.action) == ["gateway_assigned"])
    }

    @Test(arguments: StoreKind.allCases)
    func `an alarm is acknowledged once by a key, by who sees it, and told (rule 3)`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        let store = try FleetStores.openViews(address)
        _ = try store.addTenant(Tenant(id: "north", createdMilliseconds: start), by: author)
        _ = try store.assign(gateway: "house-1", to: "north", by: author)
        _ = try store.addUser(user("anna", .owner), by: author)
        _ = try store.addUser(user("otto", .operator), by: author)
        try FleetStores.open(address).store(Records().event(1))
        while try store.keepAlarms(limit: 10) > 0 {}
        let alarm = try #require(try store.alarms(AlarmFilter()).first)
        func say(_ name: String, _ key: String, hash: String = "h", after: Int64 = 0) throws
            -> AcknowledgementVerdict
        {
            try store.acknowledge(
                AlarmAcknowledgement(
                    subject: alarm.subject, text: "", user: user(name, .admin), key: key,
                    requestHash: hash, now: alarm.raised + 1000 + after))
        }
        // what counts is who the user is by now, not what whoever asks says
        #expect(try say("anna", "1") == .unknownAlarm)
        #expect(try say("eve", "1") == .unknownAlarm)
        _ = try store.grant(true, gateway: "house-1", to: "anna", by: author)
        #expect(try say("anna", "1") == .done)
        #expect(try store.alarms(AlarmFilter()).first?.acknowledgedBy == "anna")
        #expect(try say("anna", "1") == .repeated)
        #expect(try say("anna", "1", hash: "other") == .keyTaken)
        #expect(try say("anna", "2") == .known(by: "anna"))
        // a key is that of its user
        #expect(try say("otto", "1", hash: "other") == .known(by: "anna"))
        #expect(
            try say("anna", "1", after: AlarmAcknowledgement.keyLife + 1) == .known(by: "anna"))
        let told = try store.audit(tenant: "north", limit: 100)
            .filter { $0.action == "alarm_acknowledged" }
        #expect(told.map(\.author.name) == ["anna"])
    }

    @Test(arguments: StoreKind.allCases)
    func `sessions of a user are bounded, the oldest goes first, and tokens stay`(
        kind: StoreKind
    ) throws {
        let store = try store(kind)
        #expect(try store.addToken(token("t", "anna"), by: author))
        let most = AccessToken.mostSessions
        for number in 0...most {
            var session = token("s\(number)", "anna")
            session.kind = .session
            session.createdMilliseconds = start + number
            #expect(try store.addToken(session, by: author))
        }
        let kept = try store.tokens(of: "anna")
        #expect(kept.filter { $0.kind == .session }.count == Int(most))
        #expect(kept.contains { $0.id == "t" } && !kept.contains { $0.id == "s0" })
        // those that are over go by themselves
        var last = token("last", "anna")
        (last.kind, last.createdMilliseconds) = (.session, start + 1000)
        last.expiresMilliseconds = start + 2000
        #expect(try store.addToken(last, by: author))
        #expect(try store.tokens(of: "anna").map(\.id) == ["t", "last"])
    }

    @Test(arguments: StoreKind.allCases)
    func `another role ends sessions, leaves tokens, and is told once (rules 2 and 3)`(
        kind: StoreKind
    ) throws {
        let store = try store(kind)
        var session = token("s", "anna")
        session.kind = .session
        for token in [session, token("t", "anna", scopes: [.read, .rollOut]), token("o", "otto")] {
            #expect(try store.addToken(token, by: author))
        }
        // the same role again is no change
        #expect(try store.setRole(.owner, of: "anna", by: author))
        #expect(try store.bearer(ofTokenHash: "hash-s", now: start) != nil)
        #expect(try store.setRole(.operator, of: "anna", by: author))
        #expect(try store.user("anna")?.role == .operator)
        #expect(try store.bearer(ofTokenHash: "hash-s", now: start) == nil)
        // a token of a program does what the role of the moment allows
        #expect(try store.bearer(ofTokenHash: "hash-t", now: start)?.scopes == [.read, .rollOut])
        #expect(try store.user("anna")?.sight == GatewaySight(tenant: "north", viewer: nil))
        #expect(try store.setRole(.installer, of: "anna", by: author))
        #expect(try store.bearer(ofTokenHash: "hash-t", now: start)?.scopes == [.read])
        #expect(try store.bearer(ofTokenHash: "hash-o", now: start)?.user.role == .operator)
        #expect(try !store.setRole(.admin, of: "eve", by: author))
        let told = try store.audit(tenant: "north", behind: nil, limit: 100).map(\.entry)
            .filter { $0.action == "role_given" }
        #expect(told.map { "\($0.subject) \($0.detail)" } == ["anna installer", "anna operator"])
        #expect(try store.audit(tenant: "south", behind: nil, limit: 100).count == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `pages of what was changed miss nothing and repeat nothing`(kind: StoreKind) throws {
        let store = try store(kind)
        // many at one time, and one whose clock was behind
        for number in 0..<25 {
            let moment = start + (number == 24 ? -5 : Int64(number / 6))
            _ = try store.assign(
                gateway: "gw-\(number)", to: "north", by: Author("otto", at: moment))
        }
        let all = try store.audit(tenant: "north", behind: nil, limit: 1000)
        #expect(all.count == 28)
        #expect(all.last?.entry.subject == "gw-24")
        #expect(
            all.map(\.place.milliseconds) == all.map(\.place.milliseconds).sorted(by: >))
        #expect(Set(all.map(\.place)).count == all.count)
        for size in [1, 28, 5] {
            var (found, place): ([PlacedEntry], AuditPlace?) = ([], nil)
            while true {
                let page = try store.audit(tenant: "north", behind: place, limit: size)
                guard let last = page.last else { break }
                #expect(page.count <= size)
                found += page
                place = last.place
                // whatever comes meanwhile is newer, and moves no page
                if size == 5 {
                    let later = Author("otto", at: start + 100)
                    _ = try store.grant(
                        found.count % 2 == 1, gateway: "gw-1", to: "anna", by: later)
                }
            }
            #expect(found == all, "pages of \(size)")
        }
        #expect(try store.audit(tenant: "north", behind: nil, limit: 1000).count > all.count)
        for limit in [0, -1] {
            #expect(try store.audit(tenant: "north", behind: nil, limit: limit).isEmpty)
        }
        #expect(try store.audit(tenant: "west", behind: nil, limit: 10).isEmpty)
    }
}
