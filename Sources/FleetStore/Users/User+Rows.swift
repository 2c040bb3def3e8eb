extension Tenant: RowReadable {
    init(from row: inout some RowSource) {
        self.init(id: row.word(), label: row.word(), createdMilliseconds: row.wide())
    }
}

extension User: RowReadable {
    static let columns = "name, tenant, role, password, created_ms"

    /// A role that this program does not know is that of the one who sees least.
    init(from row: inout some RowSource) {
        self.init(
            name: row.word(), tenant: row.word(), role: UserRole(rawValue: row.word()) ?? .owner,
            passwordHash: row.word(), createdMilliseconds: row.wide())
    }

    var parameters: [SQLValue] {
        [
            .text(name), .text(tenant), .text(role.rawValue), .text(passwordHash),
            .number(createdMilliseconds),
        ]
    }
}

extension AccessToken: RowReadable {
    static func columns(_ table: String) -> String {
        ["id", "hash", "owner", "label", "scopes", "created_ms", "expires_ms", "kind"]
            .map { table + $0 }.joined(separator: ", ")
    }

    /// Scopes that this program does not know are left out.
    init(from row: inout some RowSource) {
        self.init(
            id: row.word(), hash: row.word(), owner: row.word(), label: row.word(),
            scopes: Set(
                row.word().split(separator: ",").compactMap { AccessScope(rawValue: String($0)) }),
            createdMilliseconds: row.wide(), expiresMilliseconds: row.wide(),
            kind: TokenKind(rawValue: row.word()) ?? .token)
    }

    var parameters: [SQLValue] {
        [
            .text(id), .text(hash), .text(owner), .text(label),
            .text(scopes.map(\.rawValue).sorted().joined(separator: ",")),
            .number(createdMilliseconds), .number(expiresMilliseconds), .text(kind.rawValue),
        ]
    }
}

extension TokenBearer: RowReadable {
    /// Reads them from tokens `t` of users `u`; a condition follows.
    static let selection = """
        SELECT u.name, u.tenant, u.role, u.password, u.created_ms, \
        \(AccessToken.columns("t."))
        FROM access_token t JOIN fleet_user u ON u.name = t.owner
        """

    init(from row: inout some RowSource) {
        user = User(from: &row)
        token = AccessToken(from: &row)
    }
}

extension AuditEntry: RowReadable {
    init(from row: inout some RowSource) {
        author = Author(row.word(), at: row.wide())
        tenant = row.word()
        action = row.word()
        subject = row.word()
        detail = row.word()
    }
}
