import EST

/// What an enrolment needs to go on after a restart: to whom, as whom, through which door, and when.
package struct EnrolmentNote: Hashable, Sendable {
    /// The address of the fleet, `https://host[:port]`.
    package var fleet: String
    /// The id that is asked for.
    package var gateway: String
    /// The one-time token; nil when a pair opens the door.
    package var token: Token?
    /// Not before this moment to ask again, in seconds since 1970 by this machine's clock.
    package var retryAt: Int64?

    /// Joins the parts; throws when one cannot be used.
    package init(
        fleet: String, gateway: String, token: String?, retryAt: Int64? = nil
    ) throws(ProvisioningError) {
        guard GatewayName.isValid(gateway) else {
            throw ProvisioningError(
                .input,
                "'\(gateway)' cannot be the id of a gateway, expected 1 to 64 characters of a…z 0…9 -"
            )
        }
        self.fleet = try Self.address(fleet)
        self.gateway = gateway
        self.retryAt = retryAt
        self.token = try token.map { text throws(ProvisioningError) in try Token(text) }
    }

    /// Without a slash at the end, and nothing but `https` and printable characters.
    static func address(_ text: String) throws(ProvisioningError) -> String {
        var rest = text[...]
        while rest.hasSuffix("/") { rest = rest.dropLast() }
        let scheme = "https://"
        guard rest.hasPrefix(scheme), rest.utf8.count > scheme.utf8.count,
            rest.utf8.count <= 1024, rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !rest.utf8.contains(where: { "@?#\\\"".utf8.contains($0) })
        else {
            throw ProvisioningError(
                .input,
                "'\(text)' cannot be the address of a fleet, expected 'https://host' or 'https://host:port'"
            )
        }
        return String(rest)
    }

    /// Reads what ``bytes`` has written; nil for anything else.
    package init?(_ bytes: [UInt8]) {
        var fields: [Substring: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard let space = line.firstIndex(of: " ") else { return nil }
            let name = line[..<space]
            guard fields[name] == nil else { return nil }
            fields[name] = String(line[line.index(after: space)...])
        }
        guard let fleet = fields["fleet"], let gateway = fields["gateway"],
            Set(fields.keys).isSubset(of: ["fleet", "gateway", "token", "retry_at_s"])
        else { return nil }
        let retryAt = fields["retry_at_s"].map { Int64($0) }
        if case .some(.none) = retryAt { return nil }
        guard
            let note = try? EnrolmentNote(
                fleet: fleet, gateway: gateway, token: fields["token"], retryAt: retryAt ?? nil)
        else { return nil }
        self = note
    }

    /// One field a line.
    package var bytes: [UInt8] {
        var text = "fleet \(fleet)\ngateway \(gateway)\n"
        if let token { text += "token \(token.secret)\n" }
        if let retryAt { text += "retry_at_s \(retryAt)\n" }
        return Array(text.utf8)
    }
}

/// A one-time token, which prints as dots.
package struct Token: Hashable, Sendable, CustomStringConvertible {
    /// The token itself, for the one place that sends it.
    let secret: String
    /// Dots.
    package var description: String { "••••" }

    /// Takes 1 to 256 printable characters without spaces.
    package init(_ text: String) throws(ProvisioningError) {
        guard (1...256).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw ProvisioningError(
                .input,
                "the token is not usable, expected 1 to 256 printable characters without spaces")
        }
        secret = text
    }
}
