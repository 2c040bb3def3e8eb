import StrictJSON
import Telemetry

/// All that the agent has to remember; one line of JSON, replaced whole.
package struct UpdateRecord: Hashable, Sendable {
    /// A set that was given up, and under which counter: it is not tried again unless the fleet assigns
    /// it anew.
    package struct Bad: Hashable, Sendable {
        /// The hash of its archive.
        let sha256: String
        /// The release counter of the assignment.
        let release: Int
    }

    /// So many sets that were given up are remembered.
    private static var mostBad: Int { 32 }
    /// So many reports wait; of more the oldest go.
    private static var mostReports: Int { 64 }

    /// How far the set has come.
    package var phase = UpdatePhase.idle
    /// The document that is carried out; empty when idle.
    package var document: [UInt8] = []
    /// How many programs have begun in this phase.
    package var starts = 1
    /// The folder that ran before the swap; nil is the set that the gateway was installed with.
    package var before: String?
    /// The house before the swap; nil when nobody looked.
    package var house: HouseView?
    /// When the set was ready, in seconds since 1970 by a trusted clock; nil before that is known.
    package var stagedAt: Int64?
    /// Why the set is reverted or failed; empty while nothing is wrong.
    package var reason = ""
    /// The highest release counter that was ever taken; 0 before the first.
    package var release = 0
    /// How long the source has given no good answer, in seconds; behind by an hour at most.
    package var staleSeconds: Int64 = 0
    /// Sets that were given up.
    package private(set) var bad: [Bad] = []
    /// The hash of the last document about which something was told and that was not carried out.
    package var told = ""
    /// Reports that are not stored yet.
    package private(set) var reports: [NumberedReport] = []
    /// The number of the newest report.
    package private(set) var reported = 0

    /// Nothing has happened yet.
    package init() {}

    /// What is carried out; nil when idle or when it can no longer be read.
    package var assignment: Assignment? {
        document.isEmpty ? nil : try? Assignment(document)
    }

    /// Whether a set was given up under this counter.
    package func isBad(_ assignment: Assignment) -> Bool {
        bad.contains(Bad(sha256: assignment.sha256, release: assignment.release))
    }

    /// Gives a set up.
    mutating func giveUp(_ assignment: Assignment) {
        guard !isBad(assignment) else { return }
        bad.append(Bad(sha256: assignment.sha256, release: assignment.release))
        bad.removeFirst(max(0, bad.count - Self.mostBad))
    }

    /// Keeps a report until it is stored.
    mutating func tell(_ report: UpdateReport) {
        reported = reported >= Int(Int32.max) ? 1 : reported + 1
        reports.append(NumberedReport(number: reported, report: report))
        reports.removeFirst(max(0, reports.count - Self.mostReports))
    }

    /// Forgets reports that are stored; true when there were any.
    mutating func forget(reports stored: Int) -> Bool {
        let count = reports.count
        reports.removeAll { $0.number <= stored }
        return reports.count < count
    }

    // MARK: file

    /// The bytes of the file.
    package var fileBytes: [UInt8] {
        var writer = JSONWriter(capacity: 2048)
        writer.object { writer in
            writer.name("phase")
            writer.string(phase.rawValue)
            writer.name("document")
            writer.string(String(decoding: document, as: UTF8.self))
            writer.name("starts")
            writer.integer(starts)
            writer.name("before")
            if let before { writer.string(before) } else { writer.null() }
            if let house {
                writer.name("house")
                house.write(to: &writer)
            }
            if let stagedAt {
                writer.name("staged_at")
                writer.integer(stagedAt)
            }
            writer.name("reason")
            writer.string(reason)
            writer.name("release")
            writer.integer(release)
            writer.name("stale_s")
            writer.integer(staleSeconds)
            writer.name("told")
            writer.string(told)
            writer.name("reported")
            writer.integer(reported)
            writer.name("bad")
            writer.array { writer in
                for bad in bad { writer.string("\(bad.release) \(bad.sha256)") }
            }
            writer.name("reports")
            writer.array { writer in for report in reports { report.write(to: &writer) } }
        }
        writer.endLine()
        return writer.bytes
    }

    /// Reads the bytes of a file; nil when they are not whole.
    package init?(fileBytes bytes: [UInt8]) {
        let faults = FaultList()
        guard var root = JSONSection(parsing: bytes, faults: faults),
            let phase = UpdatePhase(rawValue: root.requiredString("phase"))
        else { return nil }
        self.phase = phase
        document = Array((root.string("document") ?? "").utf8)
        starts = root.requiredInteger("starts", in: 0...1_000_000) ?? 1
        before = root.text("before")
        house = root.section("house").map(HouseView.init)
        stagedAt = root.integer("staged_at", in: 0...Int(Int64.max)).map(Int64.init)
        reason = root.string("reason") ?? ""
        release = root.requiredInteger("release", in: 0...1_000_000_000) ?? 0
        staleSeconds = Int64(root.integer("stale_s", in: 0...Int(Int64.max)) ?? 0)
        told = root.string("told") ?? ""
        reported = root.requiredInteger("reported", in: 0...Int(Int32.max)) ?? 0
        bad = root.strings("bad").compactMap { text in
            let words = text.split(separator: " ").map(String.init)
            guard words.count == 2, let release = Int(words[0]) else { return nil }
            return Bad(sha256: words[1], release: release)
        }
        reports = root.sections("reports").compactMap(NumberedReport.init)
        guard faults.faults.isEmpty else { return nil }
        if phase != .idle, assignment == nil { return nil }
    }
}

extension HouseView {
    /// What a probation compares with.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("packs")
            writer.integer(packs)
            writer.name("inverter")
            writer.string(inverter.rawValue)
            writer.name("sending")
            writer.bool(isSending)
            writer.name("alarms")
            writer.array { writer in for alarm in alarms.sorted() { writer.string(alarm) } }
            writer.name("exchanges")
            writer.integer(Int64(clamping: exchanges))
            writer.name("faulty")
            writer.integer(Int64(clamping: faultyExchanges))
        }
    }

    init(_ section: JSONSection) {
        var section = section
        packs = section.integer("packs", in: 0...16) ?? 0
        inverter = Inverter(rawValue: section.string("inverter") ?? "") ?? .unseen
        isSending = section.bool("sending", default: false)
        alarms = Set(section.strings("alarms"))
        exchanges = UInt64(section.integer("exchanges", in: 0...Int.max) ?? 0)
        faultyExchanges = UInt64(section.integer("faulty", in: 0...Int.max) ?? 0)
    }
}
