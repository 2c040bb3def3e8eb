/// The trust of one role in another for some paths.
package struct TUFDelegation: Sendable {
    /// For which paths a role is trusted.
    package enum Scope: Sendable {
        /// Those that one of the patterns fits.
        case patterns([PathPattern])
        /// Those whose SHA-256 in small hexadecimal digits begins with one of these.
        case hashPrefixes([String])
    }

    /// The role and who may sign it.
    package let authority: TUFAuthority
    /// For which paths.
    package let scope: Scope
    /// Whether no other role is asked for a path that it is trusted with.
    package let isTerminating: Bool

    init(_ fields: FieldReader, keys: [TUFName: TUFKey]) throws(TUFFault) {
        let name = TUFName(try fields.text("name"))
        guard !name.text.isEmpty else { throw fields.fault("name", "is empty") }
        guard !TUFRoot.Role.allCases.contains(where: { $0.name == name }) else {
            throw fields.fault("name", "is '\(name)', which belongs to a role at the top")
        }
        authority = try TUFAuthority(fields, role: name, keys: keys)
        isTerminating = try fields.flag("terminating") ?? false
        switch (fields.item("paths") != nil, fields.item("path_hash_prefixes") != nil) {
        case (true, false):
            scope = .patterns(try fields.texts("paths").map(PathPattern.init))
        case (false, true):
            scope = .hashPrefixes(try fields.texts("path_hash_prefixes"))
        case (true, true):
            throw fields.fault("paths", "stands beside 'path_hash_prefixes', expected one of them")
        case (false, false):
            throw fields.fault("paths", "is missing, and 'path_hash_prefixes' too")
        }
    }

    /// Trusts a role with some paths.
    package init(_ authority: TUFAuthority, _ scope: Scope, isTerminating: Bool) {
        self.authority = authority
        self.scope = scope
        self.isTerminating = isTerminating
    }

    /// Whether the role is trusted with a path.
    package func covers(_ path: TUFName) -> Bool {
        switch scope {
        case .patterns(let patterns): return patterns.contains { $0.matches(path) }
        case .hashPrefixes(let prefixes):
            let hash = TUFDigest.sha256.text(Array(path.text.utf8)).utf8
            return prefixes.contains { hash.starts(with: $0.utf8) }
        }
    }
}
