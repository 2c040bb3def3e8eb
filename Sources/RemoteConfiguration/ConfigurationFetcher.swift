import HTTPSClient

/// Asks the fleet for this gateway's document.
package struct ConfigurationFetcher {
    /// What came back.
    package enum Answer: Sendable {
        /// A document and its tag.
        case document([UInt8], tag: String?)
        /// The fleet has nothing newer.
        case unchanged
        /// The fleet answers with something else; what, and how many seconds it asks to wait.
        case later(String, retrySeconds: Int?)
        /// The fleet is not reached; why.
        case unreachable(String)
    }

    private let exchange: any HTTPSExchange
    private let url: String

    /// Asks the fleet at `url` (`https://fleet.example`).
    package init(_ exchange: any HTTPSExchange, url: String) {
        self.exchange = exchange
        self.url = "\(url)/v1/gateway/config"
    }

    /// A fleet that asks for a longer wait is asked again after a day, in seconds.
    private static var longestWait: Int64 { 86_400 }

    /// Asks once.
    ///
    /// Blocks until there is an answer. Documents with one of `tags` need not be sent again.
    /// `wallSeconds` is Unix time now, for answers that name a moment to come back and no date of their
    /// own.
    package func fetch(
        tags: [String], mostBytes: Int, wallSeconds: Int64
    ) -> Answer {
        var request = HTTPSRequest(url: url)
        request.headers = [("Accept", "application/json")]
        if !tags.isEmpty {
            request.headers.append(("If-None-Match", tags.joined(separator: ", ")))
        }
        request.maximumBytes = mostBytes
        let response: HTTPSResponse
        do {
            response = try exchange.send(request)
        } catch {
            return .unreachable(error.description)
        }
        let retry = response.retryAfterSeconds(now: wallSeconds).map {
            Int(min($0, Self.longestWait))
        }
        switch response.status {
        case 200: return .document(response.body, tag: response.header("etag"))
        case 304: return .unchanged
        default:
            return .later(
                "the fleet answers \(response.status), expected 200 or 304", retrySeconds: retry)
        }
    }
}
