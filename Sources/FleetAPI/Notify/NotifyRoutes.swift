import FleetStore
import HTTPTypes
import Hummingbird
import Telemetry

/// How users are told of alarms: what they prefer, and the browsers that take messages.
extension UserRoutes {
    static let notify: [UserRoute] = [
        UserRoute(
            method: .get, path: "/v1/session/preferences", scope: .read, answer: preferences),
        UserRoute(
            method: .patch, path: "/v1/session/preferences", scope: .acknowledge,
            answer: changePreferences),
        UserRoute(method: .get, path: "/v1/push-key", scope: .read, answer: pushKey),
        UserRoute(
            method: .post, path: "/v1/push-subscriptions", scope: .acknowledge, answer: subscribe),
        UserRoute(
            method: .delete, path: "/v1/push-subscriptions/{subscription}", scope: .acknowledge,
            answer: unsubscribe),
    ]

    @Sendable private static func preferences(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        try asked.query.finish()
        return shown(try await preferences(of: asked, desk))
    }

    @Sendable private static func changePreferences(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        try asked.query.finish()
        let content = try await Content.read(
            asked.request, most: UserResponder.mostBytes, seconds: asked.bodySeconds)
        let before = try await preferences(of: asked, desk)
        let wanted = try PreferencesReader(content, before: before).preferences
        let (name, now) = (asked.bearer.user.name, asked.now)
        let isKept = try await desk.ask {
            try $0.setPreferences(wanted, of: name, by: Author(name, at: now))
        }
        guard isKept else { throw Problem.absent }
        return shown(wanted)
    }

    @Sendable private static func pushKey(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        try asked.query.finish()
        guard let key = asked.house.pushKey else { throw Problem.absent }
        return Reply(bytes: object { $0.member("key", key) })
    }

    @Sendable private static func subscribe(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        try asked.query.finish()
        guard asked.house.pushKey != nil else { throw Problem.absent }
        let content = try await Content.read(
            asked.request, most: UserResponder.mostBytes, seconds: asked.bodySeconds)
        let read = try SubscriptionReader(content).document
        let (name, now) = (asked.bearer.user.name, asked.now)
        let wanted = PushSubscription(
            id: BearerToken.makeID(), owner: name, endpoint: read.endpoint, key: read.key,
            secret: read.secret, madeMilliseconds: now)
        let id = try await desk.ask {
            try $0.addPushSubscription(wanted, by: Author(name, at: now))
        }
        guard let id else { throw Problem.absent }
        var reply = Reply(bytes: object { $0.member("id", id) }, isTagged: false)
        reply.status = .created
        return reply
    }

    @Sendable private static func unsubscribe(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        try asked.query.finish()
        let (id, name, now) = (asked.parameter, asked.bearer.user.name, asked.now)
        guard Names.isID(id),
            try await desk.ask({
                try $0.removePushSubscription(id, of: name, by: Author(name, at: now))
            })
        else { throw Problem.absent }
        var reply = Reply(bytes: [], isTagged: false)
        reply.status = .noContent
        return reply
    }

    private static func preferences(
        of asked: Asked, _ desk: ViewDesk
    ) async throws -> RecipientPreferences {
        let name = asked.bearer.user.name
        guard let found = try await desk.ask({ try $0.preferences(of: name) }) else {
            throw Problem.absent
        }
        return found
    }

    private static func shown(_ preferences: RecipientPreferences) -> Reply {
        let bytes = object { writer in
            writer.member("language", preferences.language)
            writer.member("mail", preferences.mail)
            writer.name("quiet")
            if let quiet = preferences.quiet {
                writer.object { writer in
                    writer.member("from", QuietHours.clock(quiet.from))
                    writer.member("to", QuietHours.clock(quiet.to))
                }
            } else {
                writer.null()
            }
            writer.member("levels", preferences.level)
        }
        return Reply(bytes: bytes, isTagged: false)
    }

    private static func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        Documents.one { $0.object(body) }
    }
}
