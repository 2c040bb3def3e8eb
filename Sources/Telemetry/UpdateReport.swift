/// What became of a set that the fleet assigned, told in an event whose code it is.
package struct UpdateReport: Hashable, Sendable {
    /// How far it came.
    package enum Code: String, CaseIterable, Sendable {
        /// The set is here, whole and proved.
        case delivered = "update_delivered"
        /// The gateway runs on it, and is watched.
        case applied = "update_applied"
        /// The house went on as before with it.
        case good = "update_good"
        /// The house did not: the set before runs again.
        case reverted = "update_reverted"
        /// The set is not used; nothing has changed.
        case failed = "update_failed"
    }

    /// How far it came.
    package let code: Code
    /// The name of the set; empty where the assignment could not be read.
    package let set: String
    /// Its version, `1.4.0`.
    package let version: String
    /// The release counter of the assignment; 0 where it could not be read.
    package let release: Int
    /// The rollout that it belongs to.
    package let rollout: String?
    /// Why it is reverted or failed, one sentence.
    package let reason: String?

    /// Joins the parts.
    package init(
        _ code: Code, set: String, version: String, release: Int, rollout: String? = nil,
        reason: String? = nil
    ) {
        self.code = code
        self.set = set
        self.version = version
        self.release = release
        self.rollout = rollout
        self.reason = reason
    }

    /// One sentence for people.
    package var text: String {
        let name = set.isEmpty ? "an assignment" : "\(set) \(version), release \(release)"
        let why = reason.map { ": \($0)" } ?? ""
        return switch code {
        case .delivered: "profile set: \(name) is here and proved"
        case .applied: "profile set: \(name) runs, and is watched"
        case .good: "profile set: \(name) is good"
        case .reverted: "profile set: \(name) is reverted, the one before runs again\(why)"
        case .failed: "profile set: \(name) is not used\(why)"
        }
    }

    /// Writes set, version, release, rollout and reason as one object.
    package func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("set")
            writer.string(set)
            writer.name("version")
            writer.string(version)
            writer.name("release")
            writer.integer(release)
            writer.name("rollout")
            if let rollout { writer.string(rollout) } else { writer.null() }
            writer.name("reason")
            if let reason { writer.string(reason) } else { writer.null() }
        }
    }
}
