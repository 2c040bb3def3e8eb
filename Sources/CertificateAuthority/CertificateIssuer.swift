/// Signs what a device asks for.
package protocol CertificateIssuer: Sendable {
    /// Issues an operational certificate of a gateway.
    ///
    /// `request` is a PKCS#10 request in DER whose signature, key and names were checked. The certificate
    /// bears the gateway's id as its only common name and as `urn:amphora:gateway:<id>`, is for TLS
    /// clients, and began an hour ago. Returns DER.
    func issue(request: [UInt8], gateway: String) throws(IssueError) -> [UInt8]

    /// The certificates that devices shall trust, root first, in DER.
    var authorities: [[UInt8]] { get }
}

/// Why a certificate was not issued.
package struct IssueError: Error, CustomStringConvertible {
    /// The sentence for the person who reads it.
    package let description: String

    /// States the reason.
    package init(_ description: String) { self.description = description }
}
