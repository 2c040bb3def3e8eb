import StrictJSON

/// A public key as metadata lists it.
///
/// A key of a kind that is not known here is kept and verifies nothing.
package struct TUFKey: Sendable {
    /// How a key signs.
    package enum Scheme: String, Sendable {
        case ed25519
        case ecdsa = "ecdsa-sha2-nistp256"
        case rsa = "rsassa-pss-sha256"
    }

    /// The SHA-256 of the key's canonical form in small hexadecimal digits, or of that of its known
    /// fields alone: writers add fields to a key and leave its id.
    package let id: TUFName
    /// How it signs; nil when that is not known here.
    package let scheme: Scheme?
    /// The public part: 64 hexadecimal digits for ed25519, a PEM text for the others.
    package let publicText: String
    /// The whole key, unknown fields included.
    package let item: JSONItem

    /// Reads a key of metadata, listed under `id`, which must be its own.
    init(_ fields: FieldReader, _ item: JSONItem, id: TUFName) throws(TUFFault) {
        let type = try fields.text("keytype")
        let scheme = try fields.text("scheme")
        publicText = try fields.object("keyval").text("public")
        self.scheme = Self.scheme(type: type, scheme: scheme)
        self.item = item
        let known = JSONItem.object(
            try ["keytype", "keyval", "scheme"].map { name throws(TUFFault) in
                (name, try fields.required(name))
            })
        guard Self.id(of: item) == id || Self.id(of: known) == id else {
            throw .wrongKeyID(fields.role, keyID: id)
        }
        self.id = id
    }

    /// Makes a key of metadata; nil when its texts cannot be in one.
    package init?(scheme: Scheme, publicText: String) {
        let type: String =
            switch scheme {
            case .ed25519: "ed25519"
            case .ecdsa: "ecdsa"
            case .rsa: "rsa"
            }
        item = .object([
            ("keytype", .text(type)),
            ("keyval", .object([("public", .text(publicText))])),
            ("scheme", .text(scheme.rawValue)),
        ])
        guard let id = Self.id(of: item) else { return nil }
        self.id = id
        self.scheme = scheme
        self.publicText = publicText
    }

    private static func id(of item: JSONItem) -> TUFName? {
        CanonicalJSON.encode(item).map { TUFName(TUFDigest.sha256.text($0)) }
    }

    private static func scheme(type: String, scheme: String) -> Scheme? {
        switch (type, Scheme(rawValue: scheme)) {
        case ("ed25519", .ed25519?): .ed25519
        // the second is what older repositories write
        case ("ecdsa", .ecdsa?), ("ecdsa-sha2-nistp256", .ecdsa?): .ecdsa
        case ("rsa", .rsa?): .rsa
        default: nil
        }
    }
}
