/// What a batch asks of the database, worked out before it is touched.
struct BatchPlan {
    /// The records without repetitions, in the order of their keys.
    let records: [FleetRecord]
    /// How often a key came again in the same batch.
    let duplicates: Int
    /// The gateways of the records, ascending.
    let gateways: [String]
    /// What the trusted records of the batch tell about each boot.
    let told: [GatewayBoot: BootClock]
    /// Boots of which the batch has records whose clock was not trusted.
    let untrusted: Set<GatewayBoot>
    private let store: String

    /// Looks through a batch; throws when a boot id is none, which both databases must refuse alike.
    init(_ batch: IngestBatch, store: String) throws(FleetStoreError) {
        var seen = Set<RecordKey>(minimumCapacity: batch.records.count)
        var told: [GatewayBoot: BootClock] = [:]
        var untrusted: Set<GatewayBoot> = []
        var records: [FleetRecord] = []
        records.reserveCapacity(batch.records.count)
        for record in batch.records where seen.insert(record.key).inserted {
            guard Self.isBootID(record.clock.boot) else {
                throw .refused(
                    store: store, operation: "store record \(record.key)",
                    detail: "expected a boot id of the form 8-4-4-4-12, found "
                        + "'\(record.clock.boot)'")
            }
            let boot = GatewayBoot(gateway: record.key.gateway, boot: record.clock.boot)
            if let clock = BootClock(record.clock) {
                told[boot] = told[boot].map { $0.newer(clock) } ?? clock
            } else {
                untrusted.insert(boot)
            }
            records.append(record)
        }
        self.records = records.sorted { $0.key < $1.key }
        duplicates = batch.records.count - records.count
        gateways = Set(records.map(\.key.gateway)).sorted()
        self.told = told
        self.store = store
        self.untrusted = untrusted
    }

    /// All boots of the batch.
    var boots: Set<GatewayBoot> { untrusted.union(told.keys) }

    /// What the batch adds to the clocks that are known.
    func news(to known: [GatewayBoot: BootClock]) -> [(boot: GatewayBoot, clock: BootClock)] {
        told.filter { boot, clock in known[boot].map { clock.corrects($0) } ?? true }
            .map { (boot: $0.key, clock: $0.value) }
            .sorted { ($0.boot.gateway, $0.boot.boot) < ($1.boot.gateway, $1.boot.boot) }
    }

    /// Gives each record its time, by its own clock or by that of its boot.
    func staged(
        gateways ids: [String: Int32], clocks known: [GatewayBoot: BootClock]
    ) throws(FleetStoreError) -> [StagedRecord] {
        var clocks = known
        for (boot, clock) in news(to: known) { clocks[boot] = clock }
        var staged: [StagedRecord] = []
        staged.reserveCapacity(records.count)
        for record in records {
            guard let id = ids[record.key.gateway] else {
                throw .refused(
                    store: store, operation: "store a batch",
                    detail: "bug: gateway '\(record.key.gateway)' has no number")
            }
            let boot = GatewayBoot(gateway: record.key.gateway, boot: record.clock.boot)
            let (time, quality) = record.landing(clocks[boot])
            staged.append(
                StagedRecord(record: record, gateway: id, time: time, quality: quality))
        }
        Self.markNewest(&staged)
        return staged
    }

    private static func markNewest(_ staged: inout [StagedRecord]) {
        var telemetry: [Int32: Int] = [:]
        var reports: [Int32: Int] = [:]
        func consider(_ index: Int, _ newest: inout [Int32: Int]) {
            let gateway = staged[index].gateway
            if let other = newest[gateway], !staged[index].isNewer(than: staged[other]) { return }
            newest[gateway] = index
        }
        for index in staged.indices {
            if staged[index].isTelemetry { consider(index, &telemetry) }
            if staged[index].record.outbox != nil { consider(index, &reports) }
        }
        for index in telemetry.values { staged[index].isNewestTelemetry = true }
        for index in reports.values { staged[index].isNewestReport = true }
    }

    private static func isBootID(_ text: String) -> Bool {
        let groups = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard groups.map(\.count) == [8, 4, 4, 4, 12] else { return false }
        return groups.joined().allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
    }
}
