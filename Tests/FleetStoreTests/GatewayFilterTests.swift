import TestKit
import Testing

@testable import FleetStore

/// Which gateways are found, on both stores.
@Suite(.folders) struct GatewayFilterTests {
    private let author = Author("root", at: Records.start)
    private let north = GatewaySight(tenant: "north", viewer: nil)

    /// North has `house-1` to `house-4`, of which anna sees the first and the last; south has `house-9`.
    private func store(
        _ kind: StoreKind, at address: String? = nil
    ) throws -> any ViewStore {
        let address = try address ?? kind.address()
        let store = try FleetStores.openViews(address)
        for id in ["north", "south"] {
            #expect(try store.addTenant(Tenant(id: id, createdMilliseconds: 1), by: author))
        }
        for number in [1, 2, 3, 4, 9] {
            let tenant = number == 9 ? "south" : "north"
            _ = try store.assign(gateway: "house-\(number)", to: tenant, by: author)
        }
        let user = User(name: "anna", tenant: "north", role: .owner, createdMilliseconds: 1)
        #expect(try store.addUser(user, by: author) == .added)
        for id in ["house-1", "house-4"] {
            #expect(try store.grant(true, gateway: id, to: "anna", by: author))
        }
        let devices = try FleetStores.openDevices(address)
        for (id, label, group, model, region) in [
            ("house-1", "Familie MÜLLER, Scheune", "pilots", "CM4", "Tirol"),
            ("house-2", "100 % 'Öko' _1", "", "pi-5", "Θεσσαλία"),
            ("house-3", "", "pilots", "CM4", "tirol"),
            ("house-9", "Müller", "pilots", "CM4", "Tirol"),
        ] {
            let device = Device(
                id: id, label: label, group: group, model: model, region: region,
                createdMilliseconds: 1)
            let token = DeviceToken(
                hash: id, device: id, createdMilliseconds: 1, expiresMilliseconds: 2)
            #expect(try devices.addDevices([(device, token)]).isEmpty)
        }
        let records = try FleetStores.open(address)
        // the third measured long before the others; of the second nobody knows when
        for (id, seconds, isTrusted) in [
            ("house-1", 3600, true), ("house-2", 3600, false), ("house-3", 10, true),
            ("house-9", 3600, true),
        ] as [(String, Int64, Bool)] {
            let made = Records().with { ($0.gateway, $0.isTrusted) = (id, isTrusted) }
            try records.store(made.telemetry(1, at: seconds))
        }
        try records.store(Records().with { $0.gateway = "house-3" }.event(3))
        try records.store(Records().with { $0.gateway = "house-9" }.event(3))
        while try store.keepAlarms(limit: 10) > 0 {}
        return store
    }

    private func found(
        _ store: any ViewStore, within sight: GatewaySight? = nil,
        _ change: (inout GatewayFilter) -> Void
    ) throws -> String {
        var page = GatewayPage(within: sight ?? north)
        change(&page.filter)
        return try store.gateways(page).map { String($0.id.dropFirst("house-".count)) }
            .joined(separator: " ")
    }

    @Test(arguments: StoreKind.allCases)
    func `every word stands in what people know a gateway by, in capitals or not`(
        kind: StoreKind
    ) throws {
        let store = try store(kind)
        for (words, expected) in [
            ([], "1 2 3 4"), (["house"], "1 2 3 4"), (["HOUSE-2"], "2"), (["müller"], "1"),
            (["MÜLLER"], "1"), (["MüL", "scheu"], "1"), (["müller", "öko"], ""), (["tirol"], "1 3"),
            (["TIROL", "cm4"], "1 3"), (["θεσσ"], "2"), (["ΘΕΣΣΑΛΊΑ"], "2"), (["cm"], "1 3"),
            // nothing of it is a word of the database
            (["%"], "2"), (["100 %"], "2"), (["_"], "2"), (["'öko'"], "2"), (["' OR 1=1 --"], ""),
            (["\\"], ""), (["?1"], ""), (["$1"], ""),
            // and none begins in one part and ends in the next
            (["scheunehouse"], ""), (["1tirol"], ""), (["5θ"], ""),
        ] {
            #expect(try found(store) { $0.words = words } == expected, "\(words)")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `what is found lies within a sight, and all that is asked for fits`(kind: StoreKind) throws
    {
        let store = try store(kind)
        let anna = GatewaySight(tenant: "north", viewer: "anna")
        #expect(try found(store, within: anna) { _ in } == "1 4")
        #expect(try found(store, within: anna) { $0.words = ["tirol"] } == "1")
        #expect(try found(store, within: anna) { $0.alarms = .open } == "")
        #expect(try found(store) { $0.group = "pilots" } == "1 3")
        #expect(try found(store) { $0.group = "none" } == "")
        #expect(try found(store, within: anna) { $0.group = "pilots" } == "1")
        #expect(try found(store) { ($0.group, $0.words) = ("pilots", ["müller"]) } == "1")
        let moments = (Records.start + 3_000_000)...(Records.start + 4_000_000)
        #expect(try found(store) { $0.newest = .within(moments) } == "1")
        #expect(try found(store) { $0.newest = .outside(moments) } == "2 3")
        #expect(try found(store) { $0.newest = .never } == "4")
        #expect(try found(store) { ($0.newest, $0.group) = (.outside(moments), "pilots") } == "3")
        #expect(try found(store) { $0.severity = 2 } == "3")
        #expect(try found(store) { $0.severity = 0 } == "1 2 4")
        #expect(try found(store) { $0.severity = 4 } == "")
        #expect(try found(store) { $0.alarms = .open } == "3")
        #expect(try found(store) { $0.alarms = .unacknowledged } == "3")
        let alarm = try #require(
            try store.alarms(AlarmFilter()).first { $0.subject.gateway == "house-3" })
        let otto = User(name: "otto", tenant: "north", role: .admin, createdMilliseconds: 1)
        #expect(try store.addUser(otto, by: author) == .added)
        #expect(
            try store.acknowledge(
                AlarmAcknowledgement(
                    subject: alarm.subject, text: "", user: otto, key: "k", requestHash: "h",
                    now: Records.start + 60_000)) == .done)
        #expect(try found(store) { $0.alarms = .open } == "3")
        #expect(try found(store) { $0.alarms = .unacknowledged } == "")
    }

    @Test(arguments: StoreKind.allCases)
    func `who is called something else is found by that alone`(kind: StoreKind) throws {
        let address = try kind.address()
        let store = try store(kind, at: address)
        let otto = User(name: "otto", tenant: "north", role: .admin, createdMilliseconds: 1)
        #expect(try store.addUser(otto, by: author) == .added)
        let change = GatewayChange(
            gateway: "house-1", label: "KÄSEREI", zone: nil, user: "otto", now: Records.start)
        #expect(try store.change(change) { _, _ in true } == .done)
        #expect(try found(store) { $0.words = ["käserei"] } == "1")
        #expect(try found(store) { $0.words = ["müller"] } == "")
        // and one that is no device any more by its id
        #expect(try FleetStores.openDevices(address).removeDevice("house-1"))
        #expect(try found(store) { $0.words = ["käserei"] } == "")
        #expect(try found(store) { $0.words = ["HOUSE-1"] } == "1")
    }

    @Test(arguments: StoreKind.allCases)
    func `pages of what is found follow one another in both orders`(kind: StoreKind) throws {
        let store = try store(kind)
        for (isAlarmFirst, expected) in [
            (false, ["house-1", "house-2", "house-3"]), (true, ["house-3", "house-1", "house-2"]),
        ] {
            var (page, all) = (GatewayPage(within: north), [String]())
            (page.isAlarmFirst, page.limit) = (isAlarmFirst, 1)
            page.filter.words = ["house", "i"]
            while let next = try store.gateways(page).first {
                all.append(next.id)
                page.after = next.place(isAlarmFirst: isAlarmFirst)
            }
            #expect(all == expected)
        }
    }
}
