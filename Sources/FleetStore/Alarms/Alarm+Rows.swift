extension Alarm: RowReadable {
    static let names = [
        "code", "level", "pack", "raised_ms", "last_ms", "cleared_ms", "ending", "times",
        "message", "acknowledged_ms", "acknowledged_by",
    ]

    static func columns(of table: String) -> String {
        names.map { "\(table).\($0)" }.joined(separator: ", ")
    }

    /// The same without the names of those who acknowledged an alarm before a time.
    static func columns(of table: String, acknowledgedFrom time: String) -> String {
        let others = names.dropLast().map { "\(table).\($0)" }.joined(separator: ", ")
        return """
            \(others), CASE WHEN \(table).acknowledged_ms < \(time) THEN ''
            ELSE \(table).acknowledged_by END
            """
    }

    /// The gateway's name comes before the columns.
    init(from row: inout some RowSource) {
        func optional(_ time: Int64) -> Int64? { time == 0 ? nil : time }
        let subject = AlarmSubject(
            gateway: row.word(), code: row.word(), level: row.word(), pack: row.number())
        self.init(subject, raised: row.wide(), text: "")
        last = row.wide()
        cleared = optional(row.wide())
        ending = Ending(rawValue: row.word()) ?? .cleared
        times = row.number()
        text = row.word()
        acknowledged = optional(row.wide())
        acknowledgedBy = row.word()
    }

    var parameters: [SQLValue] {
        [
            .text(subject.code), .text(subject.level), .number(Int64(subject.pack)),
            .number(raised), .number(last), .number(cleared ?? 0), .text(ending.rawValue),
            .number(Int64(times)), .text(text), .number(acknowledged ?? 0),
            .text(acknowledgedBy),
        ]
    }
}

extension AlarmCause: RowReadable {
    init(from row: inout some RowSource) {
        code = row.word()
        level = row.word()
        alarms = row.wide()
        gateways = row.wide()
        unacknowledged = row.wide()
        oldest = row.wide()
        newest = row.wide()
    }
}

extension AlarmFilter {
    /// From when on a viewer, ?2, may know what was recorded of a gateway `g`.
    private static let seenFrom = """
        (SELECT f.seen_from_ms FROM gateway_viewer f WHERE f.viewer = ?2 AND f.gateway = g.name)
        """

    /// The statement, the newest first, and its parameters.
    var query: (statement: String, parameters: [SQLValue]) {
        var conditions: [String] = []
        var parameters: [SQLValue] = []
        var columns = Alarm.columns(of: "a")
        func place(_ value: SQLValue) -> String {
            parameters.append(value)
            return "?\(parameters.count)"
        }
        if let sight {
            // its parameters are the first
            let seen = GatewayQuery.condition(sight)
            parameters = seen.parameters
            conditions.append(
                "EXISTS (SELECT 1 FROM tenant_gateway t WHERE t.gateway = g.name AND \(seen.text))")
            if sight.viewer != nil {
                // what was over when the viewer came is none of theirs; what stands is
                conditions.append("(a.cleared_ms = 0 OR a.cleared_ms >= \(Self.seenFrom))")
                columns = Alarm.columns(of: "a", acknowledgedFrom: Self.seenFrom)
            }
        }
        if let gateway { conditions.append("g.name = \(place(.text(gateway)))") }
        if let code { conditions.append("a.code = \(place(.text(code)))") }
        if isOpenOnly { conditions.append("a.cleared_ms = 0") }
        if let after {
            let subject = after.subject
            let row = [
                place(.number(after.raised)), place(.text(subject.gateway)),
                place(.text(subject.code)), place(.text(subject.level)),
                place(.number(Int64(subject.pack))),
            ]
            conditions.append(
                "(a.raised_ms, g.name, a.code, a.level, a.pack) < (\(row.joined(separator: ", ")))")
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let statement = """
            SELECT g.name, \(columns)
            FROM alarm a JOIN gateway g ON g.id = a.gateway \(condition)
            ORDER BY a.raised_ms DESC, g.name DESC, a.code DESC, a.level DESC, a.pack DESC
            LIMIT \(place(.number(Int64(max(0, limit)))))
            """
        return (statement, parameters)
    }
}

/// A gateway whose alarms have to be made again.
struct DueGateway: RowReadable {
    let name: String
    let id: Int64
    let marks: Int64

    init(from row: inout some RowSource) {
        name = row.word()
        id = row.wide()
        marks = row.wide()
    }
}

/// When a gateway measured last.
struct NewestMeasurement: RowReadable {
    let gateway: String
    let made: Int64

    init(from row: inout some RowSource) {
        gateway = row.word()
        made = row.wide()
    }
}

/// An event, as alarms are made of it.
struct AlarmEntryRow: RowReadable {
    let entry: AlarmFold.Entry

    init(from row: inout some RowSource) {
        let change = row.word()
        let code = row.word()
        let level = row.word()
        let pack = row.number()
        // a gateway that has begun anew says so as something it noticed
        let kind: AlarmFold.Entry.Change =
            change == "raised" ? .raised : change == "cleared" ? .cleared : .started
        entry = AlarmFold.Entry(
            change: kind, code: code, level: level, pack: pack, time: row.wide(),
            epoch: row.wide(), sequence: row.wide(), text: row.word())
    }
}

/// A word about an alarm, as alarms are made of it.
struct AlarmWordRow: RowReadable {
    let entry: AlarmFold.Entry

    init(from row: inout some RowSource) {
        let kind = AlarmWord.Kind(rawValue: row.word())
        let code = row.word()
        let level = row.word()
        let pack = row.number()
        let time = row.wide()
        let author = row.word()
        let change: AlarmFold.Entry.Change =
            switch kind {
            case .raised: .raised
            case .cleared: .cleared
            case .acknowledged, nil: .acknowledged(by: author)
            }
        entry = AlarmFold.Entry(
            change: change, code: code, level: level, pack: pack, time: time, text: row.word(),
            isWord: true)
    }
}
