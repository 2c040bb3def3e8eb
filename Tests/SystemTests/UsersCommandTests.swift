import FleetStore
import Foundation
import TestKit
import Testing

/// `amphora-fleet tenants` and `users` as an operator types them.
@Suite struct UsersCommandTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("users") }

    private var address: String { "sqlite:" + folder.file("fleet.db") }

    private func fleet(_ words: String...) throws -> (code: Int32, output: String, errors: String) {
        let child = try ChildProcess(
            House.programs + "/amphora-fleet", words + ["--store", address])
        guard case .exited(let code) = try child.waitForExit(within: 60_000) else {
            return (-1, child.output, child.errors)
        }
        return (code, child.output, child.errors)
    }

    private func file(_ text: String) throws -> String {
        let path = folder.file("password")
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    @Test func `users are added, see what was granted, get a token and go`() throws {
        #expect(try fleet("users", "list").errors.contains("there are no users yet"))
        let early = try fleet("users", "add", "anna", "--tenant", "north", "--role", "owner")
        #expect(early.code == 1)
        #expect(early.errors == "there is no tenant 'north'; add one with 'tenants add'\n")
        #expect(try fleet("tenants", "add", "north", "--label", "North").output == "added north\n")
        #expect(try fleet("tenants", "add", "north").errors.contains("there is a tenant 'north'"))
        #expect(try fleet("tenants", "assign", "south", "gw-1").code == 1)
        #expect(try fleet("tenants", "assign", "north", "gw-1", "gw-2").code == 0)
        #expect(try fleet("tenants", "list").output == "north (North): gw-1, gw-2\n")
        let foreign = try fleet(
            "users", "add", "anna", "--tenant", "north", "--role", "owner", "--gateway", "gw-9")
        #expect(foreign.errors.contains("not of tenant 'north': gw-9") && foreign.code == 1)
        let short = try fleet(
            "users", "add", "anna", "--tenant", "north", "--role", "owner", "--password-file",
            file("short\n"))
        #expect(short.errors == "the password has 5 characters, expected at least 10\n")
        #expect(short.code == 3)
        let added = try fleet(
            "users", "add", "anna", "--tenant", "north", "--role", "owner", "--gateway", "gw-1",
            "--password-file", file("correct horse\nmore"), "--author", "root")
        #expect(added.output == "added anna\n" && added.errors.isEmpty)
        #expect(try fleet("users", "list").output == "anna: owner of north, sees gw-1\n")
        #expect(try fleet("users", "grant", "anna", "gw-2").output == "granted gw-2\n")
        #expect(try fleet("users", "grant", "anna", "gw-9").code == 1)
        #expect(try fleet("users", "grant", "anna", "gw-1", "--withdraw").code == 0)
        #expect(try fleet("users", "list").output == "anna: owner of north, sees gw-2\n")
        let token = try fleet("users", "token", "anna", "--scope", "read", "--label", "Grafana")
        let text = try #require(token.output.firstMatch(of: /amphora_[0-9a-z]{26}\n/)).output
        let data = try Data(contentsOf: URL(filePath: folder.file("fleet.db")))
        let kept = String(decoding: data, as: UTF8.self)
        #expect(!kept.contains(text.dropLast()) && !kept.contains("correct horse"))
        let list = try fleet("users", "token", "anna", "--list").output
        #expect(list.contains("read  Grafana"))
        #expect(try fleet("users", "token", "anna", "--remove", "none").code == 1)
        let id = String(list.prefix { $0 != " " })
        #expect(try fleet("users", "token", "anna", "--remove", id).code == 0)
        #expect(
            try fleet("users", "passwd", "anna", "--password-file", file("another horse")).code == 0
        )
        #expect(try fleet("users", "remove", "anna").output == "removed anna\n")
        #expect(try fleet("users", "remove", "anna").errors == "there is no user 'anna'\n")
        let audit = try fleet("users", "audit", "north").output
        #expect(audit.contains("root  user_added anna owner\n"))
        #expect(audit.split(separator: "\n").count == 11, "\(audit)")
    }
}
