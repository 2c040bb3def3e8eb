import ProfileSet

/// What this gateway is, as far as it decides which assignments are for it.
package struct UpdateTerms: Hashable, Sendable {
    /// Its id.
    package var gateway: String
    /// Its own version.
    package var runtime: SemanticVersion
    /// The model of the machine it runs on.
    package var hardware: String
    /// How long a new set is watched before it is good, in seconds.
    package var probationSeconds: Int
    /// How long a set that is ready waits for a good moment at most, in seconds.
    package var deferralSeconds: Int
    /// How often the source is asked, in seconds.
    package var pollSeconds: Int
    /// How long the source may give no good answer before that is an alarm, in seconds.
    package var staleSeconds: Int

    /// Joins what a gateway is with times for most houses: ten minutes of probation, a week of waiting,
    /// three days without a word of the source.
    package init(
        gateway: String, runtime: SemanticVersion, hardware: String, probationSeconds: Int = 600,
        deferralSeconds: Int = 7 * 86_400, pollSeconds: Int = 300,
        staleSeconds: Int = 3 * 86_400
    ) {
        self.gateway = gateway
        self.runtime = runtime
        self.hardware = hardware
        self.probationSeconds = probationSeconds
        self.deferralSeconds = deferralSeconds
        self.pollSeconds = pollSeconds
        self.staleSeconds = staleSeconds
    }

    /// Everything that forbids an assignment here, one sentence each; none when it counts.
    ///
    /// `now` is seconds since 1970 (``UpdateClock/now``), `release` the highest counter that was ever taken, `running` the
    /// hash of the archive that runs.
    package func faults(
        _ assignment: Assignment, now: Int64, release: Int, running: String?
    ) -> [String] {
        var faults: [String] = []
        if assignment.gateway != gateway {
            faults.append("it is for gateway '\(assignment.gateway)', this one is '\(gateway)'")
        }
        if now >= assignment.notAfter {
            faults.append("it ended \(now - assignment.notAfter) s ago")
        }
        if assignment.release < release {
            faults.append(
                "'release' is \(assignment.release), expected \(release) or more, which was taken before"
            )
        }
        if assignment.release == release, let running, running != assignment.sha256 {
            faults.append("'release' is \(release) again, with another set")
        }
        if runtime < assignment.leastRuntime {
            faults.append(
                "it needs gateway version \(assignment.leastRuntime), this is \(runtime)")
        }
        if !assignment.hardware.isEmpty, !assignment.hardware.contains(hardware) {
            let names = assignment.hardware.map { "'\($0)'" }.joined(separator: ", ")
            faults.append("it is for \(names), this machine is '\(hardware)'")
        }
        return faults
    }
}
