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

    /// Gives the gateways at which somebody looks now.
    package typealias WatchedSource = () throws(FleetStoreError) -> [String]

    /// So long a gateway is told that somebody looks, in seconds, and so often, in nanoseconds.
    private static var watchedSeconds: Int { 15 }
    private static var watchedRenewal: Int64 { 5_000_000_000 }
    static var watchedInterval: Int64 { 500_000_000 }

    /// Tells gateways that somebody looks, so that they make records more often for a while.
    func tellWatched(_ now: Int64) {
        guard let watched, onlineSince != nil, now - watchedAskedAt >= Self.watchedInterval else {
            return
        }
        watchedAskedAt = now
        let gateways: [String]
        do {
            gateways = try watched()
        } catch {
            // gateways send as always
            log.debug("who is looked at not read", metadata: ["reason": "\(error)"])
            return
        }
        watchedTold = watchedTold.filter { now - $0.value < Self.watchedRenewal }
        let untold = gateways.filter { watchedTold[$0] == nil }
        for gateway in untold { watchedTold[gateway] = now }
        command(.live(seconds: Self.watchedSeconds), untold)
    }
}
