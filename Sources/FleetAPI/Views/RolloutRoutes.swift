import FleetStore
import HTTPTypes
import Rollouts
import StrictJSON
import Telemetry

/// Profile sets, and the rollouts that give them to gateways.
extension UserRoutes {
    static let rollouts: [UserRoute] =
        [
            UserRoute(
                method: .get, path: "/v1/profile-sets", scope: .rollOut, answer: profileSets),
            UserRoute(method: .get, path: "/v1/rollouts", scope: .rollOut, answer: listRollouts),
            UserRoute(method: .post, path: "/v1/rollouts", scope: .rollOut, answer: makeRollout),
            UserRoute(
                method: .post, path: "/v1/rollout-previews", scope: .rollOut,
                answer: previewRollout),
            UserRoute(
                method: .get, path: "/v1/rollouts/{rollout}", scope: .rollOut, answer: rollout),
        ]
        + [
            (Rollout.Decision.pause, AuditAction.rolloutPause), (.resume, .rolloutResume),
            (.abort, .rolloutAbort), (.approve, .rolloutApprove),
        ].map { decision, action in
            UserRoute(
                method: .post, path: "/v1/rollouts/{rollout}/\(decision.rawValue)", scope: .rollOut
            ) { asked, desk in try await decide(decision, told: action, asked, desk) }
        }

    @Sendable static func profileSets(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try asked.query.finish()
        let catalogue = try desk.openCatalogue()
        let found = try await desk.ask { _ in try desk.reading { try catalogue.published() } }
        for set in found.damaged { desk.note("a published profile set is damaged", set) }
        let whole = found.whole.sorted { ($0.set, -$0.release) < ($1.set, -$1.release) }
        let damaged = found.damaged.sorted { ($0.set, -$0.release) < ($1.set, -$1.release) }
        return Reply(
            bytes: Documents.one { writer in
                writer.object { writer in
                    writer.name("items")
                    writer.array { writer in for set in whole { write(set, to: &writer) } }
                    writer.name("damaged")
                    writer.array { writer in for set in damaged { write(set, to: &writer) } }
                    writer.member("next_cursor", nil as String?)
                }
            })
    }

    private static func write(_ set: SetRelease, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("set", set.set)
            writer.member("version", set.version)
            writer.member("release", set.release)
            writer.member("sha256", set.sha256)
            writer.member("least_runtime", set.leastRuntime)
            writer.name("hardware")
            writer.array { writer in for model in set.hardware { writer.string(model) } }
        }
    }

    private static func write(_ set: DamagedRelease, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("set", set.set)
            writer.member("version", set.version)
            writer.member("release", set.release)
            writer.member("problem", set.problem)
            writer.member("detail", set.detail)
        }
    }

    @Sendable static func listRollouts(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try asked.query.finish()
        let sight = asked.sight
        let found = try await desk.ask { store in
            let own = Set(try store.rolloutNames(within: sight))
            return try RolloutAnswers.asking {
                try RolloutDesk(store: store, clock: .system).rollouts()
                    .filter { own.contains($0.plan.id) }.prefix(RolloutAnswers.most)
            }
        }
        return Reply(
            bytes: Documents.list(Array(found), next: nil) { summary, writer in
                writer.object { writer in RolloutJSON.write(summary, to: &writer) }
            }, isTagged: true)
    }

    @Sendable static func rollout(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        var query = asked.query
        let limit = query.number("limit", 1...500) ?? 100
        let cursor = query.cursor()
        try query.finish()
        let id = asked.parameter
        let after = try Cursor.place(cursor) { text -> Int? in
            guard let parts = Cursor.parts("rollout", text, count: 2), parts[0] == id else {
                return nil
            }
            return Int(parts[1])
        }
        let sight = asked.sight
        let document = try await desk.ask { store in
            try RolloutAnswers.document(id, within: sight, store, after: after ?? -1, limit: limit)
        }
        return Reply(bytes: document)
    }

    @Sendable static func makeRollout(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try asked.query.finish()
        let (request, content) = try await RolloutAnswers.request(asked, "create")
        let (sight, now, user) = (asked.sight, asked.now, asked.bearer.user)
        let reader = try RolloutReader(content, author: user.name)
        let catalogue = try desk.openCatalogue()
        return try await desk.ask { store in
            let (rollouts, plan, own) = try RolloutAnswers.plan(
                reader, catalogue, tenant: user.tenant, store, desk)
            try RolloutAnswers.once(request, store, .rolloutMade, plan.id) { asked in
                _ = try rollouts.create(plan, at: now, among: own, asked: asked)
            }
            return Reply(
                bytes: try RolloutAnswers.document(
                    plan.id, within: sight, store, after: -1, limit: 100), isTagged: false)
        }
    }

    private static func decide(
        _ decision: Rollout.Decision, told action: AuditAction, _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        try asked.query.finish()
        let (request, content) = try await RolloutAnswers.request(asked, decision.rawValue)
        let (note, keeps) = try RolloutAnswers.words(content, mayKeep: decision == .abort)
        let (id, sight, now, user) = (asked.parameter, asked.sight, asked.now, asked.bearer.user)
        return try await desk.ask { store in
            guard try store.rolloutNames(within: sight).contains(id) else { throw Problem.absent }
            try RolloutAnswers.once(request, store, action, id) { asked in
                _ = try RolloutDesk(store: store, clock: .system).decide(
                    keeps ? .abandon : decision, on: id, by: user.name, note: note, at: now,
                    asked: asked)
            }
            return Reply(
                bytes: try RolloutAnswers.document(
                    id, within: sight, store, after: -1, limit: 100), isTagged: false)
        }
    }
}

/// What the routes of rollouts have in common.
enum RolloutAnswers {
    /// The most rollouts of a list, the newest first.
    static let most = 500

    /// The request by its key, and its content.
    static func request(
        _ asked: Asked, _ what: String
    ) async throws -> (request: KeptRequest, content: [UInt8]) {
        let key = asked.request.headers[AcknowledgementReader.keyName]
        guard let key, AcknowledgementReader.isKey(key) else { throw Problem.keyMissing }
        let content = try await Content.read(
            asked.request, most: UserResponder.mostBytes, seconds: asked.bodySeconds)
        let meaning = Array("\(what)\n\(asked.parameter)\n".utf8) + content
        let request = KeptRequest(
            user: asked.bearer.user.name, key: key, hash: Digest.hex(meaning), now: asked.now)
        return (request, content)
    }

    /// What somebody says to a decision.
    static func words(_ content: [UInt8], mayKeep: Bool) throws -> (note: String, keeps: Bool) {
        let faults = FaultList()
        guard var section = JSONSection(parsing: content, faults: faults) else {
            throw Problem.body(faults)
        }
        let note = section.string("note") ?? ""
        if note.unicodeScalars.count > 500 || note.utf8.contains(0) {
            section.fault("note", "has more than 500 characters, or one that is none of a text")
        }
        let keeps = mayKeep ? section.bool("keep", default: false) : false
        section.finish()
        guard faults.faults.isEmpty else { throw Problem.body(faults) }
        return (note, keeps)
    }

    /// The plan that somebody asks for, and those of the tenant's gateways that are known, of which it may speak.
    static func plan(
        _ reader: RolloutReader, _ catalogue: ProfileCatalogue, tenant: String,
        _ store: any ViewStore, _ desk: ViewDesk
    ) throws -> (rollouts: RolloutDesk, plan: RolloutPlan, own: Set<String>) {
        let rollouts = RolloutDesk(store: store, clock: .system)
        let known = Set(try asking { try rollouts.gateways() })
        let own = try store.gateways(ofTenant: tenant).filter(known.contains)
        let plan = try desk.reading { try reader.plan(catalogue, tenant: tenant, own: own) }
        return (rollouts, plan, Set(own))
    }

    /// Does something once for a key; the store tells of it in the transaction that does it.
    static func once(
        _ request: KeptRequest, _ store: any ViewStore, _ action: AuditAction, _ subject: String,
        _ body: (ToldRequest) throws -> Void
    ) throws {
        let asked = ToldRequest(request, scope: .rollOut, action: action, subject: subject)
        guard try isNew(store.claim(of: request)) else { return }
        do {
            try asking { try body(asked) }
        } catch RolloutDeskError.claimed(let claim) {
            _ = try isNew(claim)
        } catch let problem as Problem {
            // refused because the same was done at this very moment
            guard try store.claim(of: request) == .done else { throw problem }
        }
    }

    /// Whether something is to be done; throws when it must not be.
    private static func isNew(_ claim: RequestClaim) throws -> Bool {
        switch claim {
        case .new: return true
        case .done: return false
        case .keyTaken:
            throw Problem(.keyReused, "expected a key of its own for each request")
        case .denied: throw Problem.absent
        }
    }

    /// A rollout with a page of its gateways, when all of them are seen.
    static func document(
        _ id: String, within sight: GatewaySight, _ store: any ViewStore, after: Int, limit: Int
    ) throws -> [UInt8] {
        guard try store.rolloutNames(within: sight).contains(id) else { throw Problem.absent }
        let (made, rollout, notes) = try asking {
            try RolloutDesk(store: store, clock: .system).rollout(id)
        }
        let rest = rollout.attempts.filter { $0.place > after }
        let page = rest.prefix(limit)
        let next =
            rest.count > limit
            ? page.last.map { Cursor.text("rollout", [id, "\($0.place)"]) } : nil
        let plan = rollout.plan
        return Documents.one { writer in
            writer.object { writer in
                RolloutJSON.write(RolloutSummary(rollout, made: made), to: &writer)
                writer.member("author", plan.author)
                writer.member("note", plan.note)
                writer.member("approval", plan.approval.rawValue)
                writer.name("gateways")
                writer.array { writer in
                    for attempt in page { RolloutJSON.write(attempt, to: &writer) }
                }
                writer.name("history")
                writer.array { writer in
                    for note in notes { RolloutJSON.write(note, to: &writer) }
                }
                writer.member("next_cursor", next)
            }
        }
    }

    /// Turns what the desk throws into problems.
    static func asking<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as RolloutDeskError {
            switch error {
            case .store(let error): throw error
            case .claimed: throw error
            case .fault(let fault):
                throw Problem(
                    .rolloutRefused, "see errors",
                    faults: fault.sentences.prefix(20).map {
                        .init(place: "", words: $0, said: RolloutWords.refusal($0))
                    })
            }
        }
    }
}

extension ViewDesk {
    /// The catalogue; throws when the server was given none.
    func openCatalogue() throws -> ProfileCatalogue {
        guard let catalogue else {
            throw Problem(
                .storeUnavailable, "no repository of profile sets is there",
                headers: [.retryAfter: "60"])
        }
        return catalogue
    }

    /// Reads the repository; its words name folders, which is nothing for those who ask.
    func reading<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let problem as Problem {
            throw problem
        } catch {
            note("the repository of profile sets could not be read", error)
            throw Problem(
                .storeUnavailable, "the profile sets cannot be read now",
                headers: [.retryAfter: "60"])
        }
    }
}
