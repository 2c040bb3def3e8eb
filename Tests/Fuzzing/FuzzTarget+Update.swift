import TimeZones
import UpdateAgent

extension FuzzTarget {
    /// An assignment, and what the agent remembers, which may be of a bad disk.
    func takeAssignment(_ bytes: [UInt8]) {
        if let assignment = try? Assignment(bytes) {
            precondition(assignment.place.utf8.count <= 129 && !assignment.place.contains("/"))
            let terms = UpdateTerms(
                gateway: "house", runtime: assignment.leastRuntime, hardware: "generic")
            _ = terms.faults(assignment, now: .max, release: .max, running: "x")
            _ = terms.faults(assignment, now: .min, release: 0, running: nil)
        }
        if let record = UpdateRecord(fileBytes: bytes) {
            precondition(UpdateRecord(fileBytes: record.fileBytes) != nil, "not read again")
        }
    }

    /// A zone file of the machine, asked for all times.
    func takeZone(_ bytes: [UInt8]) {
        guard let zone = ZoneFile(bytes) else { return }
        for moment in [Int64.min, -1, 0, 1_795_000_000, 4_102_444_800, .max] {
            _ = zone.offset(at: moment)
        }
    }
}
