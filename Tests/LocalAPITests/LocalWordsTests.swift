import TestKit
import Testing

@testable import LocalAPI

/// Whatever a gateway refuses, the app says in each of its languages.
@Suite struct LocalWordsTests {
    /// Kinds that the app cannot cause, and why.
    private let ofTools: [LocalProblem.Kind: String] = [
        .methodNotAllowed: "the app asks by methods that its routes have",
        .notAcceptable: "the app takes JSON, which every route gives",
        .mediaTypeUnsupported: "the app sends JSON",
    ]

    @Test func `every kind of problem can be said, or cannot be caused by the app`() throws {
        let wanted = LocalProblem.Kind.allCases.filter { ofTools[$0] == nil }
        #expect(try AppWords.missing(wanted.map { "problem.\($0.rawValue)" }) == [])
    }
}
