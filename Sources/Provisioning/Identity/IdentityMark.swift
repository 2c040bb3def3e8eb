import Glibc

/// What tells one state of the folder of the identity from another without reading any certificate.
package struct IdentityMark: Equatable, Sendable {
    private var goals: [String?] = []
    private var moments: [Int] = []
}

extension IdentityStore {
    /// How the folder is now: where its links lead, and when the certificates behind them were written.
    package var mark: IdentityMark {
        var mark = IdentityMark()
        for name in Door.allCases.map(\.rawValue) + ["pending"] {
            mark.note(
                goal: folder.goal(of: name), certificate: folder.file("\(name)/certificate.pem"))
        }
        return mark
    }
}

extension IdentityMark {
    fileprivate mutating func note(goal: String?, certificate: String) {
        goals.append(goal)
        var found = stat()
        guard stat(certificate, &found) == 0 else {
            moments += [0, 0]
            return
        }
        moments += [found.st_mtim.tv_sec, found.st_mtim.tv_nsec]
    }
}
