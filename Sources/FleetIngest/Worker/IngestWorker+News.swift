import FleetStore
import Telemetry

extension IngestWorker {
    /// Gives offers that gateways were not told of, each once.
    package typealias NewsSource = () throws(FleetStoreError) -> [OfferedConfiguration]

    /// Seconds after which news means nothing: a gateway that comes back later asks by itself.
    private static var newsExpiry: UInt32 { 600 }
    private static var newsInterval: Int64 { 1_000_000_000 }

    /// Tells gateways that there is a new configuration; the document itself comes over HTTPS.
    func tellNews(_ now: Int64) {
        guard let news, onlineSince != nil, now - newsAskedAt >= Self.newsInterval else { return }
        newsAskedAt = now
        let offers: [OfferedConfiguration]
        do {
            offers = try news()
        } catch {
            // gateways ask on their own, too
            log.debug("news of configurations not read", metadata: ["reason": "\(error)"])
            return
        }
        for offer in offers {
            waiting.append(
                OutgoingDocument(
                    topic: "\(configuration.root)/v1/\(offer.gateway)/down/config",
                    schema: ConfigurationNews.schema, payload: ConfigurationNews.document(offer),
                    expirySeconds: Self.newsExpiry))
        }
        guard !offers.isEmpty else { return }
        log.info("told gateways of new configurations", metadata: ["count": "\(offers.count)"])
    }
}
