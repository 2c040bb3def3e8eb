import FleetStore
import HTTPTypes
import History
import Telemetry

/// What is worked out of measurements: the fleet in numbers, energy, what comes next, and how batteries age.
extension UserRoutes {
    static let views: [UserRoute] = [
        UserRoute(method: .get, path: "/v1/summary", scope: .read, answer: summary),
        UserRoute(method: .get, path: "/v1/gateways/{id}/energy", scope: .read, answer: energy),
        UserRoute(method: .get, path: "/v1/gateways/{id}/outlook", scope: .read, answer: outlook),
        UserRoute(
            method: .get, path: "/v1/gateways/{id}/condition", scope: .read, answer: condition),
    ]

    @Sendable static func summary(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try asked.query.finish()
        let (sight, now) = (asked.sight, asked.now)
        let live = Freshness.liveMoments(now: now)
        let found = try await desk.ask {
            try $0.summary(within: sight, liveFrom: live.lowerBound, liveTo: live.upperBound)
        }
        return Reply(bytes: Documents.one { Documents.summary(found, to: &$0) })
    }

    @Sendable static func energy(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let (id, seenFrom) = try await seenSince(asked, desk)
        var query = asked.query
        let words = CalendarPeriod.allCases.map(\.rawValue)
        let period = query.word("by", words).flatMap { CalendarPeriod(rawValue: $0) } ?? .day
        let pack = Int32(query.number("pack", 0...16) ?? 0)
        let to = query.moment("to") ?? asked.now
        let from = query.moment("from") ?? to.addingSaturated(-EnergyDocument.usual(period))
        if from >= to { query.refuse("from", "expected a moment before 'to'") }
        try query.finish()
        let now = asked.now
        let document = try await desk.ask { store in
            let calendar = try store.calendar(ofGateway: id)
            guard
                let boundaries = calendar.boundaries(
                    period, from: from, to: to, most: EnergyDocument.mostPeriods)
            else {
                throw Problem(
                    .queryInvalid, "see errors for each parameter",
                    faults: [
                        .init(
                            place: "from",
                            words: "expected at most \(EnergyDocument.mostPeriods) periods by "
                                + "\(period.rawValue) until 'to'")
                    ])
            }
            let periods = try store.energy(
                gateway: id, pack: pack, boundaries: boundaries, seenFrom: seenFrom)
            let condition = try store.condition(
                gateway: id, pack: pack, now: now, seenFrom: seenFrom)
            return EnergyDocument(
                gateway: id, pack: pack, by: period, zone: calendar.zone, periods: periods,
                capacity: condition?.cycles.capacity)
        }
        return Reply(bytes: document.bytes)
    }

    @Sendable static func outlook(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let (id, seenFrom) = try await seenSince(asked, desk)
        try asked.query.finish()
        let now = asked.now
        let outlook = try await desk.ask {
            try $0.outlook(gateway: id, now: now, seenFrom: seenFrom)
        }
        return Reply(bytes: OutlookDocument(gateway: id, outlook: outlook).bytes)
    }

    @Sendable static func condition(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let (id, seenFrom) = try await seenSince(asked, desk)
        try asked.query.finish()
        let now = asked.now
        let document = try await desk.ask { store in
            let newest = try store.newest(of: id, seenFrom: seenFrom)
            var document = ConditionDocument(
                gateway: id, newest: newest,
                bank: try store.condition(gateway: id, pack: 0, now: now, seenFrom: seenFrom))
            for pack in newest?.packs ?? [] {
                let found = try store.condition(
                    gateway: id, pack: pack.pack, now: now, seenFrom: seenFrom)
                document.packs.append((pack, found))
            }
            return document
        }
        return Reply(bytes: document.bytes)
    }
}

extension Documents {
    static func summary(_ summary: FleetSummary, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("gateways", summary.gateways)
            writer.member("live", summary.live)
            writer.member("stale", summary.stale)
            writer.member("silent", summary.silent)
            writer.member("never", summary.never)
            writer.name("alarms")
            writer.object { writer in
                writer.member("fault", summary.faults)
                writer.member("protection", summary.protections)
                writer.member("warning", summary.warnings)
                writer.member("information", summary.informations)
            }
            writer.member("unacknowledged", summary.unacknowledged)
        }
    }
}
