import FleetStore
import HTTPTypes
import StrictJSON
import Telemetry

/// Looking after users, and what was changed.
extension UserRoutes {
    static let admin: [UserRoute] = [
        UserRoute(method: .get, path: "/v1/users", scope: .administer, answer: users),
        UserRoute(method: .post, path: "/v1/users", scope: .administer, answer: addUser),
        UserRoute(method: .patch, path: "/v1/users/{name}", scope: .administer, answer: setRole),
        UserRoute(
            method: .delete, path: "/v1/users/{name}", scope: .administer, answer: removeUser),
        UserRoute(
            method: .post, path: "/v1/users/{name}/invitation", scope: .administer,
            answer: invite),
        UserRoute(method: .post, path: "/v1/grants", scope: .administer) { asked, desk in
            try asked.query.finish()
            var section = try await Admin.section(asked)
            let (user, gateway) = (
                section.requiredString("user"), section.requiredString("gateway")
            )
            try Admin.finish(&section)
            return try await grant(true, gateway, user, asked, desk)
        },
        UserRoute(method: .delete, path: "/v1/grants", scope: .administer) { asked, desk in
            var query = asked.query
            query.require("user")
            query.require("gateway")
            let user = query.text("user", "the name of a user", Names.isUser)
            let gateway = query.text("gateway", "the id of a gateway", Names.isID)
            try query.finish()
            return try await grant(false, gateway ?? "", user ?? "", asked, desk)
        },
        UserRoute(method: .get, path: "/v1/audit", scope: .read, answer: audit),
    ]

    @Sendable private static func users(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        var query = asked.query
        let limit = query.number("limit", 1...500) ?? 100
        let cursor = query.cursor()
        try query.finish()
        let last = try Cursor.place(cursor) { Cursor.parts("users", $0, count: 1)?.first } ?? ""
        let tenant = asked.bearer.user.tenant
        let found = try await desk.ask { store in
            let page = try store.users().filter { $0.tenant == tenant && $0.name > last }
            return try page.prefix(limit + 1).map { ($0, try store.grants(of: $0.name)) }
        }
        let items = Array(found.prefix(limit))
        let next = found.count > limit ? items.last.map { Cursor.text("users", [$0.0.name]) } : nil
        return Reply(
            bytes: Documents.list(items, next: next) { item, writer in
                let (user, grants) = item
                writer.object { writer in
                    writer.member("name", user.name)
                    writer.member("role", user.role.rawValue)
                    writer.name("gateways")
                    writer.array { writer in for id in grants { writer.string(id) } }
                    writer.name("has_password")
                    writer.bool(!user.passwordHash.isEmpty)
                    writer.moment("created", unixMilliseconds: user.createdMilliseconds)
                }
            })
    }

    @Sendable private static func addUser(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try asked.query.finish()
        var section = try await Admin.section(asked)
        let name = section.requiredString("name")
        if !name.isEmpty, !Names.isUser(name) {
            section.fault("name", "expected 1 to 64 characters 'a…z 0…9 . _ @ -'")
        }
        let role = Admin.role(&section)
        try Admin.finish(&section)
        let user = User(
            name: name, tenant: asked.bearer.user.tenant, role: role,
            createdMilliseconds: asked.now)
        let author = asked.author
        guard try await desk.ask({ try $0.addUser(user, by: author) }) == .added else {
            throw Problem(
                .nameTaken, "somebody has the name '\(name)' already", values: ["name": name])
        }
        return try await invitation(of: name, asked, desk)
    }

    @Sendable private static func invite(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try asked.query.finish()
        return try await invitation(of: Admin.user(asked, desk).name, asked, desk)
    }

    /// Makes the code with which a user chooses a password; the app knows its own address for the link.
    private static func invitation(
        of name: String, _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        let (code, author) = (EnrolmentToken.make(), asked.author)
        let expires = asked.now.addingSaturated(86_400_000)
        let isKept = try await desk.ask {
            try $0.invite(name, hash: EnrolmentToken.hash(code), expires: expires, by: author)
        }
        guard isKept else { throw Problem.absent }
        let bytes = Documents.one { writer in
            writer.object { writer in
                writer.member("name", name)
                writer.member("code", code)
                writer.moment("expires", unixMilliseconds: expires)
            }
        }
        return Reply(bytes: bytes, isTagged: false)
    }

    @Sendable private static func setRole(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try asked.query.finish()
        var section = try await Admin.section(asked)
        let role = Admin.role(&section)
        try Admin.finish(&section)
        let (name, author) = (try await Admin.other(asked, desk), asked.author)
        guard try await desk.ask({ try $0.setRole(role, of: name, by: author) }) else {
            throw Problem.absent
        }
        return .nothing
    }

    @Sendable private static func removeUser(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        try asked.query.finish()
        let (name, author) = (try await Admin.other(asked, desk), asked.author)
        guard try await desk.ask({ try $0.removeUser(name, by: author) }) else {
            throw Problem.absent
        }
        return .nothing
    }

    private static func grant(
        _ isGranted: Bool, _ gateway: String, _ name: String, _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        let (author, tenant) = (asked.author, asked.bearer.user.tenant)
        let isDone = try await desk.ask { store in
            guard Names.isID(gateway), Names.isUser(name),
                try store.user(name)?.tenant == tenant
            else { return false }
            return try store.grant(isGranted, gateway: gateway, to: name, by: author)
        }
        guard isDone else { throw Problem.absent }
        return .nothing
    }

    @Sendable private static func audit(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        guard asked.bearer.user.role.seesAll else {
            throw Problem(
                .scopeMissing,
                "expected another role than '\(asked.bearer.user.role.rawValue)'")
        }
        var query = asked.query
        let limit = query.number("limit", 1...500) ?? 100
        let cursor = query.cursor()
        try query.finish()
        let place = try Cursor.place(cursor) { Cursor.audit($0) }
        let tenant = asked.bearer.user.tenant
        let found = try await desk.ask {
            try $0.audit(tenant: tenant, behind: place, limit: limit + 1)
        }
        let items = Array(found.prefix(limit))
        let next = found.count > limit ? items.last.map { Cursor.audit($0.place) } : nil
        return Reply(
            bytes: Documents.list(items, next: next) { item, writer in
                let entry = item.entry
                writer.object { writer in
                    writer.moment("made", unixMilliseconds: entry.author.milliseconds)
                    writer.member("author", entry.author.name)
                    writer.member("action", entry.action)
                    writer.member("subject", entry.subject)
                    writer.member("detail", entry.detail)
                    writer.statements("detail_said", AuditDetail.statements(in: entry.detail))
                }
            })
    }
}

/// What the routes about users share.
enum Admin {
    /// The content as an object.
    static func section(_ asked: Asked) async throws -> JSONSection {
        let content = try await Content.read(
            asked.request, most: UserResponder.mostBytes, seconds: asked.bodySeconds)
        let faults = FaultList()
        guard let section = JSONSection(parsing: content, faults: faults) else {
            throw Problem.body(faults)
        }
        return section
    }

    static func finish(_ section: inout JSONSection) throws {
        section.finish()
        guard section.faults.faults.isEmpty else { throw Problem.body(section.faults) }
    }

    static func role(_ section: inout JSONSection) -> UserRole {
        let text = section.requiredString("role")
        if !text.isEmpty, UserRole(rawValue: text) == nil {
            let known = UserRole.allCases.map(\.rawValue).joined(separator: ", ")
            section.fault("role", "is '\(text.prefix(40))', expected one of \(known)")
        }
        return UserRole(rawValue: text) ?? .owner
    }

    /// The user that the address names, who is of the own tenant.
    static func user(_ asked: Asked, _ desk: ViewDesk) async throws -> User {
        // what stands for '@' in an address
        let name = asked.parameter.split(separator: "%40", omittingEmptySubsequences: false)
            .joined(separator: "@")
        guard Names.isUser(name), let user = try await desk.ask({ try $0.user(name) }),
            user.tenant == asked.bearer.user.tenant
        else { throw Problem.absent }
        return user
    }

    /// The name of the user that the address names, who is somebody else than who asks.
    static func other(_ asked: Asked, _ desk: ViewDesk) async throws -> String {
        let name = try await user(asked, desk).name
        guard name != asked.bearer.user.name else {
            throw Problem(
                .ownAccount, "nobody takes from themselves what nobody else could give back")
        }
        return name
    }
}

extension Asked {
    /// Who asks, for what tells of changes.
    var author: Author { Author(bearer.user.name, at: now) }
}

extension Reply {
    /// That it is done, and nothing to say.
    static var nothing: Reply {
        var reply = Reply(bytes: [], isTagged: false)
        reply.status = .noContent
        return reply
    }
}

extension Names {
    /// Whether a text can be the name of a user.
    static func isUser(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                    || "._@-".utf8.contains(byte)
            }
    }
}

extension Cursor {
    /// The list of changes.
    static func audit(_ place: AuditPlace) -> String {
        text("audit", ["\(place.milliseconds)", "\(place.number)"])
    }

    /// The other way round.
    static func audit(_ text: String) -> AuditPlace? {
        guard let parts = parts("audit", text, count: 2), let made = Int64(parts[0]),
            let number = Int64(parts[1])
        else { return nil }
        return AuditPlace(milliseconds: made, number: number)
    }
}
