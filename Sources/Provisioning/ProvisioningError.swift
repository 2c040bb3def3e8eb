/// Why the identity of this gateway could not be read, made or renewed.
///
/// One type for the whole target: the kind decides what the root does next, the sentence is for the
/// person who reads it.
package struct ProvisioningError: Error, Hashable, CustomStringConvertible, Sendable {
    /// What kind of trouble it is, which decides what comes next.
    package enum Kind: String, Sendable {
        /// A file or folder of the identity cannot be read or written.
        case storage
        /// There is no pair with which this gateway could show who it is.
        case noIdentity = "no-identity"
        /// What the operator typed cannot be used.
        case input
        /// The fleet does not accept the token or the certificate that was shown.
        case refused
        /// The fleet takes the door but not the request, or speaks another protocol.
        case rejected
        /// The fleet sent something that must not become this gateway's identity.
        case answer
        /// No answer in time, or the fleet is busy: try again later.
        case network
        /// The server is not who it should be.
        case server
        /// This machine's clock and a certificate contradict each other.
        case clock
        /// Another process changes the identity at this moment.
        case busy
    }

    /// What kind of trouble it is.
    package let kind: Kind
    /// The sentence for the person who reads it.
    package let description: String

    /// Joins the parts.
    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
