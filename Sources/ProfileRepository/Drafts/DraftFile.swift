import CertificateAuthority
import StrictJSON
import TUF

/// A draft that was carried to the machine with the keys.
package enum DraftFile {
    /// Adds the signatures of keys; whether they are wanted is seen where the repository is.
    package static func sign(_ path: String, with keys: [TUFPrivateKey]) throws {
        let bytes = try DurableFile.read(path, limit: 16 << 20)
        var draft: TUFDraft
        if let root = try? TUFRoot(bytes) {
            draft = TUFDraft(root.envelope)
        } else {
            draft = TUFDraft(try TUFTargets(bytes, role: "targets").envelope)
        }
        try draft.sign(keys)
        try DurableFile.write(draft.bytes, to: path)
    }
}
