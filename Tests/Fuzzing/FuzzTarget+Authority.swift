import CertificateAuthority

extension FuzzTarget {
    /// A duration of an option or a file; what gets through is in its range and reads the same again.
    func takeDuration(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let allowed = Lifetime.minutes(10)...Lifetime.days(3650)
        guard let lifetime = try? Lifetime.parse(text, of: "fuzz", allowed: allowed) else { return }
        precondition(allowed.contains(lifetime))
        let again = try? Lifetime.parse("\(lifetime)", of: "fuzz", allowed: allowed)
        precondition(again == lifetime)
    }
}
