import Bank
import Quantities
import Telemetry

/// Writes the documents of all gateways, one at a time, with the gateway's own writers.
struct FleetDocument {
    private var bank: FleetBank
    private var writer = JSONWriter(capacity: 32_768)

    /// For gateways of `packs` packs.
    init(packs: Int) { bank = FleetBank(packs: packs) }

    /// Writes a record and lends its bytes; the same record gives the same bytes each time.
    mutating func write<Result>(
        _ record: RecordBook.Record, _ sequence: Int64, of identity: FleetIdentity,
        _ update: UpdateLife = UpdateLife(),
        _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let uptime = max(0, record.wallMilliseconds - identity.bootedAt)
        let now = Instant(nanoseconds: uptime * 1_000_000)
        let stamp = RecordStamp(
            gateway: identity.name, epoch: identity.epoch, sequence: sequence,
            wallNanoseconds: record.wallMilliseconds * 1_000_000, isWallTrusted: true,
            bootID: identity.bootID, monotonic: now)
        writer.removeAll()
        switch record.kind {
        case .telemetry:
            bank.show(identity, wallMilliseconds: record.wallMilliseconds, now: now)
            let frames = update.frames(from: identity.bootedAt, until: record.wallMilliseconds)
            let inverter = InverterSummary(
                profile: "pylontech-lv-1.2", keepAlive: "present", busState: "active",
                framesSent: frames, framesReceived: UInt64(uptime / 1000))
            TelemetryDocument.write(stamp, bank.state, bank.packs, inverter, to: &writer)
        case .event:
            if let report = update.reports[sequence] {
                EventDocument.write(
                    stamp, change: .noticed, level: .information, code: report.code.rawValue,
                    pack: 0, text: report.text, update: report, to: &writer)
            } else {
                writeEvent(stamp, sequence, of: identity)
            }
        }
        return writer.bytes.withUnsafeBytes(body)
    }

    /// A warning of one pack, that comes with odd numbers and goes with even ones.
    private mutating func writeEvent(
        _ stamp: RecordStamp, _ sequence: Int64, of identity: FleetIdentity
    ) {
        let pack = 1 + UInt8(identity.seed % UInt64(bank.packs.count))
        let isRaised = sequence % 2 == 1
        EventDocument.write(
            stamp, change: isRaised ? .raised : .cleared, level: .warning,
            code: AlarmKind.cellImbalance.code, pack: pack,
            text: "cell imbalance of pack \(pack) \(isRaised ? "raised" : "cleared")",
            to: &writer)
    }
}
