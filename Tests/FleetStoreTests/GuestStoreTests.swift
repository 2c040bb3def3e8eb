import TestKit
import Testing

@testable import FleetStore

/// Guests of gateways, on both stores; numbers are rules of ``GuestStore``.
@Suite(.folders) struct GuestStoreTests {
    private let root = Author("root", at: 1)
    private let north = GatewaySight(tenant: "north", viewer: nil)

    /// A store with the tenants north and south.
    ///
    /// North has `gw-1`, granted to the owner anna and the installer ivan, and `gw-2` of the owner ben; fritz
    /// and paul are owners of nothing, otto is the operator and ada the admin. South has sam.
    private func store(_ address: String) throws -> any ViewStore {
        let store = try FleetStores.openViews(address)
        for tenant in ["north", "south"] {
            _ = try store.addTenant(Tenant(id: tenant, createdMilliseconds: 1), by: root)
        }
        for gateway in ["gw-1", "gw-2"] {
            _ = try store.assign(gateway: gateway, to: "north", by: root)
        }
        for (name, role, tenant) in [
            ("anna", UserRole.owner, "north"), ("ben", .owner, "north"),
            ("ivan", .installer, "north"), ("fritz", .owner, "north"), ("paul", .owner, "north"),
            ("otto", .operator, "north"), ("ada", .admin, "north"), ("sam", .owner, "south"),
        ] {
            let user = User(name: name, tenant: tenant, role: role, createdMilliseconds: 1)
            #expect(try store.addUser(user, by: root) == .added)
        }
        for (gateway, name) in [("gw-1", "anna"), ("gw-1", "ivan"), ("gw-2", "ben")] {
            #expect(try store.grant(true, gateway: gateway, to: name, by: root))
        }
        return store
    }

    /// Keeps the code `hash` at a time.
    @discardableResult private func invite(
        _ store: any ViewStore, _ hash: String, by giver: String = "anna",
        to gateway: String = "gw-1", id: String? = nil, key: String? = nil, at now: Int64 = 10
    ) throws -> InvitationVerdict {
        let request = KeptRequest(
            user: giver, key: key ?? hash, hash: "invite \(gateway)", now: now)
        return try store.inviteGuest(
            GuestInvitation(id: id ?? "id-" + hash, gateway: gateway, giver: giver, now: now),
            hash: hash, request: request)
    }

    private func come(
        _ store: any ViewStore, _ name: String, _ hash: String, at now: Int64 = 20
    ) throws -> VisitVerdict {
        try store.visit(codeHash: hash, by: Author(name, at: now))
    }

    /// The ids of gateways that a user sees, with who lets them.
    private func seen(_ store: any ViewStore, _ name: String) throws -> [String] {
        let user = try #require(try store.user(name))
        return try store.gateways(GatewayPage(within: user.sight)).map {
            $0.id + ($0.sharedBy.map { " by " + $0 } ?? "")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `an owner or an admin lets users of the tenant see one gateway (rules 1 and 2)`(
        kind: StoreKind
    ) throws {
        let store = try store(kind.address())
        #expect(try invite(store, "a") == .kept)
        #expect(try invite(store, "b", by: "ada", to: "gw-2") == .kept)
        for name in ["ivan", "otto"] {
            #expect(try invite(store, "c-" + name, by: name) == .refused)
        }
        for name in ["ben", "fritz", "sam", "eve"] {
            #expect(try invite(store, "c-" + name, by: name) == .unknownGateway)
        }
        #expect(try invite(store, "c", to: "gw-none") == .unknownGateway)
        #expect(try come(store, "sam", "a") == .unknownCode)
        #expect(try come(store, "eve", "a") == .unknownCode)
        #expect(try come(store, "fritz", "none") == .unknownCode)
        for name in ["anna", "ivan", "otto"] {
            #expect(try come(store, name, "a") == .known(gateway: "gw-1"))
        }
        #expect(try seen(store, "fritz").isEmpty)
        #expect(try come(store, "fritz", "a") == .guest(gateway: "gw-1"))
        #expect(try come(store, "fritz", "b") == .guest(gateway: "gw-2"))
        #expect(try seen(store, "fritz") == ["gw-1 by anna", "gw-2 by ada"])
        #expect(try seen(store, "anna") == ["gw-1"])
        #expect(try seen(store, "otto") == ["gw-1", "gw-2"])
        // a guest lets nobody in
        #expect(try invite(store, "d", by: "fritz") == .refused)
        let fritz = Guest(user: "fritz", giver: "anna", since: 20)
        for name in ["anna", "ada", "fritz"] {
            #expect(try store.guests(of: "gw-1", for: name, now: 20)?.guests == [fritz])
        }
        for name in ["ivan", "otto"] {
            #expect(try store.guests(of: "gw-1", for: name, now: 20)?.guests == [])
        }
        for name in ["ben", "sam", "eve"] {
            #expect(try store.guests(of: "gw-1", for: name, now: 20) == nil)
        }
        let actions = try store.audit(tenant: "north", limit: 100).map(\.action)
        #expect(actions.count { $0 == "guest_invited" } == 2)
        #expect(actions.count { $0 == "guest_came" } == 2)
    }

    @Test(arguments: StoreKind.allCases)
    func `a stream of a guest goes on until it is taken back, or the guest leaves (rule 2)`(
        kind: StoreKind
    ) throws {
        let store = try store(kind.address())
        let token = AccessToken(
            id: "t", hash: "token", owner: "fritz", scopes: [.read], createdMilliseconds: 1,
            expiresMilliseconds: 1000)
        #expect(try store.addToken(token, by: root))
        let watch = Watch(tokenHash: "token", gateway: "gw-1")
        for (number, (ender, isAllowed)) in [
            ("ben", false), ("ivan", false), ("otto", false), ("sam", false), ("eve", false),
            ("anna", true), ("ada", true), ("fritz", true),
        ].enumerated() {
            if try seen(store, "fritz").isEmpty {
                #expect(try store.endedWatches([watch], now: 5) == [watch])
                try invite(store, "\(number)")
                #expect(try come(store, "fritz", "\(number)") == .guest(gateway: "gw-1"))
            }
            #expect(try store.endedWatches([watch], now: 5).isEmpty)
            let author = Author(ender, at: 30)
            #expect(
                try store.removeGuest("fritz", of: "gw-1", by: author) == isAllowed, "\(ender)")
            #expect(try store.endedWatches([watch], now: 5).isEmpty == !isAllowed)
        }
        // nobody takes from an owner what was not given by another
        #expect(try !store.removeGuest("anna", of: "gw-1", by: Author("ada", at: 1)))
        #expect(try !store.removeGuest("anna", of: "gw-1", by: Author("anna", at: 1)))
        #expect(try seen(store, "anna") == ["gw-1"])
        // what was used stays used
        #expect(try come(store, "fritz", "0") == .unknownCode)
    }

    @Test(arguments: StoreKind.allCases)
    func `a code is good for one of many who show it, for a week (rule 4)`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        let store = try store(address)
        #expect(try invite(store, "old", id: "one", key: "k", at: 10) == .kept)
        #expect(try invite(store, "new", id: "one", key: "k", at: 11) == .kept)
        let other = KeptRequest(user: "anna", key: "k", hash: "something else", now: 12)
        let invitation = GuestInvitation(id: "one", gateway: "gw-1", giver: "anna", now: 12)
        #expect(
            try store.inviteGuest(invitation, hash: "x", request: other) == .keyTaken)
        let open = try #require(try store.guests(of: "gw-1", for: "anna", now: 12)).invitations
        #expect(open.map(\.id) == ["one"] && open[0].expires == 11 + GuestInvitation.life)
        #expect(try come(store, "paul", "old") == .unknownCode)
        let late = open[0].expires
        #expect(try come(store, "paul", "new", at: late) == .unknownCode)
        #expect(try store.guests(of: "gw-1", for: "anna", now: late)?.invitations == [])
        try Workers.run(4) { number in
            let store = try FleetStores.openViews(address)
            _ = try self.come(store, number % 2 == 0 ? "paul" : "fritz", "new")
        }
        let guests = try #require(try store.guests(of: "gw-1", for: "anna", now: 20)).guests
        #expect(guests.count == 1)
        let (guest, rest) = (guests[0].user, guests[0].user == "paul" ? "fritz" : "paul")
        // who lost the answer asks again
        #expect(try come(store, guest, "new") == .guest(gateway: "gw-1"))
        #expect(try come(store, rest, "new") == .unknownCode)
        #expect(try invite(store, "newer", id: "one", key: "k", at: 21) == .over)
        let told = try store.audit(tenant: "north", limit: 100).map(\.action)
        #expect(told.count { $0 == "guest_came" } == 1)
        #expect(told.count { $0 == "guest_invited" } == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `there are so many guests and open invitations, and no more`(kind: StoreKind) throws {
        let store = try store(kind.address())
        for number in 1...Guest.most {
            #expect(try invite(store, "\(number)") == .kept)
        }
        #expect(try invite(store, "more") == .full)
        #expect(try come(store, "fritz", "1") == .guest(gateway: "gw-1"))
        #expect(try invite(store, "more") == .full)
        let anna = Author("anna", at: 1)
        #expect(try !store.removeInvitation("id-2", of: "gw-2", by: Author("ben", at: 1)))
        #expect(try !store.removeInvitation("id-2", of: "gw-1", by: Author("ivan", at: 1)))
        #expect(try !store.removeInvitation("id-1", of: "gw-1", by: anna))
        #expect(try store.removeInvitation("id-2", of: "gw-1", by: anna))
        #expect(try come(store, "paul", "2") == .unknownCode)
        #expect(try invite(store, "more") == .kept)
        // those that are over make room
        let late = 10 + GuestInvitation.life
        #expect(try invite(store, "late", at: late) == .kept)
        #expect(
            try store.guests(of: "gw-1", for: "anna", now: late)?.invitations.map(\.id)
                == ["id-late"])
    }

    /// What ends that anna has the house.
    enum End: String, CaseIterable {
        case withdrawn, moved, removed, demoted
    }

    @Test(arguments: StoreKind.allCases, End.allCases)
    func `guests and invitations end with what let them in (rule 3)`(
        kind: StoreKind, end: End
    ) throws {
        let store = try store(kind.address())
        try invite(store, "a")
        try invite(store, "b")
        try invite(store, "c", by: "ada")
        try invite(store, "d", by: "ada")
        #expect(try come(store, "fritz", "a") == .guest(gateway: "gw-1"))
        #expect(try come(store, "paul", "c") == .guest(gateway: "gw-1"))
        switch end {
        case .withdrawn:
            #expect(try store.grant(false, gateway: "gw-1", to: "anna", by: root))
        case .moved: #expect(try store.assign(gateway: "gw-1", to: "south", by: root))
        case .removed: #expect(try store.removeUser("anna", by: root))
        case .demoted: #expect(try store.setRole(.installer, of: "anna", by: root))
        }
        #expect(try seen(store, "fritz").isEmpty)
        #expect(try come(store, "fritz", "a") == .unknownCode)
        #expect(try come(store, "ben", "b") == .unknownCode)
        // what the admin gave stays, unless the gateway went
        let isGone = end == .moved
        #expect(try seen(store, "paul") == (isGone ? [] : ["gw-1 by ada"]))
        #expect(try come(store, "ben", "d") == (isGone ? .unknownCode : .guest(gateway: "gw-1")))
        if isGone {
            _ = try store.assign(gateway: "gw-1", to: "north", by: root)
            #expect(try seen(store, "fritz").isEmpty && seen(store, "paul").isEmpty)
        } else {
            #expect(
                try store.audit(tenant: "north", limit: 100).count { $0.action == "guest_ended" }
                    == 1)
            #expect(try store.setRole(.owner, of: "ada", by: root))
            #expect(try seen(store, "paul").isEmpty)
            #expect(try store.removeUser("fritz", by: root))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a guest who gets the gateway in their own right is a guest no longer`(
        kind: StoreKind
    ) throws {
        let store = try store(kind.address())
        for (number, name) in ["fritz", "paul"].enumerated() {
            try invite(store, "\(number)")
            #expect(try come(store, name, "\(number)") == .guest(gateway: "gw-1"))
        }
        try store.label("gw-1", hash: "label", by: root)
        #expect(try store.claim(codeHash: "label", by: Author("fritz", at: 30)) == "gw-1")
        #expect(try store.grant(true, gateway: "gw-1", to: "paul", by: root))
        #expect(try store.removeUser("anna", by: root))
        for name in ["fritz", "paul"] {
            #expect(try seen(store, name) == ["gw-1"])
            #expect(try invite(store, "by-" + name, by: name, at: 40) == .kept)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a guest sees what their host sees, and leaves no house`(kind: StoreKind) throws {
        let store = try store(kind.address())
        func seenFrom(_ name: String) throws -> Int64? {
            let sight = GatewaySight(tenant: "north", viewer: name)
            return try store.gateway("gw-3", within: sight)?.seenFrom
        }
        try store.label("gw-3", hash: "label", by: root)
        #expect(try store.claim(codeHash: "label", by: Author("anna", at: 500)) == "gw-3")
        try invite(store, "a", to: "gw-3", at: 600)
        #expect(try come(store, "fritz", "a", at: 600) == .guest(gateway: "gw-3"))
        #expect(try seenFrom("fritz") == 500)
        // it is not theirs to give up
        #expect(try !store.release(gateway: "gw-3", passwordHash: "", by: Author("fritz", at: 700)))
        // nor does it change hands when an admin or they themselves end it
        #expect(try store.grant(false, gateway: "gw-3", to: "fritz", by: Author("ada", at: 700)))
        try invite(store, "b", to: "gw-3", at: 700)
        #expect(try come(store, "fritz", "b", at: 700) == .guest(gateway: "gw-3"))
        #expect(try store.removeUser("fritz", by: Author("ada", at: 700)))
        #expect(try store.grant(true, gateway: "gw-3", to: "ben", by: Author("ada", at: 700)))
        #expect(try seenFrom("ben") == .min)
        // whoever takes it for their own begins there, whatever they saw as a guest
        try invite(store, "c", to: "gw-3", at: 800)
        #expect(try come(store, "paul", "c", at: 800) == .guest(gateway: "gw-3"))
        try store.label("gw-3", hash: "second", by: root)
        #expect(try store.claim(codeHash: "second", by: Author("paul", at: 900)) == "gw-3")
        #expect(try seenFrom("paul") == 900)
        // guests go with a host who gives it up
        try invite(store, "d", to: "gw-3", at: 900)
        #expect(try come(store, "ivan", "d", at: 900) == .guest(gateway: "gw-3"))
        #expect(try store.release(gateway: "gw-3", passwordHash: "", by: Author("anna", at: 950)))
        #expect(try seenFrom("ivan") == nil && seenFrom("anna") == nil)
    }

    @Test(arguments: StoreKind.allCases)
    func `a guest looks after alarms only when their role may change gateways (rule 1)`(
        kind: StoreKind
    ) throws {
        let rig = try RecipientRig(kind)
        let store = try FleetStores.openViews(rig.address)
        try rig.addUser("fritz", .owner)
        try rig.addUser("ines", .installer)
        for name in ["fritz", "ines"] {
            try invite(store, name, to: "house-1", at: Records.start)
            #expect(
                try come(store, name, name, at: Records.start) == .guest(gateway: "house-1"))
            try rig.prefer(name) { $0.mail = name + "@example.org" }
        }
        try rig.event("raised", at: 10)
        // told like the owner, and for as long as they are guests
        let told = try rig.told(at: 200)
        #expect(told.contains("anna mail: raised house-1 1") && told.count == 3)
        #expect(told.contains("fritz mail: raised house-1 1"))
        #expect(
            try store.removeGuest("fritz", of: "house-1", by: Author("anna", at: Records.start)))
        try rig.event("raised", at: 210, pack: 2)
        #expect(try rig.told(at: 2000).allSatisfy { !$0.hasPrefix("fritz") })
        try invite(store, "again", to: "house-1", at: Records.start)
        #expect(
            try come(store, "fritz", "again", at: Records.start) == .guest(gateway: "house-1"))
        func acknowledge(_ name: String) throws -> AcknowledgementVerdict {
            try store.acknowledge(
                AlarmAcknowledgement(
                    subject: AlarmSubject(
                        gateway: "house-1", code: "pack_silent", level: "warning", pack: 1),
                    text: "", user: try #require(try store.user(name)), key: name,
                    requestHash: name, now: Records.start + 300_000))
        }
        #expect(try acknowledge("fritz") == .guest)
        #expect(try acknowledge("ines") == .done)
        #expect(try acknowledge("fritz") == .known(by: "ines"))
        let change = GatewayChange(
            gateway: "house-1", label: "Mine", zone: nil, user: "fritz", now: Records.start)
        #expect(try store.change(change, ifAny: { _, _ in true }) == .unknownGateway)
    }
}
