import FleetAPI
import FleetStore
import Telemetry
import Views

extension FuzzTarget {
    /// What a client of the fleet carries in a head: a cursor, tags, cookies, an origin; the addresses, times and numbers
    /// that people and databases write, and the reasons that gateways give.
    ///
    /// The first line is the value of a field, the second the host it is sent to.
    func takeRequest(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
        let field = String(decoding: lines.first ?? [], as: UTF8.self)
        let host = lines.count > 1 ? String(decoding: lines[1], as: UTF8.self) : "fleet.example"
        for (list, count) in [("id", 2), ("alarms", 5), ("users", 1)] {
            guard let parts = Cursor.parts(list, field, count: count) else { continue }
            precondition(Cursor.isForm(field) && parts.count == count)
            // a place is what it was
            precondition(Cursor.text(list, parts) == field)
        }
        if let tags = Precondition(field) {
            let holds = tags.holds { tag in
                precondition(!tag.isEmpty && !tag.utf8.contains(0x2C))
                return false
            }
            precondition(!holds || field.utf8.contains(0x2A))
        }
        if let token = CookieField.token(in: [field, host]) {
            precondition(!token.utf8.contains(0x3B))
        }
        if CookieField.isHere(field, host: host) {
            precondition(field.hasPrefix("http") && !host.isEmpty)
        }
        if MailAddress.isAddress(field) {
            precondition(field.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x2C })
        }
        if let minute = QuietHours.minute(of: field) {
            precondition(QuietHours.clock(minute) == field)
        }
        takeReason(field)
        bytes.withUnsafeBufferPointer { bytes in
            if let number = DecimalText.number(bytes) {
                precondition(Int64(String(decoding: bytes, as: UTF8.self)) == number)
            }
            DecimalText.eachShort(bytes) { _ in }
        }
    }

    private func takeReason(_ text: String) {
        let found = Reason.book.statements(in: text)
        precondition(found.count <= 25 && found.isEmpty == text.isEmpty)
        for statement in found {
            guard let code = statement.code else { continue }
            // what was found is what would be said
            let values = Dictionary(statement.values.map { ($0.name, $0.text) }) { $1 }
            let said = Reason(rawValue: code)?.filled(values)
            let ends = ["", "{reason}", ": {reason}"]
            precondition(ends.contains { said == statement.text + $0 })
        }
    }
}

/// Sentences of each form that there is.
private enum Reason: String, Sentence {
    case late, lost, noted, reverted, counted, both, listed

    static let book = SentenceBook(entries)

    var words: String {
        switch self {
        case .late: "it was late by {seconds} s"
        case .lost: "no set is known; it is taken back"
        case .noted: "paused by {author}: {note}"
        case .reverted: "it went back: {reason}"
        case .counted: "{count} silent"
        case .both: "label '{label}', zone '{zone}'"
        case .listed: "new alarms: {alarms}"
        }
    }
}
