import CertificateAuthority
import EST
import TUF

/// What gateways shall install, divided into roles by the hash of the path, so that a change touches a
/// few kilobytes however many gateways there are.
struct AssignmentBins {
    /// A role that was signed anew.
    struct Made {
        let role: TUFName
        let version: Int64
        let bytes: [UInt8]
    }

    private let repository: ProfileRepository
    private let old: Edition
    private let now: TUFTime
    private let authority: TUFAuthority
    private let signers: [TUFPrivateKey]
    /// Whether the key changed, or there is nothing yet, so that all is to be signed.
    private let isNew: Bool

    init(
        _ repository: ProfileRepository, old: Edition, targets: TUFTargets, now: TUFTime
    ) throws {
        let role = ProfileRepository.assignments
        guard let delegation = targets.delegations.first(where: { $0.authority.role == role })
        else {
            throw RepositoryError.content("the list of sets trusts nobody with assignments")
        }
        self.repository = repository
        self.old = old
        self.now = now
        authority = delegation.authority
        signers = try repository.online.holders(of: authority.keys)
        guard Int64(signers.count) >= authority.threshold else {
            throw RepositoryError.content(
                "'\(repository.path)/online' has no key for assignments; give the fleet a new one with "
                    + "'amphora-fleet profiles rotate --online assignments'")
        }
        isNew =
            old.assignments.map { (try? delegation.authority.check($0.envelope)) == nil } ?? true
    }

    /// Writes the documents, and gives the roles that list them, signed.
    func make(_ changes: [AssignmentChange], _ writer: EditionWriter) throws -> [Made] {
        var changed: [String: [AssignmentChange]] = [:]
        for change in changes {
            guard GatewayName.isValid(change.gateway) else {
                throw RepositoryError.request("'\(change.gateway)' is no id of a gateway")
            }
            changed[repository.bin(of: change), default: []].append(change)
        }
        var made: [Made] = []
        for prefix in prefixes {
            let role = TUFName("assignments-\(prefix)")
            let before = try old.snapshot.flatMap { try Edition.role(role, $0, repository) }
            let changes = changed[prefix] ?? []
            guard isNew || before == nil || !changes.isEmpty || isOld(before) else { continue }
            var listed = before?.targets ?? [:]
            for change in changes { try apply(change, to: &listed, writer) }
            made.append(try sign(role, before, Array(listed.values)))
        }
        if isNew || isOld(old.assignments) {
            let delegations = prefixes.map { prefix in
                TUFDelegation(
                    TUFAuthority(
                        role: TUFName("assignments-\(prefix)"), keys: authority.keys, threshold: 1),
                    .hashPrefixes([prefix]), isTerminating: true)
            }
            made.append(
                try sign(ProfileRepository.assignments, old.assignments, [], delegations))
        }
        return made
    }

    private func apply(
        _ change: AssignmentChange, to listed: inout [TUFName: TUFTarget], _ writer: EditionWriter
    ) throws {
        let path = AssignmentChange.path(change.gateway)
        guard let document = change.document else {
            listed[path] = nil
            return
        }
        let target = TUFTarget(path: path, bytes: document)
        if let same = listed[path], (try? same.check(document)) != nil { return }
        try writer.write(document, "targets/" + target.location(hasConsistentSnapshots: true))
        listed[path] = target
    }

    private func sign(
        _ role: TUFName, _ before: TUFTargets?, _ targets: [TUFTarget],
        _ delegations: [TUFDelegation] = []
    ) throws -> Made {
        let version = (before?.envelope.version ?? 0) + 1
        let draft = TUFDraft.targets(
            version: version, expires: now.after(repository.lives.assignments),
            targets.sorted { $0.path < $1.path }, delegations: delegations)
        return Made(role: role, version: version, bytes: try draft.signed(by: signers).bytes)
    }

    /// Whether less than half of its life is left.
    private func isOld(_ role: TUFTargets?) -> Bool {
        guard let role else { return true }
        return role.envelope.expires.seconds - now.seconds
            < repository.lives.assignments.seconds / 2
    }

    private var prefixes: [String] {
        let digits = repository.lives.binDigits
        return (0..<(1 << (4 * digits))).map { number in
            let text = String(number, radix: 16)
            return String(repeating: "0", count: digits - text.utf8.count) + text
        }
    }
}

extension ProfileRepository {
    /// Those changes that are more than what is published already.
    package func news(among changes: [AssignmentChange]) throws -> [AssignmentChange] {
        guard let snapshot = try edition().snapshot else { return changes }
        var news: [AssignmentChange] = []
        for (prefix, changes) in Dictionary(grouping: changes, by: bin(of:)) {
            let role = TUFName("assignments-\(prefix)")
            let listed = try Edition.role(role, snapshot, self)?.targets ?? [:]
            news += changes.filter { change in
                let target = listed[AssignmentChange.path(change.gateway)]
                guard let document = change.document else { return target != nil }
                return target.map { (try? $0.check(document)) == nil } ?? true
            }
        }
        return news
    }

    /// The first digits of the hash of the path under which the gateway looks.
    fileprivate func bin(of change: AssignmentChange) -> String {
        let path = AssignmentChange.path(change.gateway)
        return String(TUFDigest.sha256.text(Array(path.text.utf8)).prefix(lives.binDigits))
    }
}
