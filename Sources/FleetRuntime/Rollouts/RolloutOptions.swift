import ArgumentParser
import FleetIngest
import Rollouts

/// What a rollout is made of, as options.
struct RolloutOptions: ParsableArguments {
    @OptionGroup var release: ReleaseOptions

    @Option(
        help: ArgumentHelp(
            "What the rollout is called. (default: the set and its version)", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("Gateways with this tag.", valueName: "tag"))
    var tag: [String] = []

    @Option(help: ArgumentHelp("Gateways without this tag.", valueName: "tag"))
    var withoutTag: [String] = []

    @Option(help: ArgumentHelp("Gateways of this group.", valueName: "name"))
    var group: [String] = []

    @Option(help: ArgumentHelp("Gateways of this model.", valueName: "model"))
    var model: [String] = []

    @Option(help: ArgumentHelp("Gateways of this region.", valueName: "region"))
    var region: [String] = []

    @Option(
        help: ArgumentHelp("Gateways that measure with this inverter profile.", valueName: "id"))
    var profile: [String] = []

    @Option(help: ArgumentHelp("Gateways that run this version of a set.", valueName: "version"))
    var running: [String] = []

    @Option(help: ArgumentHelp("This gateway.", valueName: "id"))
    var gateway: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            How many gateways are reached when each wave is done, earlier waves included: counts, \
            parts, and 'all', growing.
            """, valueName: "list"))
    var waves = "1%,10%,all"

    @Option(help: ArgumentHelp("Gateways with this tag come before others.", valueName: "tag"))
    var firstTag: String?

    @Option(
        help: ArgumentHelp(
            "So many gateways of a wave must be good, or somebody has to decide.",
            valueName: "share"))
    var success = "95%"

    @Option(
        help: ArgumentHelp(
            "With more failures in a wave than this it goes back. Silence is a failure.",
            valueName: "share"))
    var failures = "5%"

    @Option(
        help: ArgumentHelp(
            "Time for a gateway to say that it is good, 1m to 365d.", valueName: "time"))
    var patience = "24h"

    @Option(
        help: ArgumentHelp(
            "Time for which a gateway is watched after it said so, 1s to 30d.", valueName: "time"))
    var watch = "30m"

    @Option(
        help: "Who goes back when too many of a wave fail: that 'wave', or 'all' that were told.")
    var goBack = "wave"

    @Option(
        help: ArgumentHelp(
            "When somebody other than the author has to approve: 'never', 'once', or before 'each' wave.",
            valueName: "when"))
    var approval = "once"

    @Option(
        help: ArgumentHelp(
            "Begin not before this moment, such as 2026-12-01T20:00:00Z.", valueName: "date"))
    var start: String?

    @Option(
        help: ArgumentHelp(
            "Hours in which a house may be touched, by its own clock, such as 01:00-05:00.",
            valueName: "hours"))
    var window: String?

    @Option(
        help: ArgumentHelp("Time zone of houses of which none is known.", valueName: "zone"))
    var zone = "UTC"

    /// The plan that the options make; every fault of theirs ends the command with status 3.
    func plan(author: String, note: String) throws -> RolloutPlan {
        try readable {
            var faults: [String] = []
            let (set, fallback) = try release.read()
            var plan = RolloutPlan(id: name ?? "\(set.set)-\(set.version)", set: set)
            plan.fallback = fallback
            plan.target.gateways = gateway
            plan.target.groups = group
            plan.target.tags = tag
            plan.target.withoutTags = withoutTag
            plan.target.models = model
            plan.target.profiles = profile
            plan.target.regions = region
            plan.target.versions = running
            plan.first = firstTag
            plan.zone = zone
            (plan.author, plan.note) = (author, note)
            do throws(RolloutFault) {
                plan.waves = try Waves.parse(waves)
            } catch {
                faults += error.sentences.map { "'--waves': \($0)" }
            }
            func read<Value>(
                _ option: String, _ text: String, _ expected: String, _ value: Value?
            ) -> Value? {
                if value == nil { faults.append("'\(option)' is '\(text)', expected \(expected)") }
                return value
            }
            let share = "a count or a part such as '5%'"
            plan.gate.success = read("--success", success, share, Share(success)) ?? .all
            plan.gate.failures = read("--failures", failures, share, Share(failures)) ?? .count(0)
            plan.gate.patienceSeconds =
                read(
                    "--patience", patience, "a time such as '24h', 1m to 365d",
                    Self.seconds(patience, in: 60...31_536_000)) ?? 60
            plan.gate.watchSeconds =
                read(
                    "--watch", watch, "a time such as '30m', 1s to 30d",
                    Self.seconds(watch, in: 1...2_592_000)) ?? 1
            plan.takesBack =
                read("--go-back", goBack, "'wave' or 'all'", RolloutPlan.Return(rawValue: goBack))
                ?? .wave
            plan.approval =
                read(
                    "--approval", approval, "'never', 'once' or 'each'",
                    RolloutPlan.Approval(rawValue: approval)) ?? .once
            if let start {
                plan.start =
                    read(
                        "--start", start, "a moment such as '2026-12-01T20:00:00Z'",
                        Timestamp.milliseconds(Array(start.utf8)).flatMap { $0 >= 0 ? $0 : nil })
                    ?? 0
            }
            if !ZoneClock.system.knows(zone) {
                faults.append("'--zone' is '\(zone)', expected \(ZoneClock.expected)")
            }
            if let window {
                plan.window = read(
                    "--window", window, "hours such as '01:00-05:00'", MaintenanceWindow(window))
            }
            guard faults.isEmpty else { throw RolloutFault(faults) }
            return plan
        }
    }

    /// Seconds of `90s`, `30m`, `24h` or `7d`; nil for anything else and outside the range.
    static func seconds(_ text: String, in range: ClosedRange<Int>) -> Int? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), (2...9).contains(text.utf8.count),
            text.dropLast().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text.dropLast())
        else { return nil }
        let seconds = number * unit
        return range.contains(seconds) ? seconds : nil
    }
}
