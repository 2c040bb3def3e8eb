import Synchronization
import TestKit
import Testing

@testable import FleetStore

/// The stores that keep one contract.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible {
    case sqlite
    case postgres

    var testDescription: String { rawValue }

    /// The address of an empty database of its own, which lasts as long as the test.
    func emptyAddress() throws -> String {
        switch self {
        case .sqlite: "sqlite:" + (try TestFolders.folder().file("fleet.db"))
        case .postgres: try PostgresServer.shared().database()
        }
    }

    /// The same with its tables made.
    func address() throws -> String {
        let address = try emptyAddress()
        try FleetStores.open(address).migrate()
        return address
    }

    /// A store of its own.
    func store() throws -> any FleetStore { try FleetStores.open(address()) }
}

/// Folders that last as long as a test, for the `folders` trait.
final class TestFolders: Sendable {
    @TaskLocal static var current: TestFolders?
    private let kept = Mutex<[TemporaryDirectory]>([])

    static func folder() throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory("fleet")
        let current = try #require(current, "the suite lacks the trait 'folders'")
        current.kept.withLock { $0.append(folder) }
        return folder
    }
}

/// Gives each test its folders.
struct TestFoldersTrait: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        let folders = TestFolders()
        try await TestFolders.$current.withValue(folders) { try await function() }
    }
}

extension Trait where Self == TestFoldersTrait {
    static var folders: Self { Self() }
}
