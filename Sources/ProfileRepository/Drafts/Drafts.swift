import CertificateAuthority
import TUF

/// What waits for signatures.
package struct Drafts {
    /// The next root; nil when there is none to come.
    package var root: TUFRoot?
    /// The next list of sets; nil when there is none to come.
    package var targets: TUFTargets?
}

extension ProfileRepository {
    /// Reads the drafts.
    package func drafts() throws -> Drafts {
        var drafts = Drafts()
        let root = file("draft/root.json")
        let targets = file("draft/targets.json")
        if DurableFile.exists(root) { drafts.root = try TUFRoot(try DurableFile.read(root)) }
        if DurableFile.exists(targets) {
            drafts.targets = try TUFTargets(
                try DurableFile.read(targets, limit: 16 << 20), role: "targets")
        }
        return drafts
    }

    /// Adds the signatures of keys to every draft that they may sign; gives the names of those drafts.
    package func sign(with keys: [TUFPrivateKey]) throws -> [TUFName] {
        let (drafts, edition) = (try drafts(), try edition())
        var signed: [TUFName] = []
        // what is published already is not signed anew under the same version
        for (envelope, authorities) in try Self.signers(drafts, edition)
        where envelope.role == "root" || drafts.targets != nil {
            let mine = keys.filter { key in
                authorities.contains { $0.keyIDs.contains(key.publicKey.id) }
            }
            guard !mine.isEmpty else { continue }
            let draft = try TUFDraft(envelope).signed(by: mine)
            try DurableFile.write(draft.bytes, to: file("draft/\(envelope.role).json"))
            signed.append(envelope.role)
        }
        return signed
    }

    /// What still lacks signatures, a sentence each; empty when all drafts can be published.
    package func lacking() throws -> [String] {
        var lacking: [String] = []
        for (envelope, authorities) in try Self.signers(try drafts(), try edition()) {
            for authority in authorities {
                do throws(TUFFault) {
                    try authority.check(envelope)
                } catch {
                    lacking.append(error.description)
                    break
                }
            }
        }
        return lacking
    }

    /// Each draft and those who must sign it: a root by the keys before and after it, and targets by
    /// those of both roots while one follows the other, so that gateways believe them at any moment.
    static func signers(
        _ drafts: Drafts, _ edition: Edition
    ) throws -> [(TUFEnvelope, [TUFAuthority])] {
        let roots = [edition.root, drafts.root].compactMap(\.self)
        var signers: [(TUFEnvelope, [TUFAuthority])] = []
        if let root = drafts.root {
            signers.append((root.envelope, try roots.map { try $0.authority(.root) }))
        }
        if let targets = drafts.targets ?? (drafts.root == nil ? nil : edition.targets) {
            signers.append((targets.envelope, try roots.map { try $0.authority(.targets) }))
        }
        return signers
    }
}
