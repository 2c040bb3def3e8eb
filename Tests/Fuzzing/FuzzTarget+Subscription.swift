import FleetAPI
import FleetStore
import StrictJSON

extension FuzzTarget {
    /// What a browser writes to subscribe; what gets through can be encrypted for, and has no line of its own.
    func takeSubscription(_ bytes: [UInt8]) {
        let faults = FaultList()
        guard let read = SubscriptionDocument(bytes, faults: faults), faults.faults.isEmpty else {
            return
        }
        precondition(read.endpoint.hasPrefix("https://"))
        precondition(read.endpoint.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        precondition(Base64URL.decode(read.key)?.count == 65)
        precondition(Base64URL.decode(read.secret)?.count == 16)
    }
}
