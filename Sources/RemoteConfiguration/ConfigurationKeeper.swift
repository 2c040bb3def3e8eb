import CutPoints
import GatewaySettings

/// Why a document cannot be used; every fault at once.
package struct DocumentRefused: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence each.
    package let faults: [String]

    /// Names the faults.
    package init(_ faults: [String]) { self.faults = faults }

    /// One line each.
    package var description: String { faults.joined(separator: "\n") }
}

/// Keeps the fleet's documents and decides which of them counts.
///
/// 1. A document is fetched, validated, applied on trial, and then confirmed or reverted; each step is
///    on disk before the next begins.
/// 2. A power cut between any two steps leaves a document that was confirmed, or the file alone.
/// 3. A trial that two programs have begun and none has ended is reverted: it may be what ends them.
/// 4. The version in force never falls.
/// 5. A document that was refused or reverted is not tried again under the same tag; the one in force
///    stays.
///
/// `Plan` is what a document becomes when it is good; `judge` makes it, or says every fault.
package struct ConfigurationKeeper: Sendable {
    /// Makes what runs out of a document, without doing anything yet; nil is the file alone.
    package typealias Judge<Plan> = ([UInt8]?) throws(DocumentRefused) -> Plan

    /// What became of a fetched document.
    package enum Verdict<Plan> {
        /// It is what is in force, or was refused before: nothing to do.
        case known
        /// It is stored as candidate; this is what would run.
        case accepted(Plan)
        /// It is refused, now and under this tag for good.
        case refused(ConfigurationRefusal)
    }

    /// What a start runs on.
    package struct Start<Plan> {
        /// What runs.
        package let plan: Plan
        /// Whether it is on trial.
        package let isTrial: Bool
        /// What was given up on the way, for the report.
        package let reverted: ConfigurationRefusal?
    }

    /// So many starts may try one document.
    private static var mostStarts: Int { 2 }

    private let folder: ConfigurationFolder
    /// The document in force; nil is the file alone.
    package private(set) var current: ConfigurationEntry?
    /// The document that is good and not confirmed.
    package private(set) var candidate: ConfigurationEntry?
    /// The newest document that was refused or reverted.
    package private(set) var refusal: ConfigurationRefusal?

    /// Looks at what a folder holds.
    package init(_ folder: ConfigurationFolder) {
        self.folder = folder
        current = folder.read(.current)
        candidate = folder.read(.candidate)
        refusal = folder.readRefusal()
    }

    /// The tags of all documents that need not be sent again.
    package var tags: [String] {
        [current?.tag, candidate?.tag, refusal?.tag].compactMap { $0 }
    }

    // MARK: start

    /// Chooses what a start runs on: the document on trial, the one in force, the one before, the file.
    ///
    /// Throws only when the file alone cannot be used. A folder that cannot be written does not stop a
    /// start.
    package mutating func start<Plan>(_ judge: Judge<Plan>) throws(DocumentRefused) -> Start<Plan> {
        var reverted: ConfigurationRefusal?
        if let trial = candidate {
            if let plan = resume(trial, judge) {
                return Start(plan: plan, isTrial: true, reverted: nil)
            }
            reverted = refusal
        }
        for slot in [current, folder.read(.previous)] {
            guard let entry = slot else { continue }
            do {
                let plan = try judge(entry.document)
                current = entry
                return Start(plan: plan, isTrial: false, reverted: reverted)
            } catch {
                reverted = ConfigurationRefusal(
                    version: entry.version, tag: nil, faults: error.faults)
            }
        }
        let plan = try judge(nil)
        current = nil
        return Start(plan: plan, isTrial: false, reverted: reverted)
    }

    /// A start that finds a trial counts as one more attempt (rule 3); nil when it is given up.
    private mutating func resume<Plan>(_ trial: ConfigurationEntry, _ judge: Judge<Plan>) -> Plan? {
        var entry = trial
        if refusal?.names(entry) == true {
            try? folder.removeCandidate()
            candidate = nil
            return nil
        }
        do throws(DocumentRefused) {
            guard entry.starts < Self.mostStarts else {
                throw DocumentRefused([
                    "the gateway has ended \(entry.starts) times while version \(entry.version) was on trial"
                ])
            }
            let plan = try judge(entry.document)
            entry.state = .trial
            entry.starts += 1
            try note(entry)
            candidate = entry
            return plan
        } catch {
            try? revert(error.faults)
            return nil
        }
    }

    /// A start that cannot be counted must not be made: it could go on for ever.
    private func note(_ entry: ConfigurationEntry) throws(DocumentRefused) {
        do {
            try folder.write(.candidate, entry)
        } catch {
            throw DocumentRefused([error.description])
        }
    }

    // MARK: fetched and validated

    /// Takes a document the fleet has sent.
    package mutating func take<Plan>(
        _ bytes: [UInt8], tag: String?, _ judge: Judge<Plan>
    ) throws(FileError) -> Verdict<Plan> {
        if let tag, tag == refusal?.tag { return .known }
        if bytes == current?.document {
            try noteTag(tag)
            return .known
        }
        let version = RemoteDocument.version(of: bytes)
        let plan: Plan
        let entry: ConfigurationEntry
        do throws(DocumentRefused) {
            plan = try judge(bytes)
            entry = try accept(version, tag, bytes)
        } catch {
            let refused = ConfigurationRefusal(version: version, tag: tag, faults: error.faults)
            try folder.write(refused)
            refusal = refused
            return .refused(refused)
        }
        try folder.write(.candidate, entry)
        candidate = entry
        CutPoint.pass("configuration-validated")
        return .accepted(plan)
    }

    /// The version in force never falls (rule 4).
    private func accept(
        _ version: Int?, _ tag: String?, _ bytes: [UInt8]
    ) throws(DocumentRefused) -> ConfigurationEntry {
        let version = version ?? 0
        if let current, version < current.version {
            throw DocumentRefused([
                "'version' is \(version), expected above \(current.version), which is in force"
            ])
        }
        if let current, version == current.version {
            throw DocumentRefused(["'version' is \(version) again, with other content"])
        }
        return ConfigurationEntry(version: version, tag: tag, document: bytes)
    }

    private mutating func noteTag(_ tag: String?) throws(FileError) {
        guard var entry = current, entry.tag != tag else { return }
        entry.tag = tag
        try folder.write(.current, entry)
        current = entry
    }

    // MARK: trial

    /// The candidate is about to be applied.
    package mutating func beginTrial(
        expects: Reach, wallMilliseconds: Int64
    ) throws(FileError) {
        guard var entry = candidate else { return }
        entry.state = .trial
        entry.starts = 1
        entry.expects = expects
        entry.appliedAt = max(0, wallMilliseconds)
        try folder.write(.candidate, entry)
        candidate = entry
        CutPoint.pass("configuration-trial")
    }

    /// Everything is reached with the candidate: it is in force.
    package mutating func confirm() throws(FileError) {
        guard let entry = candidate else { return }
        if let current { try folder.write(.previous, current) }
        CutPoint.pass("configuration-previous")
        try folder.promoteCandidate()
        current = entry
        candidate = nil
        CutPoint.pass("configuration-confirmed")
    }

    /// The candidate is given up, and not tried again under its tag (rule 5).
    package mutating func revert(_ faults: [String]) throws(FileError) {
        guard let entry = candidate else { return }
        let refused = ConfigurationRefusal(
            version: entry.version, tag: entry.tag, faults: faults)
        refusal = refused
        candidate = nil
        try folder.write(refused)
        CutPoint.pass("configuration-reverted")
        try folder.removeCandidate()
        CutPoint.pass("configuration-removed")
    }
}
