import TestKit
import Testing

@testable import FleetStore

@Suite(.folders) struct SchemaTests {
    let records = Records()

    @Test(arguments: StoreKind.allCases)
    func `tables are made once, also by several programs that start at once`(
        kind: StoreKind
    ) throws {
        // several times, for who is quicker is chance
        for _ in 1...(kind == .sqlite ? 12 : 2) {
            let address = try kind.emptyAddress()
            try Workers.run(6) { _ in try FleetStores.open(address).migrate() }
            let store = try FleetStores.open(address)
            #expect(try store.store(records.telemetry(1)).stored == 1)
            try store.migrate()
            #expect(try FleetStores.open(address).tallies().map(\.records) == [1])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a database of another program is left alone`(kind: StoreKind) throws {
        let address = try kind.emptyAddress()
        try RawSQL.run("CREATE TABLE customers (id integer)", in: address)
        let error = #expect(throws: FleetStoreError.self) {
            try FleetStores.open(address).migrate()
        }
        guard case .foreign = try #require(error) else {
            Issue.record("expected foreign, found \(String(describing: error))")
            return
        }
        #expect("\(try #require(error))".contains("found"))
        let tables =
            kind == .sqlite
            ? "SELECT count(*) FROM sqlite_schema"
            : "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
        #expect(try RawSQL.run(tables, in: address) == "1")
    }

    @Test(arguments: StoreKind.allCases)
    func `a newer database is refused with both versions`(kind: StoreKind) throws {
        let address = try kind.address()
        let newer = SQLiteSchema.steps.count + 1
        let insert =
            kind == .sqlite
            ? "INSERT INTO grdb_migrations VALUES ('\(newer)')"
            : "INSERT INTO schema_version (version) VALUES (\(newer))"
        try RawSQL.run(insert, in: address)
        let error = #expect(throws: FleetStoreError.self) {
            try FleetStores.open(address).migrate()
        }
        #expect(
            "\(try #require(error))".hasSuffix(
                "expected version \(SQLiteSchema.steps.count) or older, found \(newer)"))
    }

    @Test(arguments: StoreKind.allCases)
    func `tables of the first version become those of today, with what is in them`(
        kind: StoreKind
    ) throws {
        let address = try kind.emptyAddress()
        let first = kind == .sqlite ? SQLiteSchema.steps[0] : PostgresSchema.steps[0]
        let version =
            kind == .sqlite
            ? [
                "CREATE TABLE grdb_migrations (identifier text NOT NULL PRIMARY KEY)",
                "INSERT INTO grdb_migrations VALUES ('1')",
            ]
            : [
                """
                CREATE TABLE schema_version (application text NOT NULL DEFAULT 'amphora-fleet',
                version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())
                """, "INSERT INTO schema_version (version) VALUES (1)",
            ]
        for statement in first + version { try RawSQL.run(statement, in: address) }
        func insert(_ topic: String, _ gateway: String, _ time: Int) throws {
            try RawSQL.run(
                """
                INSERT INTO dead_letter (topic, gateway, received_ms, reason, digest, payload)
                VALUES ('\(topic)', \(gateway), \(time), 'why', 5, '')
                """, in: address)
        }
        // the same bytes by two topics become one row; without a gateway the topic tells them apart
        for (time, topic) in ["event", "telemetry"].enumerated() {
            try insert("up/\(topic)", "'house-1'", 7 + time)
            try insert("else/\(topic)", "NULL", 9)
        }
        let store = try FleetStores.open(address)
        try store.migrate()
        let letters = "SELECT coalesce(gateway, topic), times, last_ms FROM dead_letter ORDER BY 1"
        #expect(
            try RawSQL.run(letters, in: address)
                == "else/event|1|9\nelse/telemetry|1|9\nhouse-1|1|7")
        #expect(try store.store(records.telemetry(1)).stored == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `gateways from before version 15 are found like others`(kind: StoreKind) throws {
        let address = try kind.emptyAddress()
        let steps = (kind == .sqlite ? SQLiteSchema.steps : PostgresSchema.steps).prefix(14)
        let table =
            kind == .sqlite
            ? "grdb_migrations (identifier text NOT NULL PRIMARY KEY)"
            : """
            schema_version (application text NOT NULL DEFAULT 'amphora-fleet',
            version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())
            """
        let version = kind == .sqlite ? "grdb_migrations" : "schema_version (version)"
        let numbers = steps.indices.map { "('\($0 + 1)')" }.joined(separator: ", ")
        for statement in steps.joined() + ["CREATE TABLE \(table)"] + [
            "INSERT INTO \(version) VALUES \(numbers)",
            "INSERT INTO tenant_gateway (gateway, tenant) VALUES ('house-1', 'north')",
            """
            INSERT INTO device (id, label, device_group, tags, needs_approval, created_ms, region)
            VALUES ('house-1', 'Müller', '', '', 0, 1, 'Θεσσαλία')
            """,
        ] {
            try RawSQL.run(statement, in: address)
        }
        try FleetStores.open(address).migrate()
        var page = GatewayPage(within: GatewaySight(tenant: "north", viewer: nil))
        for (words, expected) in [(["MÜLLER", "θεσς"], 0), (["MÜLLER", "ΘΕΣΣ"], 1)] {
            page.filter.words = words
            #expect(try FleetStores.openViews(address).gateways(page).count == expected)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a database without tables says so`(kind: StoreKind) throws {
        let store = try FleetStores.open(kind.emptyAddress())
        let error = #expect(throws: FleetStoreError.self) { try store.store(records.telemetry(1)) }
        #expect("\(try #require(error))".contains("its tables were not made yet"))
    }

    @Test func `a batch does not look through all records of its gateways`() throws {
        let address = try StoreKind.sqlite.address()
        let plan = try RawSQL.run(
            """
            EXPLAIN QUERY PLAN SELECT EXISTS (
                SELECT 1 FROM record r WHERE r.gateway = 1 AND r.time_quality = 2)
            """, in: address)
        #expect(
            plan.contains("USING COVERING INDEX record_unmended (time_quality=? AND gateway=?)"))
    }

    @Test func `an address that names no store says what is expected, and no password`() throws {
        for address in ["mysql://me:secret@host/db", "sqlite:", "postgres:", "fleet.db", ""] {
            let error = #expect(throws: FleetStoreError.self) { try FleetStores.open(address) }
            let text = "\(try #require(error))"
            #expect(text.contains("expected 'sqlite:PATH'") && !text.contains("secret"))
        }
        let broken = #expect(throws: FleetStoreError.self) {
            try FleetStores.open("postgres:password=secret nonsense")
        }
        #expect("\(try #require(broken))".contains("libpq cannot read"))
        #expect(!"\(try #require(broken))".contains("secret"))
    }

    @Test func `a server that cannot be reached is unavailable, without its password`() throws {
        let port = try Peers.freePort()
        let store = try FleetStores.open("postgres://me:secret@127.0.0.1:\(port)/fleet")
        let error = #expect(throws: FleetStoreError.self) { try store.migrate() }
        guard case .unavailable(let name, _) = try #require(error) else {
            Issue.record("expected unavailable, found \(String(describing: error))")
            return
        }
        #expect(name == "postgres:user=me dbname=fleet host=127.0.0.1 port=\(port)")
    }

    @Test func `a file that is no database is foreign`() throws {
        let file = try TestFolders.folder().file("notes.txt")
        try RawSQL.write(String(repeating: "not a database\n", count: 100), to: file)
        let error = #expect(throws: FleetStoreError.self) {
            try FleetStores.open("sqlite:" + file).migrate()
        }
        guard case .foreign = try #require(error) else {
            Issue.record("expected foreign, found \(String(describing: error))")
            return
        }
    }

    @Test func `a folder that is not there is unavailable`() throws {
        let error = #expect(throws: FleetStoreError.self) {
            try FleetStores.open("sqlite:/nowhere/fleet.db").migrate()
        }
        guard case .unavailable = try #require(error) else {
            Issue.record("expected unavailable, found \(String(describing: error))")
            return
        }
    }
}
