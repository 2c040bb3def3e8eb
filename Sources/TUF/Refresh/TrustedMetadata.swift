/// What a client believes in the course of one update, and the rules by which it comes to believe more.
///
/// The order is root, timestamp, snapshot, targets, roles delegated to (specification 1.0.34, section
/// 5). Every check that a step throws leaves what was believed before as it was. The moment of the
/// start decides what has expired, however long the update takes.
package struct TrustedMetadata: Sendable {
    /// When the update began.
    package let start: TUFTime
    /// The root.
    package private(set) var root: TUFRoot
    /// The timestamp, which may be one from disk that only serves to refuse older ones.
    package private(set) var timestamp: TUFTimestamp?
    /// The snapshot, which may be one from disk that only serves to refuse older ones.
    package private(set) var snapshot: TUFSnapshot?
    /// The role `targets`.
    package private(set) var targets: TUFTargets?

    /// Begins with a root that came with the product or was believed before.
    ///
    /// It must be signed by its own keys; whether it has expired does not matter.
    package init(root bytes: [UInt8], start: TUFTime) throws(TUFFault) {
        root = try TUFRoot(bytes)
        try root.checkOwnSignatures()
        self.start = start
    }

    // MARK: root

    /// Takes the next root: signed by the keys of the one before and by its own, its version one more.
    package mutating func takeRoot(_ bytes: [UInt8]) throws(TUFFault) {
        guard timestamp == nil else { throw .order("a root after a timestamp") }
        let next = try TUFRoot(bytes)
        try root.authority(.root).check(next.envelope)
        try next.checkOwnSignatures()
        let (expected, overflow) = root.envelope.version.addingReportingOverflow(1)
        guard !overflow, next.envelope.version == expected else {
            throw .wrongVersion("root", expected: expected, found: next.envelope.version)
        }
        root = next
    }

    /// Refuses to go on with a root that has expired.
    package func checkRoot() throws(TUFFault) { try root.envelope.checkExpiry(start) }

    /// Whether timestamps and snapshots believed under `earlier` are to be forgotten.
    ///
    /// Other keys mean that the old ones may have signed versions high enough to refuse all to come.
    package func forgets(since earlier: TUFRoot) throws(TUFFault) -> Bool {
        for role in [TUFRoot.Role.timestamp, .snapshot]
        where try root.authority(role).differs(from: earlier.authority(role)) { return true }
        return false
    }

    // MARK: timestamp

    /// Takes a timestamp from disk, expired or not.
    package mutating func recallTimestamp(_ bytes: [UInt8]) throws(TUFFault) {
        let recalled = try TUFTimestamp(bytes)
        try root.authority(.timestamp).check(recalled.envelope)
        timestamp = recalled
    }

    /// Takes a timestamp from the server; false when it is the one believed already.
    package mutating func takeTimestamp(_ bytes: [UInt8]) throws(TUFFault) -> Bool {
        try checkRoot()
        let next = try TUFTimestamp(bytes)
        try root.authority(.timestamp).check(next.envelope)
        if let trusted = timestamp {
            let (old, new) = (trusted.envelope.version, next.envelope.version)
            guard new >= old else { throw .rollback("timestamp", trusted: old, offered: new) }
            if new == old {
                try trusted.envelope.checkExpiry(start)
                return false
            }
            guard next.snapshot.version >= trusted.snapshot.version else {
                throw .rollback(
                    "snapshot", trusted: trusted.snapshot.version, offered: next.snapshot.version)
            }
        }
        try next.envelope.checkExpiry(start)
        timestamp = next
        return true
    }

    // MARK: snapshot

    /// Takes a snapshot from disk; true when it is the one that the timestamp names, so that there is
    /// nothing to ask for.
    ///
    /// Any other one still serves to refuse a snapshot older than it.
    package mutating func recallSnapshot(_ bytes: [UInt8]) throws(TUFFault) -> Bool {
        let named = try finalTimestamp.snapshot
        let recalled = try TUFSnapshot(bytes)
        try root.authority(.snapshot).check(recalled.envelope)
        snapshot = recalled
        return recalled.envelope.version == named.version && recalled.envelope.expires > start
            && (try? named.check(bytes, "snapshot")) != nil
    }

    /// Takes the snapshot that the timestamp names from the server.
    package mutating func takeSnapshot(_ bytes: [UInt8]) throws(TUFFault) {
        let named = try finalTimestamp.snapshot
        try named.check(bytes, "snapshot")
        let next = try TUFSnapshot(bytes)
        try root.authority(.snapshot).check(next.envelope)
        guard next.envelope.version == named.version else {
            throw .wrongVersion(
                "snapshot", expected: named.version, found: next.envelope.version)
        }
        for (name, old) in snapshot?.files ?? [:] {
            guard let new = next.files[name] else { throw .roleRemoved(name) }
            guard new.version >= old.version else {
                throw .rollback(name, trusted: old.version, offered: new.version)
            }
        }
        try next.envelope.checkExpiry(start)
        snapshot = next
    }

    // MARK: targets

    /// Takes the role `targets` that the snapshot names, from wherever.
    package mutating func takeTargets(_ bytes: [UInt8]) throws(TUFFault) {
        targets = try role(bytes, root.authority(.targets))
    }

    /// Reads a role that lists targets, and holds it against the snapshot and the keys of whoever
    /// trusts it.
    ///
    /// Nothing is kept: the same role may be reached through others who trust other keys.
    package func role(_ bytes: [UInt8], _ authority: TUFAuthority) throws(TUFFault) -> TUFTargets {
        let mark = try mark(authority.role)
        try mark.check(bytes, authority.role)
        let role = try TUFTargets(bytes, role: authority.role)
        try authority.check(role.envelope)
        guard role.envelope.version == mark.version else {
            throw .wrongVersion(
                authority.role, expected: mark.version, found: role.envelope.version)
        }
        try role.envelope.checkExpiry(start)
        return role
    }

    /// What the snapshot says of a role.
    package func mark(_ role: TUFName) throws(TUFFault) -> TUFFileMark {
        let named = try finalTimestamp.snapshot
        guard let snapshot else { throw .order("a role that lists targets before a snapshot") }
        guard snapshot.envelope.version == named.version else {
            throw .wrongVersion(
                "snapshot", expected: named.version, found: snapshot.envelope.version)
        }
        try snapshot.envelope.checkExpiry(start)
        guard let mark = snapshot.mark(role) else { throw .roleUnlisted(role) }
        return mark
    }

    /// The timestamp, when it is good for more than refusing older ones.
    package var finalTimestamp: TUFTimestamp {
        get throws(TUFFault) {
            guard let timestamp else { throw .order("a snapshot before a timestamp") }
            try timestamp.envelope.checkExpiry(start)
            return timestamp
        }
    }
}
