import Crypto
import FleetStore
import StrictJSON

/// Reads a subscription of a browser, with all that is wrong with it.
struct SubscriptionReader {
    let document: SubscriptionDocument

    /// Throws a ``Problem`` that lists every fault.
    init(_ content: [UInt8]) throws {
        let faults = FaultList()
        guard let document = SubscriptionDocument(content, faults: faults),
            faults.faults.isEmpty
        else { throw Problem.body(faults) }
        guard let key = Base64URL.decode(document.key),
            (try? P256.KeyAgreement.PublicKey(x963Representation: key)) != nil
        else {
            faults.add(line: 1, "'keys.p256dh' is no point of P-256")
            throw Problem.body(faults)
        }
        self.document = document
    }
}
