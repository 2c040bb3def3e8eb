/// A rollout as it is kept.
package struct RolloutRecord: Hashable, Sendable {
    /// Its name.
    package var id: String
    /// Counts up with every change, from 1.
    package var revision: Int64
    /// What was asked for, JSON.
    package var plan: String
    /// How far it is, and whether nothing happens any more.
    package var state: String, isOver: Bool
    /// Its wave, from 0.
    package var wave: Int32
    /// Why it is held, paused or ended.
    package var reason: String
    /// Unix times in milliseconds: when it was made, and when its state began.
    package var madeMilliseconds: Int64, sinceMilliseconds: Int64

    /// Joins the parts.
    package init(
        id: String, revision: Int64, plan: String, state: String, isOver: Bool, wave: Int32,
        reason: String, madeMilliseconds: Int64, sinceMilliseconds: Int64
    ) {
        self.id = id
        self.revision = revision
        self.plan = plan
        self.state = state
        self.isOver = isOver
        self.wave = wave
        self.reason = reason
        self.madeMilliseconds = madeMilliseconds
        self.sinceMilliseconds = sinceMilliseconds
    }
}

/// One gateway of a rollout as it is kept.
package struct RolloutGatewayRecord: Hashable, Sendable {
    /// The gateway's id.
    package var gateway: String
    /// Its place in the rollout and its wave, from 0.
    package var place: Int32, wave: Int32
    /// Its time zone by its IANA name.
    package var zone: String
    /// How far it is, and why it failed; empty when it did not.
    package var state: String, failure: String, words: String
    /// Counters of its assignment and of the one that sends it back; 0 while there is none.
    package var release: Int64, returnRelease: Int64
    /// The set it had, and how its bank was, JSON; empty when that is not known.
    package var previous: String, baseline: String
    /// Unix times in milliseconds, 0 where there is none: when its state began, when it was told,
    /// until when its word is awaited, when it said that it is good.
    package var since: Int64, told: Int64, deadline: Int64, good: Int64

    /// Joins the parts.
    package init(
        gateway: String, place: Int32, wave: Int32, zone: String, state: String,
        failure: String = "", words: String = "", release: Int64 = 0, returnRelease: Int64 = 0,
        previous: String = "", baseline: String = "", since: Int64 = 0, told: Int64 = 0,
        deadline: Int64 = 0, good: Int64 = 0
    ) {
        self.gateway = gateway
        self.place = place
        self.wave = wave
        self.zone = zone
        self.state = state
        self.failure = failure
        self.words = words
        self.release = release
        self.returnRelease = returnRelease
        self.previous = previous
        self.baseline = baseline
        self.since = since
        self.told = told
        self.deadline = deadline
        self.good = good
    }
}

/// A line of who did what to a rollout.
package struct RolloutNote: Hashable, Sendable {
    /// Unix time in milliseconds.
    package var madeMilliseconds: Int64
    /// A person, or the fleet itself.
    package var author: String
    /// What was done and why.
    package var what: String, detail: String

    /// Joins the parts.
    package init(madeMilliseconds: Int64, author: String, what: String, detail: String) {
        self.madeMilliseconds = madeMilliseconds
        self.author = author
        self.what = what
        self.detail = detail
    }
}

/// What a gateway shall install.
package struct AssignmentRecord: Hashable, Sendable {
    /// The gateway's id.
    package var gateway: String
    /// Counts up with every assignment of the gateway.
    package var release: Int64
    /// The rollout it belongs to.
    package var rollout: String
    /// The document, JSON; empty takes back the one before.
    package var document: String
    /// The release it is about, JSON; empty when it is about none.
    package var set: String
    /// Unix time in milliseconds when it was written.
    package var madeMilliseconds: Int64
    /// Whether the gateway can fetch it, at one place at least.
    package var isPublished: Bool

    /// Joins the parts.
    package init(
        gateway: String, release: Int64, rollout: String, document: String, set: String,
        madeMilliseconds: Int64, isPublished: Bool = false
    ) {
        self.gateway = gateway
        self.release = release
        self.rollout = rollout
        self.document = document
        self.set = set
        self.madeMilliseconds = madeMilliseconds
        self.isPublished = isPublished
    }
}

/// An assignment that comes in place of another one of the same gateway.
package struct AssignmentReplacement: Hashable, Sendable {
    /// The one that was read, and the one that comes.
    package let old: AssignmentRecord, new: AssignmentRecord

    /// Joins both.
    package init(_ old: AssignmentRecord, with new: AssignmentRecord) {
        self.old = old
        self.new = new
    }
}

/// A step of a rollout; it is kept whole or not at all.
package struct RolloutChange: Sendable {
    /// The rollout after it; its revision is the one before, and becomes the next one.
    package var rollout: RolloutRecord
    /// Gateways that changed.
    package var gateways: [RolloutGatewayRecord] = []
    /// Assignments that were written.
    package var assignments: [AssignmentRecord] = []
    /// Assignments that gateways can fetch by now; one that was replaced meanwhile is not meant.
    package var published: [AssignmentRecord] = []
    /// Who did what.
    package var notes: [RolloutNote] = []

    /// A step without consequences.
    package init(_ rollout: RolloutRecord) { self.rollout = rollout }
}

extension RolloutRecord: RowReadable {
    static let columns = "id, revision, plan, state, is_over, wave, reason, made_ms, since_ms"

    init(from row: inout some RowSource) {
        self.init(
            id: row.word(), revision: row.wide(), plan: row.word(), state: row.word(),
            isOver: row.number() != 0, wave: row.number(), reason: row.word(),
            madeMilliseconds: row.wide(), sinceMilliseconds: row.wide())
    }

    var parameters: [SQLValue] {
        [
            .text(id), .number(revision), .text(plan), .text(state), .number(isOver ? 1 : 0),
            .number(Int64(wave)), .text(reason), .number(madeMilliseconds),
            .number(sinceMilliseconds),
        ]
    }
}

extension RolloutGatewayRecord: RowReadable {
    static let columns = """
        gateway, place, wave, zone, state, failure, words, release, return_release, previous,
        baseline, since_ms, told_ms, deadline_ms, good_ms
        """

    init(from row: inout some RowSource) {
        self.init(
            gateway: row.word(), place: row.number(), wave: row.number(), zone: row.word(),
            state: row.word(), failure: row.word(), words: row.word(), release: row.wide(),
            returnRelease: row.wide(), previous: row.word(), baseline: row.word(),
            since: row.wide(), told: row.wide(), deadline: row.wide(), good: row.wide())
    }

    var parameters: [SQLValue] {
        [
            .text(gateway), .number(Int64(place)), .number(Int64(wave)), .text(zone),
            .text(state), .text(failure), .text(words), .number(release), .number(returnRelease),
            .text(previous), .text(baseline), .number(since), .number(told), .number(deadline),
            .number(good),
        ]
    }
}

extension RolloutNote: RowReadable {
    init(from row: inout some RowSource) {
        self.init(
            madeMilliseconds: row.wide(), author: row.word(), what: row.word(), detail: row.word())
    }
}

extension AssignmentRecord: RowReadable {
    static let columns = "gateway, release, rollout, document, set_text, made_ms, is_published"

    init(from row: inout some RowSource) {
        self.init(
            gateway: row.word(), release: row.wide(), rollout: row.word(), document: row.word(),
            set: row.word(), madeMilliseconds: row.wide(), isPublished: row.number() != 0)
    }

    var parameters: [SQLValue] {
        [
            .text(gateway), .number(release), .text(rollout), .text(document), .text(set),
            .number(madeMilliseconds), .number(isPublished ? 1 : 0),
        ]
    }
}
