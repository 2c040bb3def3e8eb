/// Why there is no answer.
package struct HTTPSFailure: Error, CustomStringConvertible, Sendable {
    /// What kind of trouble it is, which decides what comes next.
    package enum Kind: String, Sendable {
        /// No connection, a broken one, or none in time: try again later.
        case network
        /// The fleet refused this gateway's certificate: another door is needed, not patience.
        case refusedIdentity = "refused-identity"
        /// The server is not who it should be, or does not speak as it should.
        case server
        /// The answer was larger or slower than allowed.
        case limit
        /// Somebody called `cancel`.
        case cancelled
        /// The request itself cannot be made, such as an address without `https`.
        case request
    }

    /// Which trouble of its kind it is, where somebody decides by it.
    package enum Detail: String, Sendable {
        /// The server's certificate starts in the future: the gateway's clock may be slow.
        case certificateNotYetValid = "certificate-not-yet-valid"
        /// The server's certificate is over: the gateway's clock may be fast, or nobody renewed it.
        case certificateExpired = "certificate-expired"
        /// The server's certificate comes from nobody whom this gateway trusts.
        case unknownAuthority = "unknown-authority"
        /// The server's certificate belongs to another host.
        case wrongName = "wrong-name"
        /// The server has no TLS 1.2 or later.
        case oldTLS = "old-tls"
        /// The body or the head was larger than allowed.
        case tooLarge = "too-large"
        /// An answer began and then came slower than allowed, or stopped.
        case tooSlow = "too-slow"
        /// A connection stood, and no answer began in time.
        case silent
        /// The answer ended before its announced length.
        case truncated
        /// The file of the gateway's certificate or key cannot be used.
        case ownIdentityUnusable = "own-identity-unusable"
        /// The certificates that the gateway should trust cannot be used.
        case authoritiesUnusable = "authorities-unusable"
        /// A mail server will never take this message, or none for this address.
        case refusedMail = "refused-mail"
        /// All others.
        case other
    }

    /// What kind of trouble it is.
    package let kind: Kind
    /// Which of its kind.
    package let detail: Detail
    /// The sentence for the person who reads it.
    package let description: String

    /// Joins the parts.
    package init(_ kind: Kind, _ description: String, detail: Detail = .other) {
        self.kind = kind
        self.detail = detail
        self.description = description
    }

    /// Whether a wrong clock of this gateway would explain it.
    ///
    /// The certificate comes from an authority that the gateway trusts, and only its time does not fit.
    package var isClockSuspect: Bool {
        detail == .certificateNotYetValid || detail == .certificateExpired
    }
}
