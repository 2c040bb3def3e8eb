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

    /// Asks once.
    ///
    /// Blocks until there is an answer. Documents with one of `tags` need not be sent again.
    ///
    /// `wallSeconds` is Unix time now, for answers that name a moment to come back.
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
        let retry = response.header("retry-after").flatMap {
            RetryAfter.seconds($0, wallSeconds: wallSeconds)
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

/// The header field that asks to come back later (RFC 9110, 10.2.3).
package enum RetryAfter {
    private static var most: Int64 { 86_400 }

    /// Seconds to wait, a day at most; nil when the text is neither a number nor a date.
    package static func seconds(_ text: String, wallSeconds: Int64) -> Int? {
        if let seconds = Int64(text), seconds >= 0 { return Int(min(seconds, most)) }
        guard let moment = HTTPDate.parse(text) else { return nil }
        return Int(min(max(0, moment.subtractingReportingOverflow(wallSeconds).partialValue), most))
    }
}
