import EST

extension FuzzTarget {
    /// What either end of an enrolment reads: a body, a bag of certificates, a key, a content type,
    /// a token's header.
    func takeEST(_ bytes: [UInt8]) {
        if let body = try? Base64Text.decode(bytes) {
            let again = try? Base64Text.decode(Base64Text.encode(body, wrappedAt: 64))
            precondition(again == body)
            takeDER(body)
        }
        takeDER(bytes)
        let field = String(decoding: bytes, as: UTF8.self)
        _ = MediaType.names(field, MediaType.request)
        _ = GatewayName.isValid(field)
        if let shown = BasicCredentials(field) { precondition(!shown.user.utf8.contains(0x3A)) }
    }

    private func takeDER(_ bytes: [UInt8]) {
        _ = try? RequestedKey(request: bytes)
        guard let certificates = try? CertificateBag.decode(bytes) else { return }
        precondition((1...CertificateBag.mostCertificates).contains(certificates.count))
        guard let packed = try? CertificateBag.encode(certificates) else { return }
        let again = try? CertificateBag.decode(packed)
        precondition(again.map { $0.count == certificates.count } ?? false)
    }
}
