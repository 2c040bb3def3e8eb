import FleetStore
import Rollouts
import Telemetry
import TestKit
import Testing
import Views

@testable import FleetAPI

/// Whatever the fleet says by a code, the app can say in each of its languages.
///
/// Who adds a case writes its line in `words/en.js`, `de.js` and `fr.js`, or says below why nobody meets it there.
@Suite struct AppWordsTests {
    /// Kinds that the app cannot cause, and why.
    private let ofTools: [Problem.Kind: String] = [
        .methodNotAllowed: "the app asks by methods that its routes have",
        .notAcceptable: "the app takes JSON, which every route gives",
        .mediaTypeUnsupported: "the app sends JSON",
        .keyMissing: "the app makes a key for each request that wants one",
        .preconditionMissing: "the app sends 'If-Match' where it is wanted",
    ]

    @Test func `every kind of problem can be said, or cannot be caused by the app`() throws {
        let wanted = Problem.Kind.allCases.filter { ofTools[$0] == nil }
        #expect(try AppWords.missing(wanted.map { "problem.\($0.rawValue)" }) == [])
        let known = try AppWords.keys("en")
        let idle = ofTools.keys.map { "problem.\($0.rawValue)" }.filter(known.contains)
        #expect(idle == [], "these are said: take them from the list")
    }

    @Test func `every action of the audit can be said`() throws {
        #expect(
            try AppWords.missing(AuditAction.allCases.map { "audit.action.\($0.rawValue)" }) == [])
        #expect(try AppWords.missing(UserRole.allCases.map { "role.\($0.rawValue)" }) == [])
    }

    @Test func `every state, step and failure of a rollout can be said`() throws {
        // what was made is noted by another word than those of the steps
        let steps =
            ["create"] + RolloutState.Event.allCases.map { $0.rawValue.lowercased() }
            + Rollout.Decision.allCases.map(\.rawValue)
        let wanted =
            RolloutState.allCases.map { "ro.state.\($0.rawValue)" }
            + AttemptState.allCases.map { "ro.attempt.\($0.rawValue)" }
            + AttemptFailure.allCases.map { "ro.failure.\($0.rawValue)" }
            + steps.map { "ro.done.\($0)" }
        #expect(try AppWords.missing(wanted) == [])
    }

    @Test func `every sentence can be said, and no code stands for two`() throws {
        let entries =
            RolloutReason.entries + FailureCount.entries + UpdateReason.entries
            + RolloutRefusal.entries + RequestSentence.entries + AuditDetail.entries
        #expect(Set(entries.map(\.code)).count == entries.count)
        #expect(try AppWords.missing(entries.map { "said.\($0.code)" }) == [])
    }
}
