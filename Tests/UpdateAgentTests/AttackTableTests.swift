import Foundation
import TestKit
import Testing

/// The article on attacks is held against the suites that it names.
@Suite struct AttackTableTests {
    private func article() throws -> String {
        try String(
            contentsOfFile: Repository.root + "/Sources/UpdateAgent/UpdateAgent.docc/Attacks.md",
            encoding: .utf8)
    }

    /// The text of every file below `Tests` that may hold a test.
    private func suites() throws -> String {
        let tests = Repository.root + "/Tests"
        let paths = try #require(FileManager.default.subpaths(atPath: tests))
        return try paths.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".py") }
            .map { try String(contentsOfFile: "\(tests)/\($0)", encoding: .utf8) }
            .joined(separator: "\n")
    }

    @Test func `every test that the article names is there`() throws {
        let (article, suites) = (try article(), try suites())
        var rows = 0
        for line in article.split(separator: "\n") where line.hasPrefix("| ") {
            guard let last = line.split(separator: "|").last(where: { $0 != " " }),
                last.contains("`")
            else { continue }
            rows += 1
            for name in last.matches(of: /`([^`]+)`/).map(\.output.1) {
                let declaration =
                    name.hasPrefix("case_") ? "def \(name)(" : "func `\(name)`("
                let isThere = suites.contains(declaration)
                #expect(isThere, "\(name)")
            }
        }
        #expect(rows >= 38)
    }
}
