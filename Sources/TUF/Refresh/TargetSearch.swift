/// Looks for the role that lists a target: depth first, in the order in which roles are trusted.
///
/// Performs nothing: it says which role to read next and takes what came of it.
package struct TargetSearch {
    /// What comes next.
    package enum Step {
        /// The target is listed.
        case found(TUFTarget)
        /// This role must be read.
        case read(TUFAuthority)
        /// Nobody lists it.
        case absent
    }

    /// The most bytes of a path that is looked for.
    package static var longestPath: Int { 4096 }

    private let path: TUFName
    private let mostRoles: Int
    private var waiting: [TUFAuthority] = []
    private var visited: Set<TUFName> = ["targets"]
    private var found: TUFTarget?

    /// Begins at the role `targets`.
    package init(_ path: TUFName, in targets: TUFTargets, mostRoles: Int) throws(TUFFault) {
        guard path.text.utf8.count <= Self.longestPath else {
            throw .malformed(path, "the path is longer than \(Self.longestPath) bytes")
        }
        self.path = path
        self.mostRoles = mostRoles
        take(targets)
    }

    /// What to do next; a role that was visited is not visited again, so that a circle ends.
    package mutating func next() throws(TUFFault) -> Step {
        if let found { return .found(found) }
        while let authority = waiting.popLast() {
            guard !visited.contains(authority.role) else { continue }
            guard visited.count < mostRoles else { throw .tooManyRoles(limit: mostRoles) }
            visited.insert(authority.role)
            return .read(authority)
        }
        return .absent
    }

    /// Takes a role that was read and verified.
    package mutating func take(_ role: TUFTargets) {
        if let target = role.targets[path] {
            found = target
            return
        }
        var trusted: [TUFAuthority] = []
        for delegation in role.delegations where delegation.covers(path) {
            trusted.append(delegation.authority)
            if delegation.isTerminating {
                waiting = []
                break
            }
        }
        waiting += trusted.reversed()
    }
}
