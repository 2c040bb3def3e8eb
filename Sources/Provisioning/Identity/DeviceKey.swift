import Crypto
import X509

/// The private key of a pair, wherever it lies.
///
/// The seam for keys in a chip: whoever adds PKCS#11 or a TPM conforms to this, with a
/// `CustomPrivateKey` of swift-certificates as signer and the key's URI as location.
package protocol DeviceKey: Sendable {
    /// What signs requests, and whose public half the certificate must bear.
    var signer: Certificate.PrivateKey { get }
    /// What the TLS library is told in order to use the key: the path of a file, or a URI.
    var location: String { get }
}

/// A P-256 key in a file that only its owner can read.
package struct FileKey: DeviceKey {
    private static let name = "key.pem"

    /// What signs.
    package let signer: Certificate.PrivateKey
    /// The path of the file.
    package let location: String

    /// Makes a key on this machine and keeps it as `key.pem` in a folder of the identity, mode 0600.
    package static func make(
        in folder: IdentityFolder, _ pair: String
    ) throws(ProvisioningError) -> FileKey {
        let key = P256.Signing.PrivateKey()
        let name = "\(pair)/\(name)"
        try folder.write(name, Array((key.pemRepresentation + "\n").utf8), mode: 0o600)
        return FileKey(signer: Certificate.PrivateKey(key), location: folder.file(name))
    }

    /// Reads the key of a pair.
    package static func load(
        from folder: IdentityFolder, _ pair: String
    ) throws(IdentityFault) -> FileKey {
        let path = folder.file("\(pair)/\(name)")
        let text = try PEMFile.text(folder, "\(pair)/\(name)")
        guard let key = try? Certificate.PrivateKey(pemEncoded: text) else {
            throw .unreadable(path: path, expected: "a private key in PEM")
        }
        return FileKey(signer: key, location: path)
    }
}
