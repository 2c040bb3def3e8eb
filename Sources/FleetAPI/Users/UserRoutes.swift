import Alarms
import FleetStore
import HTTPTypes
import History
import Hummingbird
import NIOCore
import Telemetry
import Views

/// What is asked, by whom.
struct Asked: Sendable {
    let request: Request
    let bearer: TokenBearer
    /// What stands in the address where the route has a name in braces.
    let parameter: String
    /// Unix time in milliseconds.
    let now: Int64
    /// Seconds in which a body has to be there.
    let bodySeconds: Int
    /// The server that was asked.
    let house: UserResponder
    /// The connection, for answers that go on until it ends.
    let channel: any Channel

    var sight: GatewaySight { bearer.user.sight }
    var query: Query { Query(request.uri.query) }
}

/// What somebody asks who is not signed in.
struct Stranger {
    let request: Request
    /// The address of the other end, without its port; empty when there is none.
    let address: String
    /// Unix time in milliseconds.
    let now: Int64
    let house: UserResponder
}

/// An answer before it is sent: what it says and in which form.
struct Reply {
    var bytes: [UInt8]
    var type = "application/json"
    /// Whether it is worth a tag; what carries an age is another one each time.
    var isTagged = true
    /// The tag, when it is not made of the bytes alone.
    var tag: String?
    var status = HTTPResponse.Status.ok
    /// Fields beside those that every answer has.
    var headers: HTTPFields = [:]
    /// In place of `bytes`, what goes on for as long as somebody listens.
    var stream: ResponseBody?
}

/// One thing that can be asked for; there are no others than ``UserRoutes/all``.
struct UserRoute: Sendable {
    let method: HTTPRequest.Method
    /// As the contract writes it, with at most one name in braces.
    let path: String
    let answer: Answer

    /// Who may ask, and what answers.
    enum Answer: Sendable {
        /// Whoever is signed in and may do this.
        case signedIn(AccessScope, @Sendable (Asked, ViewDesk) async throws -> Reply)
        /// Everybody.
        case anybody(@Sendable (Stranger) async throws -> Response)
    }

    /// What the token has to allow; nil needs none.
    var scope: AccessScope? {
        if case .signedIn(let scope, _) = answer { scope } else { nil }
    }

    /// For whoever is signed in and may do this.
    init(
        method: HTTPRequest.Method, path: String, scope: AccessScope,
        answer: @escaping @Sendable (Asked, ViewDesk) async throws -> Reply
    ) {
        (self.method, self.path, self.answer) = (method, path, .signedIn(scope, answer))
    }

    /// For everybody.
    init(
        method: HTTPRequest.Method, path: String,
        anybody: @escaping @Sendable (Stranger) async throws -> Response
    ) {
        (self.method, self.path, answer) = (method, path, .anybody(anybody))
    }

    /// What stands in the address for the name in braces, empty when there is none; nil for another address.
    func parameter(in address: [Substring]) -> String? {
        RoutePath.parameter(of: path, in: address)
    }
}

/// The routes of the API.
enum UserRoutes {
    static let all: [UserRoute] =
        looking + views + session + events + codes + guests + tokens + admin + describing
        + configuring + grouping + rollouts + notify + persons + [Contract.route]

    private static let looking: [UserRoute] = [
        UserRoute(method: .get, path: "/v1/gateways", scope: .read, answer: gateways),
        UserRoute(method: .get, path: "/v1/gateways/{id}", scope: .read, answer: gateway),
        UserRoute(method: .get, path: "/v1/gateways/{id}/live", scope: .read, answer: live),
        UserRoute(method: .get, path: "/v1/gateways/{id}/history", scope: .read, answer: history),
        UserRoute(method: .get, path: "/v1/alarms", scope: .read, answer: alarms),
        UserRoute(method: .get, path: "/v1/alarm-causes", scope: .read, answer: causes),
        UserRoute(
            method: .get, path: "/v1/alarm-texts/{language}", scope: .read, answer: texts),
        UserRoute(
            method: .post, path: "/v1/alarms/acknowledge", scope: .acknowledge,
            answer: acknowledge),
    ]

    @Sendable static func gateways(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        var query = asked.query
        var page = GatewayPage(within: asked.sight)
        let isAlarmFirst = query.word("order", ["id", "alarm"]) == "alarm"
        page.isAlarmFirst = isAlarmFirst
        page.filter = query.gateways(now: asked.now)
        if page.filter.group != nil, !asked.bearer.scopes.contains(.configure) {
            throw Problem(
                .scopeMissing, "'group' is for those who may '\(AccessScope.configure.rawValue)'")
        }
        let limit = query.number("limit", 1...500) ?? 100
        let cursor = query.cursor()
        try query.finish()
        page.after = try Cursor.place(cursor) { Cursor.gateway($0, isAlarmFirst: isAlarmFirst) }
        page.limit = limit + 1
        let wanted = page
        let found = try await desk.ask { try $0.gateways(wanted) }
        let items = Array(found.prefix(limit))
        let next = found.count > limit ? items.last : nil
        return Reply(
            bytes: Documents.list(
                items,
                next: next.map {
                    Cursor.gateway(
                        $0.place(isAlarmFirst: isAlarmFirst), isAlarmFirst: isAlarmFirst)
                }
            ) { Documents.gateway($0, now: asked.now, to: &$1) })
    }

    @Sendable static func gateway(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let found = try await seen(asked, desk)
        try asked.query.finish()
        let bytes = Documents.one { Documents.gateway(found, now: asked.now, to: &$0) }
        return Reply(
            bytes: bytes, tag: GatewayTag.whole(bytes, label: found.label, zone: found.zone))
    }

    @Sendable static func live(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let (id, seenFrom) = try await seenSince(asked, desk)
        try asked.query.finish()
        let newest = try await desk.ask { try $0.newest(of: id, seenFrom: seenFrom) }
        let document = LiveDocument(gateway: id, newest: newest, now: asked.now)
        return Reply(bytes: document.bytes, isTagged: false)
    }

    @Sendable static func history(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let (id, seenFrom) = try await seenSince(asked, desk)
        let form = try Accept.form(asked.request.headers[.accept])
        var query = asked.query
        let names = Quantity.allCases.map(\.rawValue)
        query.require("quantity")
        let quantity = query.word("quantity", names).flatMap { Quantity(rawValue: $0) }
        let pack = query.number("pack", 0...16) ?? 0
        let pixels = query.number("pixels", SeriesBuilder.pixels) ?? 800
        let to = query.moment("to") ?? asked.now
        let from = query.moment("from") ?? to.addingSaturated(-86_400_000)
        if from >= to { query.refuse("from", "expected a moment before 'to'") }
        try query.finish()
        guard let quantity else { throw Problem(.failed, "bug: no quantity and no fault") }
        let wanted = SeriesRequest(
            gateway: id, pack: Int32(pack), quantity: quantity, from: from, to: to, pixels: pixels,
            seenFrom: seenFrom)
        let now = asked.now
        let series = try await desk.ask { try $0.series(wanted, now: now) }
        let document = SeriesDocument(
            gateway: id, pack: wanted.pack, quantity: quantity, from: from, to: to,
            tier: series.tier, isBehind: series.isBehind, points: series.points,
            gaps: series.gaps)
        return Reply(bytes: document.bytes(form), type: form.rawValue)
    }

    @Sendable static func alarms(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        var query = asked.query
        var filter = AlarmFilter()
        filter.sight = asked.sight
        filter.gateway = query.text("gateway", "the id of a gateway", Names.isID)
        filter.code = query.text("code", "the code of an alarm", Names.isCode)
        filter.isOpenOnly = query.word("state", ["open", "all"]) != "all"
        let limit = query.number("limit", 1...500) ?? 100
        let cursor = query.cursor()
        try query.finish()
        filter.after = try Cursor.place(cursor) { Cursor.alarm($0) }
        filter.limit = limit + 1
        let wanted = filter
        let found = try await desk.ask { try $0.alarms(wanted) }
        let items = Array(found.prefix(limit))
        let next = found.count > limit ? items.last.map { Cursor.alarm($0) } : nil
        return Reply(bytes: Documents.list(items, next: next) { Documents.alarm($0, to: &$1) })
    }

    @Sendable static func causes(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try asked.query.finish()
        let sight = asked.sight
        let causes = try await desk.ask { try $0.alarmCauses(within: sight) }
        return Reply(bytes: Documents.list(causes, next: nil) { Documents.cause($0, to: &$1) })
    }

    @Sendable static func texts(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        guard let file = AlarmTexts.document(asked.parameter) else { throw Problem.absent }
        try asked.query.finish()
        return Reply(bytes: file)
    }

    @Sendable static func acknowledge(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try asked.query.finish()
        let content = try await Content.read(
            asked.request, most: UserResponder.mostBytes, seconds: asked.bodySeconds)
        let wanted = try AcknowledgementReader(
            content, key: asked.request.headers[AcknowledgementReader.keyName],
            user: asked.bearer.user, now: asked.now
        ).request
        let verdict = try await desk.ask { try $0.acknowledge(wanted) }
        let name = asked.bearer.user.name
        switch verdict {
        case .done: return acknowledged("done", by: name)
        case .repeated: return acknowledged("repeated", by: name)
        case .known(let author): return acknowledged("known", by: author)
        case .unknownAlarm: throw Problem.absent
        case .guest:
            throw Problem(
                .notYours, "expected somebody who has the gateway or mends it, not a guest")
        case .keyTaken:
            throw Problem(.keyReused, "expected a key of its own for each request")
        }
    }

    private static func acknowledged(_ outcome: String, by author: String) -> Reply {
        let bytes = Documents.one { writer in
            writer.object { writer in
                writer.member("outcome", outcome)
                writer.member("acknowledged_by", author)
            }
        }
        return Reply(bytes: bytes, isTagged: false)
    }

    /// The same by its id, with the Unix time in milliseconds from which on the user may know what was recorded.
    static func seenSince(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> (id: String, seenFrom: Int64) {
        let found = try await seen(asked, desk)
        return (found.id, found.seenFrom)
    }

    /// The gateway that the address names, when the user may see it.
    static func seen(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> GatewaySummary {
        let (id, sight) = (asked.parameter, asked.sight)
        guard Names.isID(id), let found = try await desk.ask({ try $0.gateway(id, within: sight) })
        else { throw Problem.absent }
        return found
    }
}

extension Documents {
    /// One thing by itself.
    static func one(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        write(&writer)
        return writer.bytes
    }
}
