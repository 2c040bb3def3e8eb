import HTTPSClient
import Testing

@testable import RemoteConfiguration

/// A fleet that gives the answers it was told, and remembers what it was asked.
final class ScriptedFleet: HTTPSExchange {
    var answers: [Result<HTTPSResponse, HTTPSFailure>]
    var asked: [HTTPSRequest] = []

    init(_ answers: [Result<HTTPSResponse, HTTPSFailure>]) { self.answers = answers }

    func send(_ request: HTTPSRequest) throws(HTTPSFailure) -> HTTPSResponse {
        asked.append(request)
        return try answers.removeFirst().get()
    }
}

@Suite struct FetchTests {
    private func fetch(
        _ answer: Result<HTTPSResponse, HTTPSFailure>, tags: [String] = []
    ) -> (ConfigurationFetcher.Answer, HTTPSRequest?) {
        let fleet = ScriptedFleet([answer])
        let answer = ConfigurationFetcher(fleet, url: "https://fleet.example").fetch(
            tags: tags, mostBytes: 1000, wallSeconds: 784_111_777)
        return (answer, fleet.asked.first)
    }

    @Test func `the fleet is told which documents need not be sent`() {
        let (answer, request) = fetch(
            .success(HTTPSResponse(status: 304, headers: [], body: [])), tags: ["\"a\"", "\"b\""])
        #expect(request?.url == "https://fleet.example/v1/gateway/config")
        #expect(request?.maximumBytes == 1000)
        #expect(
            request?.headers.first { $0.name == "If-None-Match" }?.value == "\"a\", \"b\"")
        guard case .unchanged = answer else { return #expect(Bool(false), "\(answer)") }
    }

    @Test func `a document comes with its tag`() {
        let (answer, request) = fetch(
            .success(HTTPSResponse(status: 200, headers: [("etag", "\"a\"")], body: [1, 2])))
        #expect(request?.headers.contains { $0.name == "If-None-Match" } == false)
        guard case .document([1, 2], tag: "\"a\"") = answer else {
            return #expect(Bool(false), "\(answer)")
        }
    }

    @Test(
        arguments: [
            ("7", 7), ("0", 0), ("999999999", 86_400), ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0), ("-1", nil), ("soon", nil),
            ("Sun, 06 Nov 19940 08:50:37 GMT", nil),
        ] as [(String, Int?)])
    func `the fleet may ask to come back later, in seconds or by a date`(
        text: String, seconds: Int?
    ) {
        let (answer, _) = fetch(
            .success(HTTPSResponse(status: 503, headers: [("retry-after", text)], body: [])))
        guard case .later(let words, let retry) = answer else {
            return #expect(Bool(false), "\(answer)")
        }
        #expect(words == "the fleet answers 503, expected 200 or 304")
        #expect(retry == seconds)
    }

    @Test func `the fleet is asked at once, then with jitter, and not while it wants rest`() {
        var generator = SystemRandomNumberGenerator()
        let second: Int64 = 1_000_000_000
        var schedule = FetchSchedule(intervalSeconds: 100, now: 5)
        #expect(schedule.next == 5)
        var waits: Set<Int64> = []
        for _ in 0..<50 {
            schedule.noteAnswer(now: 0, using: &generator)
            #expect((75 * second...125 * second).contains(schedule.next))
            waits.insert(schedule.next)
        }
        #expect(waits.count > 40)
        schedule.call(now: 7)
        #expect(schedule.next == 7)
        schedule.noteTrouble(retrySeconds: 600, now: 0, using: &generator)
        schedule.call(now: 7)
        #expect(schedule.next == 600 * second)
    }

    @Test func `trouble is met with longer waits up to the interval`() {
        var generator = SystemRandomNumberGenerator()
        let second: Int64 = 1_000_000_000
        var schedule = FetchSchedule(intervalSeconds: 300, now: 0)
        for expected in [10, 20, 40, 80, 160, 300, 300] as [Int64] {
            schedule.noteTrouble(retrySeconds: nil, now: 0, using: &generator)
            let range =
                (expected - expected / 4 - 1) * second...(expected + expected / 4 + 1) * second
            #expect(range.contains(schedule.next))
        }
    }

    @Test func `a trial needs what was reached before, and the fleet`() {
        var trial = ConfigurationTrial(
            expects: Reach(packs: 4, inverter: true, link: true).expected(packs: 3, hasLink: true),
            now: 0, seconds: 120)
        #expect(trial.judge(Reach(packs: 3, inverter: true, link: true), now: 1) == .waiting)
        trial.noteFleet(trouble: nil)
        #expect(trial.judge(Reach(packs: 2, inverter: true, link: true), now: 1) == .waiting)
        #expect(trial.judge(Reach(packs: 3, inverter: true, link: true), now: 1) == .confirmed)
        trial.noteFleet(trouble: "no route")
        #expect(
            trial.judge(Reach(packs: 2), now: 120_000_000_000)
                == .failed([
                    "2 packs answer, expected 3 as before",
                    "the inverter is not reached, and was before",
                    "the broker is not reached, and was before",
                    "the fleet is not reached: no route",
                ]))
    }
}
