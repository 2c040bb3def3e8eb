import Glibc
import StrictJSON
import Telemetry

/// What a simulated gateway was assigned, and what it still has to say of that.
struct UpdateLife {
    /// The file it read last: when that was written, and its number.
    private var seen: (seconds: Int, nanoseconds: Int, number: ino_t) = (0, 0, 0)
    /// The highest counter it has taken.
    private(set) var release = 0
    /// What it will report, soonest first; times are nanoseconds on the monotonic clock.
    private var planned: [(at: Int64, report: UpdateReport)] = []
    /// Reports it has made, by the number of their record.
    var reports: [Int64: UpdateReport] = [:]
    /// Whether it makes no records.
    private(set) var isMute = false
    /// Wall times in milliseconds between which no frames went out; the last may not be over.
    private var stops: [(from: Int64, until: Int64)] = []

    /// Frames sent until a wall time by a gateway that began at another, ten a second.
    func frames(from began: Int64, until wall: Int64) -> UInt64 {
        let lost = stops.reduce(Int64(0)) { $0 + max(0, min(wall, $1.until) - $1.from) }
        return UInt64(max(0, wall - began - lost) / 100)
    }

    /// Looks for a new assignment in a file; `manner` says how a version of a set is taken.
    mutating func look(
        at path: String, now: Int64, wall: Int64, probation: Int64,
        manner: (_ version: String) -> UpdateManner
    ) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        let found = (
            seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec,
            number: status.st_ino
        )
        guard found != seen, let assignment = Self.read(path) else { return }
        seen = found
        guard assignment.release > release else { return }
        release = assignment.release
        planned = []
        take(assignment, manner(assignment.version), now, wall, probation)
    }

    /// What is to be reported by now.
    mutating func due(_ now: Int64) -> [UpdateReport] {
        let due = planned.filter { $0.at <= now }.map(\.report)
        if !due.isEmpty { planned.removeAll { $0.at <= now } }
        return due
    }

    private mutating func take(
        _ assignment: Assignment, _ manner: UpdateManner, _ now: Int64, _ wall: Int64,
        _ probation: Int64
    ) {
        func plan(_ code: UpdateReport.Code, _ part: Int64, _ reason: String? = nil) {
            planned.append(
                (
                    now + probation * part / 10,
                    UpdateReport(
                        code, set: assignment.set, version: assignment.version, release: release,
                        rollout: assignment.rollout, reason: reason)
                ))
        }
        if let last = stops.last, last.until == .max { stops[stops.count - 1].until = wall }
        isMute = manner == .silent
        guard manner != .silent else { return }
        plan(.delivered, 1)
        switch manner {
        case .fail: return plan(.failed, 2, "the vector 'full bank' does not pass")
        case .revert:
            plan(.applied, 2)
            return plan(.reverted, 6, UpdateReason.inverterLost.filled())
        case .flap:
            for round in Int64(0)..<4 {
                plan(.good, 10 + round * 8)
                plan(
                    .reverted, 14 + round * 8,
                    UpdateReason.packsLost.filled(["count": 0, "before": 2]))
            }
            return
        case .lie: stops.append((wall, .max))
        case .good, .silent: break
        }
        plan(.applied, 2)
        plan(.good, 10)
    }

    /// What an assignment says.
    private struct Assignment {
        let set: String, version: String
        let release: Int
        let rollout: String?
    }

    private static func read(_ path: String) -> Assignment? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        guard
            var root = JSONSection(parsing: Array(bytes.prefix(count)), faults: FaultList()),
            let release = root.integer("release", in: 1...1 << 53 - 1)
        else { return nil }
        return Assignment(
            set: root.string("set") ?? "", version: root.string("version") ?? "",
            release: release, rollout: root.string("rollout"))
    }
}
