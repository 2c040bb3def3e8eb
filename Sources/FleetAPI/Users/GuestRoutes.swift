import FleetStore
import Telemetry

/// Letting others see a gateway, and taking that back.
extension UserRoutes {
    static let guests: [UserRoute] = [
        UserRoute(method: .get, path: "/v1/gateways/{id}/guests", scope: .read, answer: guests),
        UserRoute(
            method: .post, path: "/v1/gateways/{id}/guests", scope: .acknowledge,
            answer: inviteGuest),
        UserRoute(
            method: .delete, path: "/v1/gateways/{id}/guests", scope: .acknowledge,
            answer: removeGuest),
        UserRoute(method: .post, path: "/v1/guests", scope: .acknowledge, answer: visit),
    ]

    @Sendable private static func guests(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let id = try await seen(asked, desk).id
        try asked.query.finish()
        let (name, now) = (asked.bearer.user.name, asked.now)
        guard let list = try await desk.ask({ try $0.guests(of: id, for: name, now: now) }) else {
            throw Problem.absent
        }
        let items =
            list.guests.map { GuestDocument(user: $0.user, giver: $0.giver, since: $0.since) }
            + list.invitations.map {
                GuestDocument(
                    invitation: $0.id, giver: $0.giver, since: $0.made, expires: $0.expires)
            }
        return Reply(bytes: Documents.list(items, next: nil) { $0.write(to: &$1) })
    }

    /// Makes the code of an invitation; the app knows its own address for the link.
    ///
    /// The code is shown this once, so the same request again makes another in its place.
    @Sendable private static func inviteGuest(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        try asked.query.finish()
        guard let key = asked.request.headers[AcknowledgementReader.keyName],
            AcknowledgementReader.isKey(key)
        else { throw Problem.keyMissing }
        try checkHand(asked)
        let id = asked.parameter
        guard Names.isID(id) else { throw Problem.absent }
        let (code, name) = (LabelCode.make(), asked.bearer.user.name)
        let invitation = GuestInvitation(
            id: String(Digest.hex(Array("\(name)\n\(key)".utf8)).prefix(32)), gateway: id,
            giver: name, now: asked.now)
        let request = KeptRequest(
            user: name, key: key, hash: Digest.hex(Array("invite a guest to \(id)".utf8)),
            now: asked.now)
        let verdict = try await desk.ask {
            try $0.inviteGuest(invitation, hash: LabelCode.hash(code), request: request)
        }
        if let problem = Problem(verdict) { throw problem }
        let bytes = Documents.one { writer in
            writer.object { writer in
                writer.member("invitation", invitation.id)
                writer.member("code", code)
                writer.moment("expires", unixMilliseconds: invitation.expires)
            }
        }
        return Reply(bytes: bytes, isTagged: false)
    }

    @Sendable private static func removeGuest(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        var query = asked.query
        let user = query.text("user", "the name of a user", Names.isUser)
        let invitation = query.text("invitation", "the id of an invitation", Names.isID)
        if user != nil, invitation != nil {
            query.refuse("invitation", "expected either this or 'user'")
        } else if invitation == nil {
            query.require("user")
        }
        try query.finish()
        try checkHand(asked)
        let (id, author) = (asked.parameter, asked.author)
        guard Names.isID(id) else { throw Problem.absent }
        let isDone = try await desk.ask { store in
            if let invitation {
                return try store.removeInvitation(invitation, of: id, by: author)
            }
            return try store.removeGuest(user ?? "", of: id, by: author)
        }
        guard isDone else { throw Problem.absent }
        return .nothing
    }

    @Sendable private static func visit(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try await Codes.open(asked, desk) { store, code in
            switch try store.visit(codeHash: LabelCode.hash(code), by: asked.author) {
            case .guest(let gateway), .known(let gateway): gateway
            case .unknownCode: nil
            }
        }
    }
}

/// A guest, or an invitation that is open, as JSON.
private struct GuestDocument {
    var user: String?, invitation: String?
    let giver: String
    /// Unix times in milliseconds: since when, and until when an invitation is good.
    let since: Int64
    var expires: Int64?

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("user", user)
            writer.member("invitation", invitation)
            writer.member("given_by", giver)
            writer.moment("since", unixMilliseconds: since)
            writer.moment("expires", unixMilliseconds: expires)
        }
    }
}

extension Problem {
    /// Why nobody was invited; nil when somebody was.
    fileprivate init?(_ verdict: InvitationVerdict) {
        switch verdict {
        case .kept: return nil
        case .unknownGateway: self = .absent
        case .keyTaken: self = Problem(.keyReused, "expected a key of its own for each request")
        case .over:
            self = Problem(
                .invitationOver,
                "the invitation of this key was used, taken back or has expired; expected another key"
            )
        case .full:
            self = Problem(
                .guestsFull, "expected at most \(Guest.most) guests and open invitations")
        case .refused:
            self = Problem(
                .notYours, "expected an owner who is no guest, or an admin of the tenant")
        }
    }
}
