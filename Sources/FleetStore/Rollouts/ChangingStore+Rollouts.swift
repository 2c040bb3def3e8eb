/// A gateway in the rollout of a name.
private struct NamedAttempt: RowReadable {
    let rollout: String
    let attempt: RolloutGatewayRecord

    init(from row: inout some RowSource) {
        rollout = row.word()
        attempt = RolloutGatewayRecord(from: &row)
    }
}

extension ChangingStore {
    package func addRollout(
        _ rollout: RolloutRecord, gateways: [RolloutGatewayRecord], note: RolloutNote,
        asked: ToldRequest?
    ) throws(FleetStoreError) -> RolloutAdding {
        try change("add a rollout") { database throws(FleetStoreError) in
            try database.takeRolloutTurn()
            let (claim, user) = try database.claim(asked)
            guard claim == .new else { return .claimed(claim) }
            if let user, try !database.sees(user, all: gateways.map(\.gateway)) {
                return .claimed(.denied)
            }
            let taken: [RowText] = try database.rows(
                "SELECT id FROM rollout WHERE id = ?1", [.text(rollout.id)])
            guard taken.isEmpty else { return .taken }
            let inOthers: [BusyGateway] = try database.rows(
                """
                SELECT a.gateway, a.rollout FROM rollout r
                JOIN rollout_gateway a ON a.rollout = r.id WHERE r.is_over = 0
                """, [])
            let wanted = Set(gateways.map(\.gateway))
            let busy = inOthers.filter { wanted.contains($0.gateway) }
            guard busy.isEmpty else { return .busy(busy.sorted { $0.gateway < $1.gateway }) }
            try database.run(
                """
                INSERT INTO rollout (\(RolloutRecord.columns))
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                """, rollout.parameters)
            for gateway in gateways {
                try database.run(
                    """
                    INSERT INTO rollout_gateway (\(RolloutGatewayRecord.columns), rollout)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
                    """, gateway.parameters + [.text(rollout.id)])
            }
            try database.add(note, to: rollout.id)
            if let asked, let user { try database.finish(asked, by: user) }
            return .added
        }
    }

    package func rollouts() throws(FleetStoreError) -> [RolloutRecord] {
        let rollouts: [RolloutRecord] = try read { database throws(FleetStoreError) in
            try database.rows("SELECT \(RolloutRecord.columns) FROM rollout", [])
        }
        return rollouts.sorted { ($1.madeMilliseconds, $0.id) < ($0.madeMilliseconds, $1.id) }
    }

    package func rollout(_ id: String) throws(FleetStoreError) -> RolloutRecord? {
        let found: [RolloutRecord] = try read { database throws(FleetStoreError) in
            try database.rows(
                "SELECT \(RolloutRecord.columns) FROM rollout WHERE id = ?1", [.text(id)])
        }
        return found.first
    }

    package func gateways(
        of rollout: String
    ) throws(FleetStoreError) -> [RolloutGatewayRecord] {
        try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT \(RolloutGatewayRecord.columns) FROM rollout_gateway
                WHERE rollout = ?1 ORDER BY place
                """, [.text(rollout)])
        }
    }

    package func gatewayCounts() throws(FleetStoreError) -> [RolloutGatewayCount] {
        try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT rollout, wave, state, failure, count(*) FROM rollout_gateway
                GROUP BY rollout, wave, state, failure
                """, [])
        }
    }

    package func notes(of rollout: String) throws(FleetStoreError) -> [RolloutNote] {
        try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT made_ms, author, what, detail FROM rollout_note
                WHERE rollout = ?1 ORDER BY number
                """, [.text(rollout)])
        }
    }

    package func keep(
        _ change: RolloutChange, asked: ToldRequest?
    ) throws(FleetStoreError) -> RolloutKeeping {
        try self.change("keep a step of a rollout") { database throws(FleetStoreError) in
            try database.takeRolloutTurn()
            let rollout = change.rollout
            let (claim, user) = try database.claim(asked)
            guard claim == .new else { return .claimed(claim) }
            if let user, try !database.sees(user, rollout: rollout.id) {
                return .claimed(.denied)
            }
            let kept: [RowText] = try database.rows(
                """
                UPDATE rollout SET revision = revision + 1, state = ?3, is_over = ?4, wave = ?5,
                reason = ?6, since_ms = ?7 WHERE id = ?1 AND revision = ?2 RETURNING id
                """,
                [
                    .text(rollout.id), .number(rollout.revision), .text(rollout.state),
                    .number(rollout.isOver ? 1 : 0), .number(Int64(rollout.wave)),
                    .text(rollout.reason), .number(rollout.sinceMilliseconds),
                ])
            guard !kept.isEmpty else { return .late }
            for gateway in change.gateways { try database.keep(gateway, of: rollout.id) }
            for assignment in change.assignments { try database.keep(assignment) }
            for published in change.published {
                try database.run(
                    """
                    UPDATE assignment SET is_published = 1
                    WHERE gateway = ?1 AND release = ?2 AND made_ms = ?3
                    """,
                    [
                        .text(published.gateway), .number(published.release),
                        .number(published.madeMilliseconds),
                    ])
            }
            for note in change.notes { try database.add(note, to: rollout.id) }
            if let asked, let user { try database.finish(asked, by: user) }
            return .kept
        }
    }

    package func assignments() throws(FleetStoreError) -> [AssignmentRecord] {
        let assignments: [AssignmentRecord] = try read { database throws(FleetStoreError) in
            try database.rows("SELECT \(AssignmentRecord.columns) FROM assignment", [])
        }
        return assignments.sorted { $0.gateway < $1.gateway }
    }

    package func replace(
        _ replacements: [AssignmentReplacement], notes: [(rollout: String, note: RolloutNote)]
    ) throws(FleetStoreError) -> [String] {
        try change("replace assignments") { database throws(FleetStoreError) in
            try database.takeRolloutTurn()
            var replaced: [String] = []
            for replacement in replacements where try database.replace(replacement) {
                replaced.append(replacement.old.gateway)
            }
            guard !replaced.isEmpty else { return [] }
            for (rollout, note) in notes { try database.add(note, to: rollout) }
            return replaced
        }
    }

    package func attempts(
        of gateway: String
    ) throws(FleetStoreError) -> [(rollout: String, attempt: RolloutGatewayRecord)] {
        let attempts: [NamedAttempt] = try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT rollout, \(RolloutGatewayRecord.columns) FROM rollout_gateway
                WHERE gateway = ?1
                """, [.text(gateway)])
        }
        return attempts.sorted { $0.rollout < $1.rollout }.map { ($0.rollout, $0.attempt) }
    }

    package func assignmentTurn() throws(FleetStoreError) -> Int64 {
        let turns: [Int64] = try read { database throws(FleetStoreError) in
            try database.rows("SELECT taken FROM rollout_turn WHERE id = 1", [])
        }
        return turns.first ?? 0
    }

    package func updateEventCount(since: Int64) throws(FleetStoreError) -> Int64 {
        let counts: [Int64] = try read { database throws(FleetStoreError) in
            try database.rows(Queries.updateEventCount, [.number(since)])
        }
        return counts.first ?? 0
    }

    package func updateEvents(
        since: Int64
    ) throws(FleetStoreError) -> [StoredSample<EventSample>] {
        try read { database throws(FleetStoreError) in
            try database.rows(Queries.updateEvents, [.number(since)])
        }
    }
}

extension FleetDatabase {
    /// Whether something shall be done, and for which user; nobody is asked when none asks.
    fileprivate func claim(
        _ asked: ToldRequest?
    ) throws(FleetStoreError) -> (claim: RequestClaim, user: User?) {
        guard let asked else { return (.new, nil) }
        return try begin(asked)
    }

    /// Two that change rollouts at once take turns here.
    fileprivate func takeRolloutTurn() throws(FleetStoreError) {
        try run("UPDATE rollout_turn SET taken = taken + 1 WHERE id = 1")
    }

    fileprivate func keep(
        _ gateway: RolloutGatewayRecord, of rollout: String
    ) throws(FleetStoreError) {
        try run(
            """
            UPDATE rollout_gateway SET place = ?2, wave = ?3, zone = ?4, state = ?5, failure = ?6,
            words = ?7, release = ?8, return_release = ?9, previous = ?10, baseline = ?11,
            since_ms = ?12, told_ms = ?13, deadline_ms = ?14, good_ms = ?15
            WHERE gateway = ?1 AND rollout = ?16
            """, gateway.parameters + [.text(rollout)])
    }

    /// Puts an assignment in place of the one before, whose counter is lower.
    fileprivate func keep(_ assignment: AssignmentRecord) throws(FleetStoreError) {
        try run(
            """
            INSERT INTO assignment (\(AssignmentRecord.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (gateway) DO UPDATE SET release = excluded.release,
            rollout = excluded.rollout, document = excluded.document,
            set_text = excluded.set_text, made_ms = excluded.made_ms,
            is_published = excluded.is_published WHERE assignment.release < excluded.release
            """, assignment.parameters)
    }

    /// Whether the old one was still there, and its counter is not higher than the new one's.
    fileprivate func replace(
        _ replacement: AssignmentReplacement
    ) throws(FleetStoreError) -> Bool {
        let (old, new) = (replacement.old, replacement.new)
        let replaced: [RowText] = try rows(
            """
            UPDATE assignment SET release = ?4, rollout = ?5, document = ?6, set_text = ?7,
            made_ms = ?8, is_published = 0 WHERE gateway = ?1 AND release = ?2 AND made_ms = ?3
            AND release <= ?4 RETURNING gateway
            """,
            [
                .text(old.gateway), .number(old.release), .number(old.madeMilliseconds),
                .number(new.release), .text(new.rollout), .text(new.document), .text(new.set),
                .number(new.madeMilliseconds),
            ])
        return !replaced.isEmpty
    }

    fileprivate func add(_ note: RolloutNote, to rollout: String) throws(FleetStoreError) {
        try run(
            """
            INSERT INTO rollout_note (rollout, number, made_ms, author, what, detail)
            SELECT CAST(?1 AS text), coalesce(max(number), 0) + 1, CAST(?2 AS bigint), CAST(?3 AS text),
            CAST(?4 AS text), CAST(?5 AS text) FROM rollout_note
            WHERE rollout = ?1
            """,
            [
                .text(rollout), .number(note.madeMilliseconds), .text(note.author),
                .text(note.what), .text(note.detail),
            ])
    }
}
