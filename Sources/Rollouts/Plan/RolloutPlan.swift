import StrictJSON
import Telemetry

/// What was asked for; never changes once the rollout is made.
package struct RolloutPlan: Hashable, Sendable {
    /// Who goes back when too many of a wave fail.
    package enum Return: String, CaseIterable, Hashable, Sendable {
        /// The gateways of that wave and of waves after it.
        case wave
        /// Every gateway that was told.
        case all
    }

    /// When somebody has to approve, who is not the author.
    package enum Approval: String, CaseIterable, Hashable, Sendable {
        /// Never: one person answers for it alone.
        case never
        /// Before it begins.
        case once
        /// Before the first wave, and before each one after.
        case each
    }

    /// Its name.
    package var id: String
    /// What gateways get.
    package var set: SetRelease
    /// What those go back to of which nothing earlier is known; nil has none.
    package var fallback: SetRelease?
    /// Which gateways.
    package var target = TargetFilter()
    /// How many gateways are reached by each wave.
    package var waves = Waves.usual
    /// Gateways with this tag come first.
    package var first: String?
    /// When a wave has gone well.
    package var gate = SuccessGate()
    /// Who goes back.
    package var takesBack = Return.wave
    /// When somebody has to approve.
    package var approval = Approval.once
    /// Unix time in milliseconds before which it does not begin; 0 is at once.
    package var start: Int64 = 0
    /// The hours in which sites may be touched, by their own clock; nil is always.
    package var window: MaintenanceWindow?
    /// The zone of sites of which none is known.
    package var zone = "UTC"
    /// Who made it and what they said about it.
    package var author = "", note = ""

    /// A plan with the defaults.
    package init(id: String, set: SetRelease) {
        self.id = id
        self.set = set
    }

    /// The plan as JSON.
    package var text: String {
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in write(to: &writer) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(to writer: inout JSONWriter) {
        func text(_ name: StaticString, _ value: String, _ writer: inout JSONWriter) {
            writer.name(name)
            writer.string(value)
        }
        text("id", id, &writer)
        writer.name("set")
        set.write(to: &writer)
        if let fallback {
            writer.name("fallback")
            fallback.write(to: &writer)
        }
        writer.name("target")
        writer.object { writer in
            for kind in target.kinds {
                writer.name(kind.name)
                writer.array { writer in for value in kind.values { writer.string(value) } }
            }
        }
        writer.name("waves")
        writer.array { writer in for wave in waves { writer.string("\(wave)") } }
        if let first { text("first", first, &writer) }
        text("success", "\(gate.success)", &writer)
        text("failures", "\(gate.failures)", &writer)
        writer.name("patience_s")
        writer.integer(gate.patienceSeconds)
        writer.name("watch_s")
        writer.integer(gate.watchSeconds)
        text("return", takesBack.rawValue, &writer)
        text("approval", approval.rawValue, &writer)
        writer.name("start_ms")
        writer.integer(start)
        if let window { text("window", "\(window)", &writer) }
        text("zone", zone, &writer)
        text("author", author, &writer)
        text("note", note, &writer)
    }

    /// Reads what `text` wrote; throws with every fault.
    package init(parsing bytes: [UInt8]) throws(RolloutFault) {
        let faults = FaultList()
        guard var root = JSONSection(parsing: bytes, faults: faults) else {
            throw RolloutFault(faults)
        }
        func share(_ text: String, _ key: String) -> Share {
            guard let share = Share(text) else {
                root.fault(key, "is '\(text)', expected a count or a part such as '5%'")
                return .all
            }
            return share
        }
        id = root.requiredString("id")
        guard var set = root.section("set") else {
            throw RolloutFault("'set' is missing, expected an object")
        }
        self.set = SetRelease(&set)
        set.finish()
        fallback = root.section("fallback").map { section in
            var section = section
            defer { section.finish() }
            return SetRelease(&section)
        }
        if var section = root.section("target") {
            target = TargetFilter(&section)
            section.finish()
        }
        waves = root.strings("waves").map { share($0, "waves") }
        first = root.string("first")
        gate.success = share(root.requiredString("success"), "success")
        gate.failures = share(root.requiredString("failures"), "failures")
        gate.patienceSeconds =
            root.requiredInteger("patience_s", in: 60...31_536_000) ?? 86_400
        gate.watchSeconds = root.requiredInteger("watch_s", in: 1...2_592_000) ?? 1_800
        takesBack = root.word("return", Return.allCases.map { ($0.rawValue, $0) }) ?? .wave
        approval = root.word("approval", Approval.allCases.map { ($0.rawValue, $0) }) ?? .once
        start = Int64(root.requiredInteger("start_ms", in: 0...1 << 53 - 1) ?? 0)
        if let text = root.string("window") {
            window = MaintenanceWindow(text)
            if window == nil { root.fault("window", "is '\(text)', expected '01:00-05:00'") }
        }
        zone = root.requiredString("zone")
        author = root.string("author") ?? ""
        note = root.string("note") ?? ""
        root.finish()
        guard faults.faults.isEmpty else { throw RolloutFault(faults) }
    }
}

extension TargetFilter {
    /// Reads lists of texts by the names of their kinds; one that is missing filters nothing.
    package init(_ section: inout JSONSection) {
        gateways = section.strings("gateways")
        groups = section.strings("groups")
        tags = section.strings("tags")
        withoutTags = section.strings("without_tags")
        models = section.strings("models")
        profiles = section.strings("profiles")
        regions = section.strings("regions")
        versions = section.strings("versions")
    }
}
