import CertificateAuthority
import StrictJSON
import SwiftASN1
import TUF

/// Keys of the repository as files: a PEM file with the private half, a JSON file with the public one.
package enum KeyFile {
    /// Writes a new key to `path`, readable by its owner alone, and its public half beside it as
    /// `<path>.pub`.
    package static func make(
        _ path: String, scheme: TUFKey.Scheme, protection: KeyProtection
    ) throws -> TUFPrivateKey {
        guard !DurableFile.exists(path), !DurableFile.exists(path + ".pub") else {
            throw RepositoryError.request("'\(path)' is there already; a key is never overwritten")
        }
        guard let key = TUFPrivateKey(scheme) else {
            throw RepositoryError.request(
                "keys of '\(scheme.rawValue)' are not made here, allowed 'ed25519', "
                    + "'ecdsa-sha2-nistp256'")
        }
        try write(key, path, protection)
        try DurableFile.write(publicText(key.publicKey), to: path + ".pub")
        return key
    }

    /// Writes the private half.
    static func write(_ key: TUFPrivateKey, _ path: String, _ protection: KeyProtection) throws {
        let document: PEMDocument
        switch protection {
        case .fileMode: document = PEMDocument(type: "PRIVATE KEY", derBytes: key.der)
        case .passphrase(let passphrase):
            document = PEMDocument(
                type: "ENCRYPTED PRIVATE KEY",
                derBytes: try EncryptedKey.seal(key.der, with: passphrase))
        }
        try DurableFile.write(Array((document.pemString + "\n").utf8), to: path, mode: 0o600)
    }

    /// Reads a private key, with the passphrase where it is encrypted.
    package static func read(_ path: String, passphrase: Passphrase?) throws -> TUFPrivateKey {
        let text = String(decoding: try DurableFile.read(path), as: UTF8.self)
        guard let document = try? PEMDocument(pemString: text) else {
            throw RepositoryError.request("'\(path)' is no PEM file of a private key")
        }
        var der = document.derBytes
        if document.discriminator == "ENCRYPTED PRIVATE KEY" {
            guard let passphrase else {
                throw RepositoryError.request(
                    "the key '\(path)' is encrypted; give its passphrase with '--passphrase-file'")
            }
            der = try EncryptedKey.open(der, with: passphrase)
        }
        guard let key = TUFPrivateKey(der: der) else {
            throw RepositoryError.request(
                document.discriminator == "ENCRYPTED PRIVATE KEY"
                    ? "the passphrase does not open the key '\(path)'"
                    : "'\(path)' holds neither an ed25519 nor a P-256 key")
        }
        return key
    }

    /// Reads a public key as it is written beside a private one.
    package static func readPublic(_ path: String) throws -> TUFKey {
        let bytes = try DurableFile.read(path)
        guard let item = try? JSONParser.parse(bytes, wholeNumbers: true),
            case .string(let scheme)? = item.member("scheme")?.value,
            case .string(let text)? = item.member("keyval")?.member("public")?.value,
            let known = TUFKey.Scheme(rawValue: scheme),
            let key = TUFKey(scheme: known, publicText: text)
        else {
            throw RepositoryError.request("'\(path)' holds no public key as 'keygen' writes one")
        }
        return key
    }

    private static func publicText(_ key: TUFKey) -> [UInt8] {
        Array((key.item.canonicalText + "\n").utf8)
    }
}

/// The keys that the fleet itself holds, each under its id.
struct OnlineKeys {
    let folder: String

    /// Makes a key and keeps it.
    func make() throws -> TUFKey {
        guard let key = TUFPrivateKey(.ed25519) else {
            throw RepositoryError.request("bug: no ed25519 key is made")
        }
        try KeyFile.write(key, path(key.publicKey.id), .fileMode)
        return key.publicKey
    }

    /// The private halves of those keys that the fleet holds.
    func holders(of keys: [TUFKey]) throws -> [TUFPrivateKey] {
        var found: [TUFPrivateKey] = []
        var seen: Set<TUFName> = []
        for key in keys where seen.insert(key.id).inserted && DurableFile.exists(path(key.id)) {
            found.append(try KeyFile.read(path(key.id), passphrase: nil))
        }
        return found
    }

    /// Removes every key that is not among these.
    func keep(_ ids: Set<TUFName>) throws {
        for name in try DurableFile.names(in: folder)
        where name.hasSuffix(".pem") && !ids.contains(TUFName(String(name.dropLast(4)))) {
            try DurableFile.remove("\(folder)/\(name)")
        }
    }

    // an id is hexadecimal digits of our own making
    private func path(_ id: TUFName) -> String { "\(folder)/\(id.quoted).pem" }
}
