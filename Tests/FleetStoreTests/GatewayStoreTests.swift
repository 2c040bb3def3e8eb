import TestKit
import Testing

@testable import FleetStore

/// The contract of what users see, on both stores; numbers are rules of ``GatewayStore``.
@Suite(.folders) struct GatewayStoreTests {
    private let author = Author("root", at: Records.start)
    private let north = GatewaySight(tenant: "north", viewer: nil)
    private let anna = GatewaySight(tenant: "north", viewer: "anna")
    private let south = GatewaySight(tenant: "south", viewer: nil)

    /// A store with two tenants.
    ///
    /// North has `house-1`, which anna sees too, `house-2`, which never measured, and `house-3`; south has
    /// `house-4`. `house-5` is nobody's.
    private func store(_ kind: StoreKind) throws -> any ViewStore {
        let address = try kind.address()
        let store = try FleetStores.openViews(address)
        for id in ["north", "south"] {
            #expect(try store.addTenant(Tenant(id: id, createdMilliseconds: 1), by: author))
        }
        for number in 1...3 {
            _ = try store.assign(gateway: "house-\(number)", to: "north", by: author)
        }
        _ = try store.assign(gateway: "house-4", to: "south", by: author)
        let user = User(name: "anna", tenant: "north", role: .owner, createdMilliseconds: 1)
        #expect(try store.addUser(user, by: author) == .added)
        _ = try store.grant(true, gateway: "house-1", to: "anna", by: author)
        let device = Device(
            id: "house-1", label: "Cellar", zone: "Europe/Berlin", createdMilliseconds: 1)
        let token = DeviceToken(
            hash: "t", device: "house-1", createdMilliseconds: 1, expiresMilliseconds: 2)
        _ = try FleetStores.openDevices(address).addDevices([(device, token)])
        let records = try FleetStores.open(address)
        for id in ["house-1", "house-3", "house-4", "house-5"] {
            let made = Records().with { $0.gateway = id }
            try records.store(made.telemetry(1), made.telemetry(2))
        }
        for id in ["house-3", "house-4", "house-5"] {
            try records.store(Records().with { $0.gateway = id }.event(3))
        }
        while try store.keepAlarms(limit: 10) > 0 {}
        return store
    }

    private func ids(_ store: any ViewStore, _ page: GatewayPage) throws -> [String] {
        try store.gateways(page).map(\.id)
    }

    @Test(arguments: StoreKind.allCases)
    func `a sight shows its own gateways and no others (rule 1)`(kind: StoreKind) throws {
        let store = try store(kind)
        #expect(
            try ids(store, GatewayPage(within: north)) == ["house-1", "house-2", "house-3"])
        #expect(try ids(store, GatewayPage(within: anna)) == ["house-1"])
        #expect(try ids(store, GatewayPage(within: south)) == ["house-4"])
        let nobody = GatewaySight(tenant: "south", viewer: "anna")
        #expect(try ids(store, GatewayPage(within: nobody)).isEmpty)
        for (id, seenBy) in [
            ("house-1", [north, anna]), ("house-2", [north]), ("house-3", [north]),
            ("house-4", [south]), ("house-5", []), ("house-6", []),
        ] {
            for sight in [north, anna, south] {
                let found = try store.gateway(id, within: sight)
                #expect(found?.id == (seenBy.contains(sight) ? id : nil), "\(id) \(sight)")
            }
        }
        var filter = AlarmFilter()
        filter.sight = north
        #expect(try store.alarms(filter).map(\.subject.gateway) == ["house-3"])
        filter.gateway = "house-4"
        #expect(try store.alarms(filter).isEmpty)
        (filter.sight, filter.gateway) = (anna, nil)
        #expect(try store.alarms(filter).isEmpty)
        #expect(try store.alarmCauses(within: north).map(\.gateways) == [1])
        #expect(try store.alarmCauses(within: anna).isEmpty)
        #expect(try store.alarmCauses().map(\.gateways) == [3])
    }

    @Test(arguments: StoreKind.allCases)
    func `pages follow one another in both orders`(kind: StoreKind) throws {
        let store = try store(kind)
        for isAlarmFirst in [false, true] {
            var (page, all) = (GatewayPage(within: north), [String]())
            (page.isAlarmFirst, page.limit) = (isAlarmFirst, 1)
            while let next = try store.gateways(page).first {
                all.append(next.id)
                page.after = next.place(isAlarmFirst: isAlarmFirst)
            }
            #expect(
                all
                    == (isAlarmFirst
                        ? ["house-3", "house-1", "house-2"] : ["house-1", "house-2", "house-3"]))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a summary tells what is known and nothing else`(kind: StoreKind) throws {
        let store = try store(kind)
        let first = try #require(try store.gateway("house-1", within: north))
        #expect(first.label == "Cellar" && first.zone == "Europe/Berlin" && first.model == "")
        #expect(first.newest == Records.start + 20_000 && first.quality == .trusted)
        #expect(first.packsConfigured == 2 && first.openAlarms == 0 && first.severity == 0)
        let silent = try #require(try store.gateway("house-2", within: north))
        #expect(silent.newest == nil && silent.packsConfigured == nil && silent.label == "")
        let third = try #require(try store.gateway("house-3", within: north))
        #expect(third.openAlarms == 1 && third.unacknowledged == 1 && third.severity == 2)
    }

    @Test(arguments: StoreKind.allCases)
    func `the newest sample comes with the packs of its own record`(kind: StoreKind) throws {
        let store = try store(kind)
        let newest = try #require(try store.newest(of: "house-1", seenFrom: .min))
        #expect(newest.bank.key.sequence == 2 && newest.bank.sample.millivolts == 52_002)
        #expect(newest.packs.map(\.pack) == [1, 2])
        #expect(newest.packs.map(\.millivolts) == [52_002, 52_002])
        #expect(try store.newest(of: "house-2", seenFrom: .min) == nil)
    }

    @Test(arguments: StoreKind.allCases)
    func `all gateways of a sight in numbers, each as one thing (rule 1)`(kind: StoreKind) throws {
        let store = try store(kind)
        let newest = Records.start + 20_000
        func summary(_ sight: GatewaySight, from: Int64, to: Int64) throws -> FleetSummary {
            try store.summary(within: sight, liveFrom: from, liveTo: to)
        }
        var expected = FleetSummary()
        (expected.gateways, expected.live, expected.never) = (3, 2, 1)
        (expected.warnings, expected.unacknowledged) = (1, 1)
        #expect(try summary(north, from: newest, to: newest) == expected)
        (expected.live, expected.stale) = (0, 2)
        #expect(try summary(north, from: newest + 1, to: newest + 2) == expected)
        #expect(try summary(north, from: newest - 2, to: newest - 1) == expected)
        // one that is missed is silent, as long as nothing new came
        let subject = AlarmSubject(
            gateway: "house-1", code: AlarmWord.silentGateway, level: "warning", pack: 0)
        #expect(try store.add(AlarmWord(subject, .raised, made: newest + 1, author: "fleet")))
        while try store.keepAlarms(limit: 10) > 0 {}
        (expected.stale, expected.silent) = (1, 1)
        (expected.warnings, expected.unacknowledged) = (2, 2)
        #expect(try summary(north, from: newest + 1, to: newest + 2) == expected)
        (expected.live, expected.stale, expected.silent) = (2, 0, 0)
        #expect(try summary(north, from: newest, to: newest) == expected)
        let granted = try summary(anna, from: newest, to: newest)
        #expect(granted.gateways == 1 && granted.live == 1 && granted.warnings == 1)
        let nobody = GatewaySight(tenant: "south", viewer: "anna")
        #expect(try summary(nobody, from: 0, to: .max) == FleetSummary())
    }

    @Test(arguments: StoreKind.allCases)
    func `a gateway is described by who sees it and may, and nobody else`(kind: StoreKind) throws {
        let store = try store(kind)
        for (name, role) in [("ivan", UserRole.installer), ("otto", .operator)] {
            let user = User(name: name, tenant: "north", role: role, createdMilliseconds: 1)
            #expect(try store.addUser(user, by: author) == .added)
        }
        func change(
            _ gateway: String, _ user: String, if isCurrent: Bool = true
        ) throws -> GatewayChangeVerdict {
            let asked = GatewayChange(
                gateway: gateway, label: "it's \(user)", zone: nil, user: user, now: Records.start)
            return try store.change(asked) { label, zone in
                #expect(zone == "Europe/Berlin")
                return isCurrent
            }
        }
        #expect(try change("house-1", "anna") == .unknownGateway)
        #expect(try change("house-1", "ivan") == .unknownGateway)
        #expect(try change("house-4", "otto") == .unknownGateway)
        #expect(try change("house-1", "nobody") == .unknownGateway)
        #expect(try change("house-2", "otto") == .noDevice)
        #expect(try change("house-1", "otto", if: false) == .outdated)
        #expect(try store.gateway("house-1", within: north)?.label == "Cellar")
        #expect(try change("house-1", "otto") == .done)
        #expect(try store.grant(true, gateway: "house-1", to: "ivan", by: author))
        #expect(try change("house-1", "ivan") == .done)
        #expect(try store.gateway("house-1", within: north)?.label == "it's ivan")
        #expect(try store.gateway("house-1", within: north)?.zone == "Europe/Berlin")
        let told = try store.audit(tenant: "north", limit: 100)
            .filter { $0.action == "gateway_changed" }
        #expect(Set(told.map(\.author.name)) == ["otto", "ivan"])
    }

    @Test(arguments: StoreKind.allCases)
    func `a rollout is seen by who sees all of its gateways (rule 1)`(kind: StoreKind) throws {
        let address = try kind.address()
        let store = try FleetStores.openViews(address)
        for (tenant, gateways) in [("north", ["house-1", "house-2"]), ("south", ["house-4"])] {
            _ = try store.addTenant(Tenant(id: tenant, createdMilliseconds: 1), by: author)
            for id in gateways { _ = try store.assign(gateway: id, to: tenant, by: author) }
        }
        func add(_ id: String, _ gateways: [String]) throws {
            let record = RolloutRecord(
                id: id, revision: 1, plan: "{}", state: "x", isOver: true, wave: 0, reason: "",
                madeMilliseconds: 1, sinceMilliseconds: 1)
            let rows = gateways.enumerated().map { place, gateway in
                RolloutGatewayRecord(
                    gateway: gateway, place: Int32(place), wave: 0, zone: "UTC", state: "waiting")
            }
            let note = RolloutNote(madeMilliseconds: 1, author: "x", what: "create", detail: "")
            #expect(try store.addRollout(record, gateways: rows, note: note) == .added)
        }
        try add("own", ["house-1", "house-2"])
        try add("mixed", ["house-1", "house-4"])
        try add("lost", ["house-1", "house-5"])
        try add("empty", [])
        #expect(try store.rolloutNames(within: north) == ["own"])
        #expect(try store.rolloutNames(within: south).isEmpty)
        #expect(try store.rolloutNames(within: anna).isEmpty)
    }
}
