/// What both stores do in the same way with devices, configuration, rollouts, history, alarms, hooks and
/// users, once they can run a transaction.
protocol ChangingStore: ReadingStore, DeviceStore, ConfigurationStore, RolloutStore,
    HistoryStore, AlarmStore, NotificationStore, UserStore, GatewayStore, RecipientStore,
    WatchStore, CodeStore, AdminStore, GuestStore, PersonStore, FarewellStore
{
    /// Runs statements in one transaction; when `body` throws, nothing of it stays.
    func change<Value>(
        _ operation: String, _ body: (Connection) throws(FleetStoreError) -> Value
    ) throws(FleetStoreError) -> Value
}

extension ChangingStore {
    package func addDevices(
        _ devices: [(device: Device, token: DeviceToken)]
    ) throws(FleetStoreError) -> [String] {
        try change("add devices") { database throws(FleetStoreError) in
            var known: [String] = []
            for (device, _) in devices {
                let found: [RowText] = try database.rows(
                    "SELECT id FROM device WHERE id = ?1", [.text(device.id)])
                known += found.map(\.text)
            }
            guard known.isEmpty else { return known }
            for (device, token) in devices {
                try database.run(
                    "INSERT INTO device (\(Device.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    device.parameters)
                try database.insert(token)
            }
            try database.noteConfigurationNews()
            return []
        }
    }

    package func devices() throws(FleetStoreError) -> [Device] {
        let devices: [Device] = try read { database throws(FleetStoreError) in
            try database.rows("SELECT \(Device.columns) FROM device", [])
        }
        return devices.sorted { $0.id < $1.id }
    }

    package func changeDevice(_ device: Device) throws(FleetStoreError) -> Bool {
        try change("change a device") { database throws(FleetStoreError) in
            let changed: [RowText] = try database.rows(
                """
                UPDATE device SET label = ?2, device_group = ?3, tags = ?4, model = ?5, region = ?6,
                zone = ?7, needs_approval = ?8 WHERE id = ?1 RETURNING id
                """, Array(device.parameters.dropLast()))
            try database.noteConfigurationNews()
            return !changed.isEmpty
        }
    }

    package func removeDevice(_ id: String) throws(FleetStoreError) -> Bool {
        try change("remove a device") { database throws(FleetStoreError) in
            let id = SQLValue.text(id)
            let removed: [RowText] = try database.rows(
                "DELETE FROM device WHERE id = ?1 RETURNING id", [id])
            try database.run("DELETE FROM device_token WHERE device = ?1", [id])
            try database.run("DELETE FROM pending_enrolment WHERE device = ?1", [id])
            try database.noteConfigurationNews()
            return !removed.isEmpty
        }
    }

    package func replaceToken(_ token: DeviceToken) throws(FleetStoreError) -> Bool {
        try change("give a device a token") { database throws(FleetStoreError) in
            guard try database.lockDevice(token.device) != nil else { return false }
            try database.run(
                "DELETE FROM device_token WHERE device = ?1", [.text(token.device)])
            try database.insert(token)
            return true
        }
    }

    package func pendingEnrolments() throws(FleetStoreError) -> [PendingEnrolment] {
        let pending: [PendingEnrolment] = try read { database throws(FleetStoreError) in
            try database.rows("SELECT \(PendingEnrolment.columns) FROM pending_enrolment", [])
        }
        return pending.sorted {
            ($0.firstMilliseconds, $0.device) < ($1.firstMilliseconds, $1.device)
        }
    }

    package func approve(
        _ id: String, by person: String, at milliseconds: Int64
    ) throws(FleetStoreError) -> Bool {
        try change("approve an enrolment") { database throws(FleetStoreError) in
            let approved: [RowText] = try database.rows(
                """
                UPDATE pending_enrolment SET decided_by = ?2, decided_ms = ?3
                WHERE device = ?1 RETURNING device
                """, [.text(id), .text(person), .number(milliseconds)])
            guard !approved.isEmpty else { return false }
            // whoever had to be approved once is asked about again, should it come with another key
            let device = Device(
                id: id, needsApproval: true, createdMilliseconds: milliseconds)
            try database.run(
                """
                INSERT INTO device (\(Device.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                ON CONFLICT (id) DO NOTHING
                """, device.parameters)
            try database.noteConfigurationNews()
            return true
        }
    }

    package func addMaker(_ maker: MakerAuthority) throws(FleetStoreError) -> Bool {
        try change("register an authority") { database throws(FleetStoreError) in
            let added: [RowText] = try database.rows(
                """
                INSERT INTO maker_authority (name, certificate, added_ms) VALUES (?1, ?2, ?3)
                ON CONFLICT DO NOTHING RETURNING name
                """,
                [
                    .text(maker.name), .text(maker.certificate),
                    .number(maker.addedMilliseconds),
                ])
            return !added.isEmpty
        }
    }

    package func makers() throws(FleetStoreError) -> [MakerAuthority] {
        let makers: [MakerAuthority] = try read { database throws(FleetStoreError) in
            try database.rows("SELECT name, certificate, added_ms FROM maker_authority", [])
        }
        return makers.sorted { $0.name < $1.name }
    }

    package func removeMaker(_ name: String) throws(FleetStoreError) -> Bool {
        try change("forget an authority") { database throws(FleetStoreError) in
            let removed: [RowText] = try database.rows(
                "DELETE FROM maker_authority WHERE name = ?1 RETURNING name", [.text(name)])
            return !removed.isEmpty
        }
    }

    package func certificates(
        of gateway: String
    ) throws(FleetStoreError) -> [EnrolledCertificate] {
        try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT \(EnrolledCertificate.columns) FROM issued_certificate
                WHERE gateway = ?1 ORDER BY issued_ms DESC, serial
                """, [.text(gateway)])
        }
    }

    package func enrol(
        _ attempt: EnrolmentAttempt, issue: () -> EnrolledCertificate?
    ) throws(FleetStoreError) -> EnrolmentVerdict {
        try change("enrol a gateway") { database throws(FleetStoreError) in
            try Enrolment(database: database, attempt: attempt).decide(issue)
        }
    }
}

extension FleetDatabase {
    /// Gives a device, which nobody else may then change until the transaction ends.
    func lockDevice(_ id: String) throws(FleetStoreError) -> Device? {
        let devices: [Device] = try rows(
            "UPDATE device SET id = id WHERE id = ?1 RETURNING \(Device.columns)", [.text(id)])
        return devices.first
    }

    func insert(_ token: DeviceToken) throws(FleetStoreError) {
        try run(
            """
            INSERT INTO device_token (hash, device, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4)
            """,
            [
                .text(token.hash), .text(token.device), .number(token.createdMilliseconds),
                .number(token.expiresMilliseconds),
            ])
    }
}
