import GatewaySettings

/// What a gateway would find wrong, in the gateway's own words.
package enum GatewayCheck {
    /// Reads a document as the gateway does; empty when it would take it.
    package static func faults(_ gateway: String, _ document: [UInt8]) -> [String] {
        do {
            try RemoteDocument.check(document, for: gateway)
            return []
        } catch {
            return error.faults.map(\.message)
        }
    }
}
