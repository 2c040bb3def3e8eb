import HTTPTypes

/// What a change may be made over: the tags that `If-Match` names (RFC 9110 section 13.1.1).
struct Precondition: Sendable {
    private let field: String

    /// Throws a ``Problem`` when nothing is named.
    init(_ headers: HTTPFields) throws {
        guard let field = headers[.ifMatch], field.utf8.contains(where: { $0 > 0x20 }) else {
            throw Problem(
                .preconditionMissing, "expected 'If-Match' with the 'ETag' of what is to be changed"
            )
        }
        self.field = field
    }

    /// Whether any of the tags has a name that is good; `*` has any.
    func holds(_ isGood: (Substring) -> Bool) -> Bool {
        field.split(separator: ",").contains { part in
            let tag = part.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            if tag == "*" { return true }
            // a weak tag names nothing that could be changed
            guard tag.count > 2, tag.hasPrefix("\""), tag.hasSuffix("\"") else { return false }
            return isGood(tag.dropFirst().dropLast())
        }
    }

    /// What is told when it does not hold.
    static var failed: Problem {
        Problem(.preconditionFailed, "somebody else changed it meanwhile; look at it and try again")
    }
}
