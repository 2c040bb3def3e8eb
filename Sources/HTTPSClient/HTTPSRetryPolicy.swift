/// Says which requests are worth repeating and how long to wait before; performs nothing.
///
/// The wait doubles from one attempt to the next up to a ceiling, and lies somewhere in its upper half,
/// so that thousands of gateways which lost the same server do not come back in one moment. A server's
/// own `Retry-After` is honoured up to a ceiling: no server can silence a gateway for good.
package struct HTTPSRetryPolicy: Hashable, Sendable {
    /// The longest wait after the first attempt, in milliseconds, at least 1.
    package var firstMilliseconds: Int64 = 2_000
    /// The longest wait after any attempt, in milliseconds.
    package var longestMilliseconds: Int64 = 300_000
    /// The longest `Retry-After` that is honoured, in seconds.
    package var longestAskedSeconds: Int64 = 86_400

    /// The waits of a gateway.
    package init() {}

    /// Whether the same request may succeed later without anybody doing anything.
    ///
    /// A certificate that fails its checks, a refused identity and an answer that is too large stay as
    /// they are.
    package static func isWorthRepeating(_ failure: HTTPSFailure) -> Bool {
        switch failure.kind {
        case .network: true
        case .limit: failure.detail == .tooSlow
        case .refusedIdentity, .server, .cancelled, .request: false
        }
    }

    /// Whether the same request may get another status later: 408, 425, 429 and 5xx.
    package static func isWorthRepeating(status: Int) -> Bool {
        switch status {
        case 408, 425, 429, 500...599: true
        default: false
        }
    }

    /// How long to wait after attempt `attempt` (1 for the first) failed, in milliseconds; nil when
    /// repeating helps nobody.
    package func wait(
        afterAttempt attempt: Int, _ failure: HTTPSFailure,
        using generator: inout some RandomNumberGenerator
    ) -> Int64? {
        Self.isWorthRepeating(failure) ? backOff(attempt, &generator) : nil
    }

    /// How long to wait after attempt `attempt` (1 for the first) was answered, in milliseconds; nil
    /// when repeating helps nobody.
    ///
    /// `now` is the gateway's clock in seconds since 1970, used only for an answer that has a date in
    /// `Retry-After` and no `Date` of its own.
    package func wait(
        afterAttempt attempt: Int, _ response: HTTPSResponse, now: Int64? = nil,
        using generator: inout some RandomNumberGenerator
    ) -> Int64? {
        guard Self.isWorthRepeating(status: response.status) else { return nil }
        let own = backOff(attempt, &generator)
        guard let asked = response.retryAfterSeconds(now: now) else { return own }
        // never before the moment named, and not all at that moment either
        return max(0, min(asked, longestAskedSeconds)) * 1000 + own / 2
    }

    private func backOff(_ attempt: Int, _ generator: inout some RandomNumberGenerator) -> Int64 {
        let ceiling = max(1, longestMilliseconds)
        let doublings = min(max(attempt, 1), 41) - 1
        let (grown, overflow) = max(1, firstMilliseconds)
            .multipliedReportingOverflow(by: 1 << Int64(doublings))
        let longest = overflow ? ceiling : min(grown, ceiling)
        return Int64.random(in: (longest / 2)...longest, using: &generator)
    }
}

extension HTTPSResponse {
    /// The answer's own `Date`, in seconds since 1970; nil without one that can be read.
    ///
    /// Whoever holds it against the gateway's clock has checked the server's certificate first.
    package var date: Int64? { header("date").flatMap(HTTPDate.parse) }

    /// How long the server asks to wait, in seconds, 0…2 147 483 647; nil when it does not, or in no
    /// form that can be read.
    ///
    /// A date is held against the answer's own `Date` first, so that a wrong clock of the gateway
    /// does not matter, and against `now` (seconds since 1970) only without one.
    package func retryAfterSeconds(now: Int64? = nil) -> Int64? {
        guard let text = header("retry-after") else { return nil }
        let bytes = ASCII.trimmed(Array(text.utf8)[...])
        let longest: Int64 = 2_147_483_647
        if let first = bytes.first, bytes.allSatisfy({ (0x30...0x39).contains($0) }) {
            // more digits than a number holds still mean "very long"
            return first == 0x30 && bytes.count == 1
                ? 0 : min(ASCII.number(bytes) ?? longest, longest)
        }
        guard let moment = HTTPDate.parse(text), let start = date ?? now else { return nil }
        let (wait, overflow) = moment.subtractingReportingOverflow(start)
        return overflow ? nil : max(0, min(wait, longest))
    }
}
