/// What became of a document of the fleet, told in an event of code `configuration`.
package struct ConfigurationReport: Hashable, Sendable {
    /// How it ended.
    package enum Result: String, CaseIterable, Sendable {
        /// The document is in force: packs, inverter and fleet are reached with it.
        case applied
        /// The document cannot be used; nothing has changed.
        case refused
        /// The document was tried and given up; the one before is in force again.
        case reverted
        /// A start: what is in force.
        case running
    }

    /// The version in force now; nil when it is the file on site alone.
    package var appliedVersion: Int?
    /// When that was applied, Unix time in milliseconds.
    package var appliedAt: Int64?
    /// What happened.
    package var result: Result
    /// The version it happened to, where that is another one.
    package var version: Int?
    /// What is wrong with that, one sentence each.
    package var faults: [String] = []
    /// What the fleet asked for and the site holds back, one sentence each.
    package var heldBack: [String] = []

    /// Nothing is in force, unless said otherwise.
    package init(
        _ result: Result, appliedVersion: Int? = nil, appliedAt: Int64? = nil, version: Int? = nil
    ) {
        self.result = result
        self.appliedVersion = appliedVersion
        self.appliedAt = appliedAt
        self.version = version
    }

    /// One sentence for people.
    package var text: String {
        let force = appliedVersion.map { "version \($0)" } ?? "the file on site"
        let tried = version.map { "version \($0)" } ?? "a document"
        let reason = faults.first.map { ": \($0)" } ?? ""
        return switch result {
        case .applied: "configuration: \(force) is applied"
        case .running: "configuration: \(force) is in force"
        case .refused: "configuration: \(tried) is refused, \(force) stays\(reason)"
        case .reverted: "configuration: \(tried) is reverted, \(force) is back\(reason)"
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("applied_version")
            if let appliedVersion { writer.integer(appliedVersion) } else { writer.null() }
            writer.moment("applied_at", unixMilliseconds: appliedAt)
            writer.name("result")
            writer.string(result.rawValue)
            writer.name("version")
            if let version { writer.integer(version) } else { writer.null() }
            writer.name("faults")
            writer.array { writer in for fault in faults { writer.string(fault) } }
            writer.name("held_back")
            writer.array { writer in for held in heldBack { writer.string(held) } }
        }
    }
}
