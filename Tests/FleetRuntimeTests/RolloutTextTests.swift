import ArgumentParser
import Glibc
import Rollouts
import TestKit
import Testing

@testable import FleetRuntime

@Suite struct RolloutTextTests {
    private let set = SetRelease(
        set: "base", version: "1.4.0", sha256: String(repeating: "a", count: 64), length: 1,
        release: 1, leastRuntime: "0.1.0")

    @Test func `times are read in the units people use`() {
        let range = 1...31_536_000
        for (text, seconds) in [("90s", 90), ("30m", 1800), ("24h", 86_400), ("7d", 604_800)] {
            #expect(RolloutOptions.seconds(text, in: range) == seconds)
        }
        for text in ["", "s", "30", "1.5h", "-1h", "+1h", "0s", "366d", "9999999999d", "5 m", "1w"]
        {
            #expect(RolloutOptions.seconds(text, in: range) == nil, "\(text)")
        }
    }

    @Test func `every wrong option is told at once`() throws {
        let folder = try TemporaryDirectory("rollout")
        let file = folder.file("release.json")
        try file.write(set.text)
        let options = try RolloutOptions.parse([
            "--release", file, "--waves", "5%,1%", "--success", "x", "--failures", "101%",
            "--patience", "1s", "--watch", "0s", "--go-back", "some", "--approval", "twice",
            "--start", "now", "--window", "1-2", "--zone", "Berlin",
        ])
        // readable() prints the sentences and ends the command
        #expect(throws: ExitCode(3)) { try options.plan(author: "", note: "") }
        let good = try RolloutOptions.parse([
            "--release", file, "--tag", "a", "--tag", "b", "--waves", "3,all", "--patience", "2h",
            "--watch", "10m", "--start", "2026-12-01T20:00:00Z", "--window", "22:00-04:00",
            "--zone",
            "Europe/Berlin", "--approval", "each", "--go-back", "all", "--first-tag", "pilot",
        ])
        let plan = try good.plan(author: "anna", note: "why")
        #expect(plan.id == "base-1.4.0" && plan.target.tags == ["a", "b"] && plan.first == "pilot")
        #expect(plan.waves == [.count(3), .all] && plan.gate.patienceSeconds == 7200)
        #expect(plan.start == 1_796_155_200_000 && plan.window?.description == "22:00-04:00")
        #expect(plan.approval == .each && plan.takesBack == .all && plan.author == "anna")
    }

    @Test func `a bar has a cell for each kind there is, and no more than its width`() {
        var generator = SeededGenerator(announcedAs: "progress bar")
        for _ in 0..<500 {
            var counts = Counts([])
            counts.proven = Int.random(in: 0...500, using: &generator)
            counts.failed = Int.random(in: 0...50, using: &generator)
            counts.busy = Int.random(in: 0...3, using: &generator)
            counts.all =
                counts.proven + counts.failed + counts.busy
                + Int.random(in: 1...900, using: &generator)
            let bar = ProgressBar.text(counts)
            #expect(bar.count == 32)
            #expect(bar.contains("x") == (counts.failed > 0))
            #expect(bar.contains("█") == (counts.proven > 0))
        }
        #expect(ProgressBar.text(Counts([])).count == 32)
    }

    @Test func `counts of a list are those of its gateways, whatever happened to them`() {
        var generator = SeededGenerator(announcedAs: "counts of rollouts")
        for _ in 0..<50 {
            let attempts = (0..<Int.random(in: 1...60, using: &generator)).map { place in
                var attempt = Attempt(gateway: "gw-\(place)", wave: 0, place: place, zone: "UTC")
                attempt.state = AttemptState.allCases.randomElement(using: &generator) ?? .waiting
                let mayFail = attempt.state.isSentBack && Bool.random(using: &generator)
                attempt.failure = mayFail || attempt.state == .failed ? .silent : nil
                return attempt
            }
            let rollout = Rollout(
                RolloutPlan(id: "a", set: set), state: .returning, since: 0, wave: 0, reason: "",
                attempts: attempts)
            let (one, other) = (Counts(attempts), Counts(RolloutSummary(rollout, made: 0)))
            #expect(one.words == other.words && one.busy == other.busy && one.back == other.back)
        }
    }

    @Test func `a rollout is told in words`() throws {
        var plan = RolloutPlan(id: "base-1.4.0", set: set)
        plan.waves = [.count(1), .all]
        let rollout = Rollout(plan, sites: [Site(id: "gw-1"), Site(id: "gw-2")], at: 0)
        #expect(
            RolloutText.line(RolloutSummary(rollout, made: 0))
                == "base-1.4.0: base 1.4.0, proposed, 0 of 2 good, 2 to come")
        let lines = RolloutText.status(rollout, gateways: true)
        #expect(lines[0] == "rollout   base-1.4.0: base 1.4.0")
        #expect(lines[1] == "state     proposed since 1970-01-01T00:00:00.000Z")
        #expect(lines.contains("wave 1    0 of 1 good, 1 to come"))
        #expect(lines.filter { $0.hasSuffix("waiting") }.count == 2)
    }
}

extension String {
    /// Writes a text into the file of this name.
    fileprivate func write(_ text: String) throws {
        guard let file = fopen(self, "wb") else { return }
        fputs(text, file)
        fclose(file)
    }
}
