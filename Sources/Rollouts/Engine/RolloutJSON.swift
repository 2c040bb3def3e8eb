import FleetStore
import Telemetry

/// How rollouts are shown to programs: one line of JSON each.
package enum RolloutJSON {
    /// A rollout without its gateways.
    package static func summary(_ rollout: RolloutSummary) -> String {
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in write(rollout, to: &writer) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// A rollout with its gateways and its history.
    package static func status(_ rollout: Rollout, made: Int64, _ notes: [RolloutNote]) -> String {
        var writer = JSONWriter(capacity: 65_536)
        writer.object { writer in
            write(RolloutSummary(rollout, made: made), to: &writer)
            writer.name("plan")
            writer.raw(rollout.plan.text.utf8)
            writer.name("gateways")
            writer.array { writer in
                for attempt in rollout.attempts { write(attempt, to: &writer) }
            }
            writer.name("history")
            writer.array { writer in for note in notes { write(note, to: &writer) } }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The members of a rollout without its gateways.
    package static func write(_ rollout: RolloutSummary, to writer: inout JSONWriter) {
        writer.name("rollout")
        writer.string(rollout.plan.id)
        writer.name("set")
        writer.string(rollout.plan.set.set)
        writer.name("version")
        writer.string(rollout.plan.set.version)
        writer.name("state")
        writer.string(rollout.state.rawValue)
        writer.name("is_over")
        writer.bool(rollout.state.isOver)
        writer.name("reason")
        writer.string(rollout.reason)
        writer.statements("reason_said", RolloutWords.reason(rollout.reason))
        writer.moment("made", unixMilliseconds: rollout.made)
        writer.moment("since", unixMilliseconds: rollout.since)
        writer.name("wave")
        writer.integer(rollout.wave + 1)
        writer.name("waves")
        writer.array { writer in
            for tally in rollout.waves {
                writer.object { writer in
                    writer.name("gateways")
                    writer.integer(tally.gateways)
                    writer.name("attempted")
                    writer.integer(tally.attempted)
                    writer.name("proven")
                    writer.integer(tally.proven)
                    writer.counts(
                        "failures",
                        AttemptFailure.allCases.compactMap { kind in
                            tally.failures[kind].map { (kind.rawValue, Int64($0)) }
                        })
                }
            }
        }
    }

    /// One gateway of a rollout.
    package static func write(_ attempt: Attempt, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("gateway")
            writer.string(attempt.gateway)
            writer.name("wave")
            writer.integer(attempt.wave + 1)
            writer.name("zone")
            writer.string(attempt.zone)
            writer.name("state")
            writer.string(attempt.state.rawValue)
            writer.name("failure")
            if let failure = attempt.failure {
                writer.string(failure.rawValue)
            } else {
                writer.null()
            }
            writer.name("words")
            writer.string(attempt.words)
            writer.statements("words_said", RolloutWords.reason(attempt.words))
            writer.name("release")
            writer.integer(max(attempt.release, attempt.returnRelease))
            writer.name("previous")
            if let previous = attempt.previous {
                writer.string(previous.version)
            } else {
                writer.null()
            }
            func moment(_ name: StaticString, _ time: Int64) {
                writer.moment(name, unixMilliseconds: time > 0 ? time : nil)
            }
            moment("since", attempt.since)
            moment("told", attempt.told)
            moment("awaited_until", attempt.deadline)
            moment("good", attempt.good)
        }
    }

    /// Who did what, and when.
    package static func write(_ note: RolloutNote, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.moment("time", unixMilliseconds: note.madeMilliseconds)
            writer.name("author")
            writer.string(note.author)
            writer.name("what")
            writer.string(note.what)
            writer.name("detail")
            writer.string(note.detail)
            // what somebody wrote is not ours to say again
            let isOwn = note.author == Rollout.machine || note.what == "takeBack"
            writer.statements("detail_said", isOwn ? RolloutWords.reason(note.detail) : [])
        }
    }

    /// What a plan would do.
    package static func preview(_ preview: RolloutPreview, of plan: RolloutPlan) -> String {
        var writer = JSONWriter(capacity: 4096)
        func list(_ name: StaticString, _ values: [String], _ writer: inout JSONWriter) {
            writer.name(name)
            writer.array { writer in for value in values { writer.string(value) } }
        }
        writer.object { writer in
            writer.name("plan")
            writer.raw(plan.text.utf8)
            list("gateways", preview.sites.map(\.id), &writer)
            writer.name("waves")
            writer.array { writer in for size in preview.waves { writer.integer(size) } }
            list("first_wave", preview.firstWave, &writer)
            list("current", preview.current, &writer)
            list("misfits", preview.misfits, &writer)
            list("busy", preview.busy.keys.sorted(), &writer)
            writer.name("unseen")
            writer.integer(preview.unseen)
            writer.name("without_return")
            writer.integer(preview.withoutReturn)
            writer.name("zones")
            writer.array { writer in
                for hours in preview.hours {
                    writer.object { writer in
                        writer.name("zone")
                        writer.string(hours.zone)
                        writer.name("gateways")
                        writer.integer(hours.gateways)
                        writer.moment("opens", unixMilliseconds: hours.opens)
                    }
                }
            }
            list("faults", preview.faults, &writer)
            writer.statements("faults_said", preview.faults.flatMap(RolloutWords.refusal))
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
