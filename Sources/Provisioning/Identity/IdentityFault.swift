/// Why a pair cannot be this gateway's identity.
package enum IdentityFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no such pair.
    case absent(path: String)
    /// A file is missing or is not what it should be.
    case unreadable(path: String, expected: String)
    /// The certificate belongs to another key than the one beside it.
    case keyMismatch
    /// The certificate's common names are not exactly this gateway's id.
    case wrongName(expected: String, found: [String])
    /// The certificate is not made for TLS clients.
    case notForClients
    /// No chain leads from the certificate to an authority.
    case noChain(issuer: String)
    /// A certificate of the chain is over; moments in seconds since 1970.
    case expired(subject: String, at: Int64, now: Int64)
    /// A certificate of the chain has not begun; moments in seconds since 1970.
    case notYetValid(subject: String, from: Int64, clock: ClockReading)

    /// Whether only time stands between the pair and its use.
    package var isOfTime: Bool {
        switch self {
        case .expired, .notYetValid: true
        default: false
        }
    }

    /// The sentence for the person who reads it.
    package var description: String {
        switch self {
        case .absent(let path): "there is no '\(path)'"
        case .unreadable(let path, let expected): "'\(path)' is missing or not \(expected)"
        case .keyMismatch: "the certificate belongs to another key than the one beside it"
        case .wrongName(let expected, let found):
            "the certificate names \(Self.list(found)), expected only '\(expected)'"
        case .notForClients:
            "the certificate is not for TLS clients (extended key usage clientAuth)"
        case .noChain(let issuer):
            "no chain leads from the certificate, issued by '\(issuer)', to the authorities of the fleet"
        case .expired(let subject, let at, let now):
            "certificate '\(subject)' expired at \(Moment.text(at)), it is \(Moment.text(now))"
        case .notYetValid(let subject, let from, let clock):
            "certificate not yet valid: '\(subject)' begins at \(Moment.text(from)), "
                + "this machine's clock says \(Moment.text(clock.wall))"
        }
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "nobody" : names.map { "'\($0)'" }.joined(separator: " and ")
    }
}
