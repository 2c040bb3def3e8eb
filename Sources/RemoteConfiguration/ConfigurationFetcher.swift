import HTTPSClient

/// Asks the fleet for this gateway's document.
package struct ConfigurationFetcher {
    /// What came back.
    package enum Answer: Sendable {
        /// A document and its tag.
        case document([UInt8], tag: String?)
        /// The fleet has nothing newer.
        case unchanged
        /// No document now; why, and how many seconds the fleet asks to wait.
        case trouble(String, retrySeconds: Int?)
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
            return .trouble(error.description, retrySeconds: nil)
        }
        let retry = response.header("retry-after").flatMap {
            RetryAfter.seconds($0, wallSeconds: wallSeconds)
        }
        switch response.status {
        case 200: return .document(response.body, tag: response.header("etag"))
        case 304: return .unchanged
        default:
            return .trouble(
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
        guard let moment = moment(text) else { return nil }
        return Int(min(max(0, moment - wallSeconds), most))
    }

    /// Unix time of `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func moment(_ text: String) -> Int64? {
        let parts = text.split { $0 == " " || $0 == ":" || $0 == "," }
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        guard parts.count == 8, parts[7] == "GMT",
            let day = Int64(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])).map({ Int64($0 + 1) }),
            let year = Int64(parts[3]), (1970...9999).contains(year),
            let hour = Int64(parts[4]), (0...23).contains(hour),
            let minute = Int64(parts[5]), (0...59).contains(minute),
            let second = Int64(parts[6]), (0...60).contains(second)
        else { return nil }
        // years begin in March here, so that the leap day is last
        let shifted = month <= 2 ? year - 1 : year
        let monthIndex = (month + 9) % 12
        let days =
            shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400
            + (153 * monthIndex + 2) / 5 + day - 1 - 719_468
        return days * 86_400 + hour * 3600 + minute * 60 + second
    }
}
