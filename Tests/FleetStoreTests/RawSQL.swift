import Foundation
import TestKit

/// Statements past the store, through the databases' own shells.
enum RawSQL {
    @discardableResult
    static func run(_ sql: String, in address: String) throws -> String {
        if address.hasPrefix("postgres") {
            return try PostgresServer.shared().run(sql, in: address)
        }
        let path = String(address.dropFirst("sqlite:".count))
        let shell = try ChildProcess(
            Peers.tool("python3"),
            [
                "-c",
                """
                import sqlite3, sys
                with sqlite3.connect(sys.argv[1]) as connection:
                    for row in connection.execute(sys.argv[2]): print(*row, sep='|')
                """, path, sql,
            ])
        guard try shell.waitForExit() == .exited(0) else {
            throw TestKitError.missing(part: "an answer to '\(sql)'", remedy: shell.errors)
        }
        return shell.output.split(separator: "\n").joined(separator: "\n")
    }

    static func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
