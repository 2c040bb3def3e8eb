import FleetStore
import Rollouts
import Telemetry
import Views

extension UserRoutes {
    /// What a rollout would do, were it made now; nothing is kept, and nothing is told.
    @Sendable static func previewRollout(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        try asked.query.finish()
        let content = try await Content.read(
            asked.request, most: UserResponder.mostBytes, seconds: asked.bodySeconds)
        let (now, user) = (asked.now, asked.bearer.user)
        let reader = try RolloutReader(content, author: user.name)
        let catalogue = try desk.openCatalogue()
        return try await desk.ask { store in
            let (rollouts, plan, own) = try RolloutAnswers.plan(
                reader, catalogue, tenant: user.tenant, store, desk)
            let preview = try RolloutAnswers.asking {
                try rollouts.preview(plan, at: now, among: own)
            }
            return Reply(bytes: RolloutAnswers.document(preview, of: plan), isTagged: false)
        }
    }
}

extension RolloutAnswers {
    /// The most gateways of the first wave that a preview names.
    private static let mostNamed = 100

    /// What a plan would do; gateways that are left out are counted, not named.
    static func document(_ preview: RolloutPreview, of plan: RolloutPlan) -> [UInt8] {
        Documents.one { writer in
            writer.object { writer in
                writer.member("rollout", plan.id)
                writer.member("set", plan.set.set)
                writer.member("version", plan.set.version)
                writer.member("gateways", preview.sites.count)
                writer.name("waves")
                writer.array { writer in for size in preview.waves { writer.integer(size) } }
                writer.name("first_wave")
                writer.array { writer in
                    for id in preview.firstWave.prefix(mostNamed) { writer.string(id) }
                }
                writer.member("current", preview.current.count)
                writer.member("misfits", preview.misfits.count)
                writer.member("busy", preview.busy.count)
                writer.member("unseen", preview.unseen)
                writer.member("without_return", preview.withoutReturn)
                writer.name("zones")
                writer.array { writer in
                    for hours in preview.hours {
                        writer.object { writer in
                            writer.member("zone", hours.zone)
                            writer.member("gateways", hours.gateways)
                            writer.moment("opens", unixMilliseconds: hours.opens)
                        }
                    }
                }
                writer.name("faults")
                writer.array { writer in
                    for words in preview.faults.prefix(20) { writer.string(words) }
                }
                writer.statements(
                    "faults_said", preview.faults.prefix(20).flatMap(RolloutWords.refusal))
            }
        }
    }
}
