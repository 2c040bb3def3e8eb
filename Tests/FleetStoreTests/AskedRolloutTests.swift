import TestKit
import Testing

@testable import FleetStore

/// What users ask of rollouts, on both stores (rule 5 of ``RolloutStore``).
@Suite(.folders) struct AskedRolloutTests {
    let start: Int64 = 1_700_000_000_000

    /// Otto operates the north with `gw-1` and `gw-2`, where anna is an owner; `gw-9` is of the south.
    private func fleet(_ kind: StoreKind) throws -> (address: String, store: any ViewStore) {
        let address = try kind.address()
        let store = try FleetStores.openViews(address)
        let author = Author("root", at: start)
        for (tenant, gateways) in [("north", ["gw-1", "gw-2"]), ("south", ["gw-9"])] {
            _ = try store.addTenant(Tenant(id: tenant, createdMilliseconds: start), by: author)
            for id in gateways { _ = try store.assign(gateway: id, to: tenant, by: author) }
        }
        for (name, role) in [("otto", UserRole.operator), ("anna", .owner)] {
            let user = User(name: name, tenant: "north", role: role, createdMilliseconds: start)
            #expect(try store.addUser(user, by: author) == .added)
        }
        return (address, store)
    }

    private func asked(
        _ user: String, _ key: String = "k", hash: String = "h", later: Int64 = 0,
        to action: AuditAction = .rolloutPause, of subject: String = "a"
    ) -> ToldRequest {
        ToldRequest(
            KeptRequest(user: user, key: key, hash: hash, now: start + later), scope: .rollOut,
            action: action, subject: subject)
    }

    private func add(
        _ id: String, _ gateways: [String], _ store: any ViewStore, asked: ToldRequest? = nil
    ) throws -> RolloutAdding {
        let record = RolloutRecord(
            id: id, revision: 1, plan: "{}", state: "running", isOver: false, wave: 0, reason: "",
            madeMilliseconds: start, sinceMilliseconds: start)
        let rows = gateways.enumerated().map { place, gateway in
            RolloutGatewayRecord(
                gateway: gateway, place: Int32(place), wave: 0, zone: "UTC", state: "waiting")
        }
        let note = RolloutNote(madeMilliseconds: start, author: "x", what: "create", detail: "")
        return try store.addRollout(record, gateways: rows, note: note, asked: asked)
    }

    /// Takes the rollout to another state, as it stands.
    private func turn(
        _ id: String, to state: String, _ store: any ViewStore, asked: ToldRequest
    ) throws -> RolloutKeeping {
        var change = RolloutChange(try #require(try store.rollout(id)))
        change.rollout.state = state
        change.notes = [
            RolloutNote(madeMilliseconds: start, author: "otto", what: "pause", detail: "")
        ]
        return try store.keep(change, asked: asked)
    }

    private func told(_ store: any ViewStore) throws -> [String] {
        try store.audit(tenant: "north", limit: 100).filter { $0.action.hasPrefix("rollout_") }
            .map { "\($0.author.name) \($0.action) \($0.subject)" }
    }

    /// Has the database refuse one kind of change of a table, as a full disk or a lost right would.
    private func refuse(_ change: String, of table: String, in address: String) throws {
        if address.hasPrefix("postgres") {
            try RawSQL.run(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN RAISE EXCEPTION 'no room for this'; END $$
                """, in: address)
            try RawSQL.run(
                "CREATE TRIGGER refusal BEFORE \(change) ON \(table) EXECUTE FUNCTION refuse()",
                in: address)
        } else {
            try RawSQL.run(
                """
                CREATE TRIGGER refusal BEFORE \(change) ON \(table)
                BEGIN SELECT RAISE(ABORT, 'no room for this'); END
                """, in: address)
        }
    }

    private func allow(_ table: String, in address: String) throws {
        let place = address.hasPrefix("postgres") ? " ON \(table)" : ""
        try RawSQL.run("DROP TRIGGER refusal\(place)", in: address)
    }

    @Test(arguments: StoreKind.allCases)
    func `a step and the entry that tells of it are kept together`(kind: StoreKind) throws {
        let (_, store) = try fleet(kind)
        let making = asked("otto", "m", to: .rolloutMade)
        #expect(try add("a", ["gw-1", "gw-2"], store, asked: making) == .added)
        #expect(try add("b", ["gw-1"], store, asked: making) == .claimed(.done))
        #expect(try turn("a", to: "paused", store, asked: asked("otto")) == .kept)
        // again by its key, with another meaning, and by another who has the same key
        #expect(try turn("a", to: "running", store, asked: asked("otto")) == .claimed(.done))
        #expect(
            try turn("a", to: "running", store, asked: asked("otto", hash: "x"))
                == .claimed(.keyTaken))
        #expect(try store.rollout("a")?.state == "paused")
        #expect(try store.claim(of: asked("otto").request) == .done)
        #expect(try store.claim(of: asked("otto", hash: "x").request) == .keyTaken)
        #expect(try store.claim(of: asked("anna").request) == .new)
        #expect(try told(store) == ["otto rollout_pause a", "otto rollout_made a"])
        // a key is remembered for a day
        let later = asked("otto", hash: "x", later: AlarmAcknowledgement.keyLife + 1)
        #expect(try store.claim(of: later.request) == .new)
        #expect(try turn("a", to: "running", store, asked: later) == .kept)
    }

    @Test(arguments: StoreKind.allCases)
    func `a step whose entry is refused is not kept, and can be asked for again`(
        kind: StoreKind
    ) throws {
        let (address, store) = try fleet(kind)
        #expect(try add("a", ["gw-1"], store) == .added)
        try refuse("INSERT", of: "audit_entry", in: address)
        #expect(throws: FleetStoreError.self) {
            try turn("a", to: "paused", store, asked: asked("otto"))
        }
        #expect(throws: FleetStoreError.self) {
            try add("b", ["gw-2"], store, asked: asked("otto", "m", to: .rolloutMade, of: "b"))
        }
        #expect(
            try store.rollouts().map { "\($0.id) \($0.state) \($0.revision)" } == ["a running 1"])
        #expect(try store.notes(of: "a").count == 1)
        #expect(try store.claim(of: asked("otto").request) == .new)
        try allow("audit_entry", in: address)
        #expect(try told(store).isEmpty)
        #expect(try turn("a", to: "paused", store, asked: asked("otto")) == .kept)
        #expect(try told(store) == ["otto rollout_pause a"])
    }

    @Test(arguments: StoreKind.allCases)
    func `a step that is not kept is not told`(kind: StoreKind) throws {
        let (address, store) = try fleet(kind)
        #expect(try add("a", ["gw-1"], store) == .added)
        var late = RolloutChange(try #require(try store.rollout("a")))
        late.rollout.revision = 7
        #expect(try store.keep(late, asked: asked("otto")) == .late)
        let making = asked("otto", "m", to: .rolloutMade)
        #expect(try add("a", ["gw-2"], store, asked: making) == .taken)
        guard case .busy(let busy) = try add("b", ["gw-1"], store, asked: making) else {
            Issue.record("expected gateways in another rollout")
            return
        }
        #expect(busy.map(\.rollout) == ["a"])
        try refuse("INSERT", of: "rollout_note", in: address)
        #expect(throws: FleetStoreError.self) {
            try turn("a", to: "paused", store, asked: asked("otto"))
        }
        #expect(throws: FleetStoreError.self) {
            try add("b", ["gw-2"], store, asked: making)
        }
        #expect(try told(store).isEmpty)
        #expect(try store.rollouts().map { "\($0.id) \($0.state)" } == ["a running"])
        for request in [asked("otto"), making] {
            #expect(try store.claim(of: request.request) == .new)
        }
        try allow("rollout_note", in: address)
        #expect(try turn("a", to: "paused", store, asked: asked("otto")) == .kept)
    }

    @Test(arguments: StoreKind.allCases)
    func `what counts is what the user may do and sees when it is kept`(kind: StoreKind) throws {
        let (_, store) = try fleet(kind)
        let root = Author("root", at: start)
        #expect(try add("a", ["gw-1", "gw-2"], store) == .added)
        #expect(try add("both", ["gw-9", "gw-0"], store) == .added)
        for user in ["anna", "nobody"] {
            #expect(try turn("a", to: "paused", store, asked: asked(user)) == .claimed(.denied))
            #expect(try add("b", [], store, asked: asked(user)) == .claimed(.denied))
        }
        #expect(try turn("both", to: "paused", store, asked: asked("otto")) == .claimed(.denied))
        #expect(try add("b", ["gw-5"], store, asked: asked("otto")) == .claimed(.denied))
        // taken away after the request was let in, before it is kept
        _ = try store.assign(gateway: "gw-2", to: "south", by: root)
        #expect(try turn("a", to: "paused", store, asked: asked("otto")) == .claimed(.denied))
        _ = try store.assign(gateway: "gw-2", to: "north", by: root)
        #expect(try store.setRole(.installer, of: "otto", by: root))
        #expect(try turn("a", to: "paused", store, asked: asked("otto")) == .claimed(.denied))
        #expect(try store.rollout("a")?.state == "running" && told(store).isEmpty)
        #expect(try store.setRole(.admin, of: "otto", by: root))
        #expect(try turn("a", to: "paused", store, asked: asked("otto")) == .kept)
    }

    @Test(arguments: StoreKind.allCases)
    func `of many who ask with one key at once one is told`(kind: StoreKind) throws {
        let (address, store) = try fleet(kind)
        #expect(try add("a", ["gw-1"], store) == .added)
        let asked = asked("otto")
        try Workers.run(4) { _ in
            let store = try FleetStores.openViews(address)
            while try store.claim(of: asked.request) == .new {
                guard let seen = try store.rollout("a") else { return }
                _ = try store.keep(RolloutChange(seen), asked: asked)
            }
        }
        #expect(try store.rollout("a")?.revision == 2)
        #expect(try told(store).count == 1)
    }
}
