/// The operations of Enrolment over Secure Transport (RFC 7030 section 3.2.2) that both ends speak.
package enum ESTOperation: String, CaseIterable, Sendable {
    /// The authority's certificates.
    case authorities = "cacerts"
    /// A certificate for a device that has none.
    case enrol = "simpleenroll"
    /// A new certificate for a device that shows the one it has.
    case renew = "simplereenroll"
    /// What a request has to contain.
    case attributes = "csrattrs"

    /// Where the operation lies below the address of the server.
    package var path: String { "/.well-known/est/\(rawValue)" }
}
