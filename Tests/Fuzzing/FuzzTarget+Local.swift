import LocalAPI
import Views

extension FuzzTarget {
    /// What a client of the gateway's own server sends: a query, fields of a head, the document with a password.
    ///
    /// The first line is the field, the rest the document.
    func takeLocal(_ bytes: [UInt8]) {
        let cut = bytes.firstIndex(of: 0x0A) ?? bytes.endIndex
        let field = String(decoding: bytes[..<cut], as: UTF8.self)
        var query = Query(field)
        query.require("quantity")
        _ = query.number("pack", 0...16)
        _ = query.moment("from")
        _ = query.text("gateway", "an id", Names.isID)
        precondition(query.faults.count <= 20)
        _ = Accept.best(field)
        let isAllowed = HostGuard(names: ["battery.example"]).allows(field)
        // whatever is allowed has no byte that could end a field
        precondition(!isAllowed || field.utf8.allSatisfy { $0 > 32 && $0 < 127 })
        _ = HostGuard.isSame(origin: field, host: "127.0.0.1:8080")
        if let token = Sessions.token(in: [field]) { precondition(token.utf8.count == 32) }
        let document = Array(bytes[cut...].dropFirst())
        let bounds = PasswordRequest.Bounds(shortest: 10, longest: 256)
        if let request = try? PasswordRequest(document, setting: bounds) {
            precondition(request.password.count >= 10 && request.password.utf8.count <= 256)
        }
        if let request = try? PasswordRequest(document, setting: nil) {
            precondition(!request.password.isEmpty)
        }
    }
}
