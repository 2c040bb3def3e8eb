/// One attempt to enrol, inside its transaction; the rules are those of ``DeviceStore``.
struct Enrolment<Database: FleetDatabase> {
    let database: Database
    let attempt: EnrolmentAttempt

    /// Decides, and writes down what follows from it.
    func decide(_ issue: () -> EnrolledCertificate?) throws(FleetStoreError) -> EnrolmentVerdict {
        guard let device = try database.lockDevice(attempt.gateway) else {
            switch attempt.door {
            case .token: return .wrongToken
            case .renewal: return .unknownDevice
            case .factory:
                try wait()
                return .waiting
            }
        }
        if let refusal = try tokenRefusal() { return refusal }
        if let earlier = try earlierAnswer() { return .repeated(earlier) }
        if device.needsApproval, attempt.door != .renewal, try !isApproved() {
            try wait()
            return .waiting
        }
        guard let certificate = issue() else { return .notIssued }
        try keep(certificate)
        return .issued(certificate)
    }

    /// Why the token does not open the door; nil when it does, or is not what is shown.
    private func tokenRefusal() throws(FleetStoreError) -> EnrolmentVerdict? {
        guard attempt.door == .token else { return nil }
        let states: [TokenState] = try database.rows(
            "SELECT expires_ms, used_for FROM device_token WHERE hash = ?1 AND device = ?2",
            [.text(attempt.tokenHash ?? ""), .text(attempt.gateway)])
        guard let state = states.first else { return .wrongToken }
        if let used = state.usedFor { return used == attempt.requestHash ? nil : .usedToken }
        return state.expires <= attempt.nowMilliseconds ? .expiredToken : nil
    }

    /// The certificate that the same request got by the same door not long ago.
    private func earlierAnswer() throws(FleetStoreError) -> EnrolledCertificate? {
        let since = attempt.nowMilliseconds.subtractingReportingOverflow(
            EnrolmentAttempt.repeatWindow)
        let found: [EnrolledCertificate] = try database.rows(
            """
            SELECT \(EnrolledCertificate.columns) FROM issued_certificate
            WHERE gateway = ?1 AND request_hash = ?2 AND door = ?3 AND issued_ms > ?4
            AND not_after_ms > ?5 ORDER BY issued_ms DESC LIMIT 1
            """,
            [
                .text(attempt.gateway), .text(attempt.requestHash), .text(attempt.door.rawValue),
                .number(since.overflow ? .min : since.partialValue),
                .number(attempt.nowMilliseconds),
            ])
        return found.first
    }

    private func isApproved() throws(FleetStoreError) -> Bool {
        let decided: [RowText] = try database.rows(
            """
            SELECT decided_by FROM pending_enrolment
            WHERE device = ?1 AND request_hash = ?2 AND decided_by IS NOT NULL
            """, [.text(attempt.gateway), .text(attempt.requestHash)])
        return !decided.isEmpty
    }

    /// Notes that the request waits; another request of the gateway before it is forgotten.
    private func wait() throws(FleetStoreError) {
        let parameters: [SQLValue] = [
            .text(attempt.gateway), .text(attempt.requestHash), .text(attempt.door.rawValue),
            .number(attempt.nowMilliseconds),
        ]
        try database.run(
            "DELETE FROM pending_enrolment WHERE device = ?1 AND request_hash <> ?2",
            Array(parameters.prefix(2)))
        try database.run(
            """
            INSERT INTO pending_enrolment (device, request_hash, door, first_ms, last_ms)
            VALUES (?1, ?2, ?3, ?4, ?4)
            ON CONFLICT (device) DO UPDATE SET last_ms = excluded.last_ms, door = excluded.door
            """, parameters)
    }

    private func keep(_ certificate: EnrolledCertificate) throws(FleetStoreError) {
        try database.run(
            """
            INSERT INTO issued_certificate (\(EnrolledCertificate.columns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """, certificate.parameters)
        try database.run(
            "DELETE FROM pending_enrolment WHERE device = ?1", [.text(attempt.gateway)])
        guard attempt.door == .token else { return }
        try database.run(
            "UPDATE device_token SET used_ms = ?3, used_for = ?4 WHERE hash = ?1 AND device = ?2",
            [
                .text(attempt.tokenHash ?? ""), .text(attempt.gateway),
                .number(attempt.nowMilliseconds), .text(attempt.requestHash),
            ])
    }
}
