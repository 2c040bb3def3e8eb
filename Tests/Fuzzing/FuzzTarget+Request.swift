import FleetAPI
import FleetStore
import Views

extension FuzzTarget {
    /// What a client of the fleet carries in a head: a cursor, tags, cookies, an origin; and the addresses, times and
    /// numbers that people and databases write.
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
        bytes.withUnsafeBufferPointer { bytes in
            if let number = DecimalText.number(bytes) {
                precondition(Int64(String(decoding: bytes, as: UTF8.self)) == number)
            }
            DecimalText.eachShort(bytes) { _ in }
        }
    }
}
