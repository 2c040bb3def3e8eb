import Testing

@testable import FleetAPI

/// Runs tests on the threads of servers, not on those that all tests of the process share.
///
/// The shared ones are as many as the machine has cores, and a test that waits for a program blocks one for
/// minutes. What a server has to do within seconds would be measured too late by whoever measures it there.
struct OwnThreads: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(ServerThreads.shared) { try await function() }
    }
}

extension Trait where Self == OwnThreads {
    /// ``OwnThreads``.
    static var ownThreads: Self { Self() }
}
