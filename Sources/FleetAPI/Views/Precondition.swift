/// What a change may be made over: the tags that `If-Match` names (RFC 9110 section 13.1.1).
package struct Precondition: Sendable {
    private let field: String

    /// Takes the field's value; nil when nothing is named.
    package init?(_ field: String) {
        guard field.utf8.contains(where: { $0 > 0x20 }) else { return nil }
        self.field = field
    }

    /// Whether any of the tags has a name that is good; `*` has any.
    package func holds(_ isGood: (Substring) -> Bool) -> Bool {
        // by bytes, for a mark behind a comma makes one character of both
        field.utf8.split(separator: UInt8(ascii: ",")).contains { part in
            let tag = Substring(part).drop { $0 == " " || $0 == "\t" }
                .prefix { $0 != " " && $0 != "\t" }
            if tag == "*" { return true }
            // a weak tag names nothing that could be changed
            guard tag.count > 2, tag.hasPrefix("\""), tag.hasSuffix("\"") else { return false }
            return isGood(tag.dropFirst().dropLast())
        }
    }
}
