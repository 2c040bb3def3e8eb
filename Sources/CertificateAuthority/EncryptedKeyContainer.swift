import SwiftASN1

/// An `ENCRYPTED PRIVATE KEY` as it lies in a file: PBES2 of PKCS#5 (RFC 8018) around PKCS#8.
///
/// Holds what stands in the bytes, within bounds that a machine can work with; decrypts nothing.
package struct EncryptedKeyContainer: Hashable, Sendable {
    /// How the passphrase becomes a key.
    enum Derivation: Hashable, Sendable {
        /// scrypt (RFC 7914); `cost` is a power of two, `cost` × `block` at most 2¹⁸, which is 32 MiB.
        case scrypt(salt: [UInt8], cost: Int, block: Int, lanes: Int)
        /// PBKDF2 with an HMAC; at most ten million rounds.
        case pbkdf2(salt: [UInt8], rounds: Int, hash: Hash)
    }

    /// The hash of an HMAC.
    enum Hash: Hashable, Sendable { case sha1, sha256, sha384, sha512 }

    /// How the passphrase becomes a key.
    let derivation: Derivation
    /// Bytes of the AES key, 16, 24 or 32; the mode is CBC.
    let keyBytes: Int
    /// The 16 bytes the cipher starts from.
    let vector: [UInt8]
    /// The encrypted key.
    let secret: [UInt8]

    private enum OID {
        static let pbes2: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 5, 13]
        static let pbkdf2: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 5, 12]
        static let scrypt: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 11_591, 4, 11]
        static let hashes: [(ASN1ObjectIdentifier, Hash)] = [
            ([1, 2, 840, 113_549, 2, 7], .sha1), ([1, 2, 840, 113_549, 2, 9], .sha256),
            ([1, 2, 840, 113_549, 2, 10], .sha384), ([1, 2, 840, 113_549, 2, 11], .sha512),
        ]
        static let ciphers: [(ASN1ObjectIdentifier, Int)] = [
            ([2, 16, 840, 1, 101, 3, 4, 1, 2], 16), ([2, 16, 840, 1, 101, 3, 4, 1, 22], 24),
            ([2, 16, 840, 1, 101, 3, 4, 1, 42], 32),
        ]
    }

    /// Names the parts.
    init(derivation: Derivation, keyBytes: Int, vector: [UInt8], secret: [UInt8]) {
        self.derivation = derivation
        self.keyBytes = keyBytes
        self.vector = vector
        self.secret = secret
    }

    /// Reads DER; throws with what it should have been.
    package init(der: [UInt8]) throws(AuthorityError) {
        do {
            self = try DER.sequence(try DER.parse(der), identifier: .sequence) { nodes in
                let (derivation, keyBytes, vector) = try nodes.sequence(Self.scheme)
                let secret = Array(try ASN1OctetString(derEncoded: &nodes).bytes)
                guard (16...4096).contains(secret.count), secret.count % 16 == 0 else {
                    throw AuthorityError.content("the encrypted part has \(secret.count) bytes")
                }
                return EncryptedKeyContainer(
                    derivation: derivation, keyBytes: keyBytes, vector: vector, secret: secret)
            }
        } catch let error as AuthorityError {
            throw error
        } catch {
            throw .content("the encrypted key is no PKCS#8 with PBES2: \(error)")
        }
    }

    private static func scheme(
        _ nodes: inout ASN1NodeCollection.Iterator
    ) throws -> (Derivation, Int, [UInt8]) {
        let method = try ASN1ObjectIdentifier(derEncoded: &nodes)
        guard method == OID.pbes2 else {
            throw AuthorityError.content("the key is encrypted with \(method), expected PBES2")
        }
        return try nodes.sequence { nodes in
            let (derivation, derived) = try nodes.sequence(Self.derivation)
            let (keyBytes, vector) = try nodes.sequence { nodes in
                let cipher = try ASN1ObjectIdentifier(derEncoded: &nodes)
                guard let keyBytes = OID.ciphers.first(where: { $0.0 == cipher })?.1 else {
                    throw AuthorityError.content(
                        "the key is encrypted with the cipher \(cipher), expected AES in CBC mode")
                }
                return (keyBytes, Array(try ASN1OctetString(derEncoded: &nodes).bytes))
            }
            guard vector.count == 16, derived == nil || derived == keyBytes else {
                throw AuthorityError.content(
                    "the lengths of cipher (\(keyBytes)), key (\(derived ?? 0)) and vector "
                        + "(\(vector.count)) do not fit")
            }
            return (derivation, keyBytes, vector)
        }
    }

    private static func derivation(
        _ nodes: inout ASN1NodeCollection.Iterator
    ) throws -> (Derivation, derived: Int?) {
        let method = try ASN1ObjectIdentifier(derEncoded: &nodes)
        switch method {
        case OID.scrypt: return try nodes.sequence(Self.scrypt)
        case OID.pbkdf2: return try nodes.sequence(Self.pbkdf2)
        default:
            throw AuthorityError.content(
                "the key's passphrase goes through \(method), expected scrypt or PBKDF2")
        }
    }

    private static func salt(_ nodes: inout ASN1NodeCollection.Iterator) throws -> [UInt8] {
        let salt = Array(try ASN1OctetString(derEncoded: &nodes).bytes)
        guard (1...1024).contains(salt.count) else {
            throw AuthorityError.content("the salt has \(salt.count) bytes, allowed 1…1024")
        }
        return salt
    }

    private static func scrypt(
        _ nodes: inout ASN1NodeCollection.Iterator
    ) throws -> (Derivation, derived: Int?) {
        let salt = try salt(&nodes)
        let cost = try Int(derEncoded: &nodes)
        let block = try Int(derEncoded: &nodes)
        let lanes = try Int(derEncoded: &nodes)
        let derived = try nodes.next().map { try Int(derEncoded: $0) }
        guard (2...1 << 18).contains(cost), cost & (cost - 1) == 0, (1...64).contains(block),
            (1...16).contains(lanes), cost * block <= 1 << 18
        else {
            throw AuthorityError.content(
                "scrypt is asked for N \(cost), r \(block), p \(lanes), allowed N × r up to "
                    + "\(1 << 18), r up to 64, p up to 16")
        }
        return (.scrypt(salt: salt, cost: cost, block: block, lanes: lanes), derived)
    }

    private static func pbkdf2(
        _ nodes: inout ASN1NodeCollection.Iterator
    ) throws -> (Derivation, derived: Int?) {
        let salt = try salt(&nodes)
        let rounds = try Int(derEncoded: &nodes)
        guard (1...10_000_000).contains(rounds) else {
            throw AuthorityError.content("PBKDF2 has \(rounds) rounds, allowed 1…10000000")
        }
        var derived: Int?
        var hash = Hash.sha1
        while let node = nodes.next() {
            if node.identifier == .integer {
                derived = try Int(derEncoded: node)
                continue
            }
            let method = try DER.sequence(node, identifier: .sequence) { nodes in
                let method = try ASN1ObjectIdentifier(derEncoded: &nodes)
                _ = nodes.next()
                return method
            }
            guard let known = OID.hashes.first(where: { $0.0 == method })?.1 else {
                throw AuthorityError.content("PBKDF2 uses \(method), expected HMAC with SHA")
            }
            hash = known
        }
        return (.pbkdf2(salt: salt, rounds: rounds, hash: hash), derived)
    }
}

extension EncryptedKeyContainer {
    /// The bytes of a container whose key comes from scrypt; throws for any other.
    func der() throws -> [UInt8] {
        guard case .scrypt(let salt, let cost, let block, let lanes) = derivation,
            let cipher = OID.ciphers.first(where: { $0.1 == keyBytes })?.0
        else { throw AuthorityError.request("keys are written with scrypt and AES only") }
        var coder = DER.Serializer()
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.serialize(OID.pbes2)
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    try coder.appendConstructedNode(identifier: .sequence) { coder in
                        try coder.serialize(OID.scrypt)
                        try coder.appendConstructedNode(identifier: .sequence) { coder in
                            try coder.serialize(ASN1OctetString(contentBytes: salt[...]))
                            for number in [cost, block, lanes] { try coder.serialize(number) }
                        }
                    }
                    try coder.appendConstructedNode(identifier: .sequence) { coder in
                        try coder.serialize(cipher)
                        try coder.serialize(ASN1OctetString(contentBytes: vector[...]))
                    }
                }
            }
            try coder.serialize(ASN1OctetString(contentBytes: secret[...]))
        }
        return coder.serializedBytes
    }
}
