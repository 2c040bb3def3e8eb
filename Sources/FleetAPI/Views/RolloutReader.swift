import FleetStore
import Rollouts
import StrictJSON
import Views

/// Reads a rollout that somebody wants, with all that is wrong with it.
struct RolloutReader {
    private(set) var set = "", version: String?, returnTo: String?
    /// Everything but the sets, which have to be looked up.
    private(set) var plan: RolloutPlan
    /// Nil takes the usual name.
    private(set) var name: String?

    /// Throws a ``Problem`` with all faults.
    init(_ content: [UInt8], author: String) throws {
        let nothing = SetRelease(
            set: "", version: "", sha256: "", length: 0, release: 0, leastRuntime: "", hardware: [])
        plan = RolloutPlan(id: "", set: nothing)
        plan.author = author
        let faults = FaultList()
        guard var section = JSONSection(parsing: content, faults: faults) else {
            throw Problem.body(faults)
        }
        set = section.requiredString("set")
        version = section.string("version")
        returnTo = section.string("return_to")
        name = section.string("name")
        plan.note = section.string("note") ?? ""
        if plan.note.unicodeScalars.count > 500 || plan.note.utf8.contains(0) {
            section.fault("note", "has more than 500 characters, or one that is none of a text")
        }
        if var target = section.section("target") {
            plan.target = TargetFilter(&target)
            target.finish()
        }
        readWaves(&section)
        plan.first = section.string("first_tag")
        if let from = section.string("start") {
            plan.start = max(0, MomentText.milliseconds(from) ?? 0)
            if MomentText.milliseconds(from) == nil {
                section.fault("start", "is no moment such as '2026-12-01T20:00:00Z'")
            }
        }
        if let window = section.string("window") {
            plan.window = MaintenanceWindow(window)
            if plan.window == nil { section.fault("window", "is no span such as '01:00-05:00'") }
        }
        plan.zone = section.string("zone") ?? "UTC"
        section.finish()
        guard faults.faults.isEmpty else { throw Problem.body(faults) }
    }

    private mutating func readWaves(_ section: inout JSONSection) {
        if let text = section.string("waves") {
            do throws(RolloutFault) {
                plan.waves = try Waves.parse(text)
            } catch {
                section.fault("waves", error.sentences.joined(separator: "; "))
            }
        }
        for (key, place) in [("success", \SuccessGate.success), ("failures", \.failures)] {
            guard let text = section.string(key) else { continue }
            if let share = Share(text) {
                plan.gate[keyPath: place] = share
            } else {
                section.fault(key, "is no count and no part such as '5%'")
            }
        }
        plan.gate.patienceSeconds =
            section.integer("patience_s", in: 60...31_536_000) ?? plan.gate.patienceSeconds
        plan.gate.watchSeconds =
            section.integer("watch_s", in: 1...2_592_000) ?? plan.gate.watchSeconds
        plan.takesBack =
            section.word(
                "go_back", RolloutPlan.Return.allCases.map { ($0.rawValue, $0) }, default: .wave)
            ?? .wave
        // one person alone gives nothing to gateways from here
        plan.approval =
            section.word("approval", [("once", .once), ("each", .each)], default: .once) ?? .once
    }

    /// The plan with its sets, for gateways of a tenant and no others.
    func plan(
        _ catalogue: ProfileCatalogue, tenant: String, own: [String]
    ) throws -> RolloutPlan {
        var (plan, faults, damage) = (plan, [Problem.Fault](), [Problem.Fault]())
        switch try catalogue.find(set, version) {
        case .whole(let found): plan.set = found
        case .damaged(let found): damage.append(found.fault(at: "/set"))
        case .none: faults.append(.init(place: "/set", words: RequestSentence.setAbsent.words))
        }
        if let returnTo {
            switch try catalogue.find(set, returnTo) {
            case .whole(let found): plan.fallback = found
            case .damaged(let found): damage.append(found.fault(at: "/return_to"))
            case .none:
                faults.append(
                    .init(place: "/return_to", words: RequestSentence.versionAbsent.words))
            }
        }
        let foreign = plan.target.gateways.filter { !own.contains($0) }
        for id in foreign.prefix(10) {
            let words = RolloutRefusal.gatewayAbsent.filled(["gateway": id])
            faults.append(
                .init(
                    place: "/target/gateways", words: words, said: RolloutWords.refusal(words)))
        }
        // an empty list would take every gateway of the fleet
        if plan.target.gateways.isEmpty { plan.target.gateways = own }
        if own.isEmpty {
            faults.append(.init(place: "/target", words: RequestSentence.targetEmpty.words))
        }
        guard faults.isEmpty else {
            throw Problem(.bodyInvalid, "see errors for each part", faults: faults + damage)
        }
        guard damage.isEmpty else {
            throw Problem(
                .rolloutRefused, "what is damaged is given to no gateway; publish it anew",
                faults: damage)
        }
        plan.id = name ?? String("\(tenant)-\(plan.set.set)-\(plan.set.version)".prefix(64))
        return plan
    }
}
