import TestKit
import Testing

@testable import HTTPSClient

@Suite struct RetryTests {
    private let policy = HTTPSRetryPolicy()

    private func response(_ status: Int, _ headers: (String, String)...) -> HTTPSResponse {
        HTTPSResponse(
            status: status, headers: headers.map { (name: $0.0, value: $0.1) }, body: [])
    }

    @Test func `what stays as it is is not repeated`() {
        func repeats(_ kind: HTTPSFailure.Kind, _ detail: HTTPSFailure.Detail = .other) -> Bool {
            HTTPSRetryPolicy.isWorthRepeating(HTTPSFailure(kind, "", detail: detail))
        }
        #expect(repeats(.network) && repeats(.network, .truncated) && repeats(.limit, .tooSlow))
        #expect(!repeats(.limit, .tooLarge) && !repeats(.refusedIdentity) && !repeats(.request))
        #expect(!repeats(.server, .certificateExpired) && !repeats(.cancelled))
        let statuses = [200, 202, 304, 400, 401, 403, 404, 408, 409, 425, 429, 500, 503, 599, 600]
        #expect(
            statuses.filter(HTTPSRetryPolicy.isWorthRepeating) == [408, 425, 429, 500, 503, 599])
    }

    @Test func `waits double up to a ceiling and lie in their upper half`() {
        var generator = SeededGenerator(seed: 1)
        let failure = HTTPSFailure(.network, "")
        for attempt in [Int.min, 0, 1, 2, 3, 9, 64, .max] {
            let longest: Int64 =
                switch attempt {
                case ...1: 2_000
                case 2: 4_000
                case 3: 8_000
                default: 300_000
                }
            var waits: Set<Int64> = []
            for _ in 0..<50 {
                let wait = policy.wait(afterAttempt: attempt, failure, using: &generator) ?? -1
                #expect((longest / 2...longest).contains(wait), "attempt \(attempt)")
                waits.insert(wait)
            }
            #expect(waits.count > 40)
        }
        var again = SeededGenerator(seed: 1)
        var same = SeededGenerator(seed: 1)
        #expect(
            policy.wait(afterAttempt: 1, failure, using: &again)
                == policy.wait(afterAttempt: 1, failure, using: &same))
        let refused = HTTPSFailure(.refusedIdentity, "")
        #expect(policy.wait(afterAttempt: 1, refused, using: &again) == nil)
    }

    @Test func `a server's wish is kept, but not for ever`() {
        var generator = SeededGenerator(seed: 2)
        func wait(_ answer: HTTPSResponse, now: Int64? = nil) -> Int64? {
            policy.wait(afterAttempt: 1, answer, now: now, using: &generator)
        }
        #expect((120_500...121_000).contains(wait(response(503, ("retry-after", "120"))) ?? 0))
        let year = wait(response(503, ("retry-after", "31536000"))) ?? 0
        #expect((86_400_000...86_402_000).contains(year))
        #expect((1_000...2_000).contains(wait(response(503, ("retry-after", "soon"))) ?? 0))
        #expect(wait(response(404, ("retry-after", "1"))) == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("7", 7), (" 30 ", 30), ("00", 0), ("2147483648", 2_147_483_647),
            ("99999999999999999999999", 2_147_483_647), ("-1", nil), ("1.5", nil), ("", nil),
            ("٣", nil), ("1 2", nil), ("12 s", nil), ("soon", nil),
            ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
        ] as [(String, Int64?)])
    func `seconds and dates are understood`(text: String, seconds: Int64?) {
        let answer = response(
            202, ("retry-after", text), ("date", "Sun, 06 Nov 1994 08:49:37 GMT"))
        #expect(answer.retryAfterSeconds() == seconds)
        // the gateway's clock does not matter where the server tells its own
        #expect(answer.retryAfterSeconds(now: 0) == seconds)
    }

    @Test func `without the server's clock a date is held against ours, if at all`() {
        let answer = response(202, ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"))
        #expect(answer.retryAfterSeconds() == nil)
        #expect(answer.retryAfterSeconds(now: 784_111_777) == 60)
        #expect(answer.retryAfterSeconds(now: .min) == nil)
    }

    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Thu, 26-Nov-26 00:00:00 GMT", 1_795_651_200), ("Sun", nil),
            ("Sun, 31 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 99999 08:49:37 GMT", nil),
            ("Sun, +6 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49 GMT", nil),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Mon, 01 Jan 1601 00:00:00 GMT", -11_644_473_600),
            ("Wednesday, 01-Jan-69 00:00:00 GMT", 3_124_224_000),
            ("Thursday, 01-Jan-70 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2023 12:00:00 GMT", nil), ("Thu, 29 Feb 1900 12:00:00 GMT", nil),
            ("Sun, 00 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:49:37 GMT", nil),
            ("Sun, 06 Nov 1994 08:49:37 CET", nil), ("Sun, 06 nov 1994 08:49:37 GMT", nil),
            ("Sun, 06 Nov 94 08:49:37 GMT", nil), ("06 Nov 1994 08:49:37 GMT", nil), ("", nil),
            ("Sun, 06 Nov 1994 8:49:37 GMT", nil), ("Sun, -6 Nov 1994 08:49:37 GMT", nil),
        ] as [(String, Int64?)])
    func `dates are read in all three forms`(text: String, seconds: Int64?) {
        #expect(HTTPDate.parse(text) == seconds)
    }

    @Test func `every day has its number`() {
        var expected: Int64 = -11_644_473_600
        for year in 1601...2400 as ClosedRange<Int64> {
            for month in 1...12 as ClosedRange<Int64> {
                for day in 1...31 as ClosedRange<Int64> {
                    guard let found = HTTPDate.seconds(year: year, month: month, day: day) else {
                        #expect(day > 28)
                        continue
                    }
                    if found != expected { Issue.record("\(year)-\(month)-\(day): \(found)") }
                    expected = found + 86_400
                }
            }
        }
    }
}
