/// What a client wants to have, by its field `Accept` (RFC 9110 section 12.5.1).
package enum Accept {
    /// The form of history it likes best, the usual one when it does not say; nil when it wants none of them.
    package static func best(_ field: String?) -> SeriesDocument.Form? {
        guard let field else { return .json }
        var best: (form: SeriesDocument.Form, weight: Int)?
        for form in SeriesDocument.Form.allCases {
            let weight = weight(of: form.rawValue, in: field)
            if weight > best?.weight ?? 0 { best = (form, weight) }
        }
        return best?.form
    }

    /// How much a type is wanted, in thousandths; what names it most closely decides.
    package static func weight(of type: String, in field: String) -> Int {
        let family = type.prefix { $0 != "/" } + "/*"
        var found = (closeness: -1, weight: 0)
        for range in field.split(separator: ",").prefix(64) {
            let parts = range.split(separator: ";").map { part in
                String(part.filter { $0 != " " && $0 != "\t" }).lowercased()
            }
            guard let name = parts.first else { continue }
            let closeness = name == type ? 2 : name == family ? 1 : name == "*/*" ? 0 : -1
            guard closeness > found.closeness else { continue }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }
            found = (closeness, quality.map { thousandths($0.dropFirst(2)) } ?? 1000)
        }
        return found.weight
    }

    private static func thousandths(_ text: Substring) -> Int {
        if text.hasPrefix("1") { return 1000 }
        let digits = text.drop { $0 != "." }.dropFirst()
        return Int((digits + "000").prefix(3)).map { max(0, $0) } ?? 0
    }
}
