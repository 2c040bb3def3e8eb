/// The common name of a certificate, which is also its holder's name at the broker.
///
/// Gateways are named `[a-z0-9-]{1,64}`. Everything that is no gateway has a role and a dot before its
/// name, `ingest.berlin-1`: the dot is no letter of a gateway's id, so that no gateway can ever be
/// enrolled under a name to which the broker grants more.
package struct SubjectName: Hashable, Sendable, CustomStringConvertible {
    /// What a holder that is no gateway does.
    package enum Role: String, CaseIterable, Sendable {
        /// Takes what all gateways send, and answers them.
        case ingest
        /// Looks at states.
        case reader
        /// Is a TLS server of ours.
        case server
    }

    /// The common name.
    package let description: String
    /// Its role; nil for a gateway.
    package let role: Role?

    /// A gateway's id; nil unless it is `[a-z0-9-]{1,64}`.
    package init?(gateway: some StringProtocol) {
        guard Self.isPlain(gateway, most: 64) else { return nil }
        description = String(gateway)
        role = nil
    }

    /// A name of a role; nil unless it is `[a-z0-9-]{1,48}`.
    package init?(_ role: Role, _ name: some StringProtocol) {
        guard Self.isPlain(name, most: 48) else { return nil }
        description = "\(role.rawValue).\(name)"
        self.role = role
    }

    /// Either form; nil when it is none.
    package init?(_ text: some StringProtocol) {
        guard let dot = text.firstIndex(of: ".") else {
            self.init(gateway: text)
            return
        }
        guard let role = Role(rawValue: String(text[..<dot])) else { return nil }
        self.init(role, text[text.index(after: dot)...])
    }

    /// The certificate of the fleet's HTTPS server.
    package static let fleet = SubjectName(server: "fleet")
    /// The certificate of the broker.
    package static let broker = SubjectName(server: "broker")

    private init(server: String) {
        description = "\(Role.server.rawValue).\(server)"
        role = .server
    }

    /// The name as a URI in the certificate, `urn:amphora:gateway:<id>`.
    var uri: String {
        guard let role else { return "urn:amphora:gateway:\(description)" }
        return "urn:amphora:\(description.replacingFirstDot(after: role.rawValue.utf8.count))"
    }

    private static func isPlain(_ text: some StringProtocol, most: Int) -> Bool {
        (1...most).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
            }
    }
}

extension String {
    /// `ingest.a` as `ingest:a`, for URNs.
    fileprivate func replacingFirstDot(after count: Int) -> String {
        "\(prefix(count)):\(dropFirst(count + 1))"
    }
}
