import FleetIngest
import FleetStore

extension FuzzTarget {
    /// A message of a gateway; what gets through keeps what the store relies on.
    func takeRecord(_ bytes: [UInt8]) {
        do {
            let record = try RecordDecoder.decode(bytes, from: "gw-1", receivedMilliseconds: 0)
            precondition(record.key.epoch > 0 && record.key.sequence > 0)
            precondition(record.clock.boot.utf8.count == 36)
            guard case .telemetry(_, let packs) = record.body else { return }
            precondition((1...16).contains(packs.count))
            for (left, right) in zip(packs, packs.dropFirst()) {
                precondition(left.pack < right.pack)
            }
        } catch {
            precondition(!error.reason.isEmpty && error.reason.utf8.count < 2048)
        }
    }
}
