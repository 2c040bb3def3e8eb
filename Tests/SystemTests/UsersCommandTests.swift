import FleetAPI
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
        try fleet(words)
    }

    private func fleet(_ words: [String]) throws -> (code: Int32, output: String, errors: String) {
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
        // what was done to who is gone names nobody any more
        #expect(audit.contains(/root  user_added deleted user [0-9a-z]+ owner\n/))
        #expect(!audit.contains("anna"))
        #expect(audit.split(separator: "\n").count == 11, "\(audit)")
    }

    @Test func `an invitation is a link for a user that is there, and the newest one counts`()
        throws
    {
        let word = "https://app.example"
        let none = try fleet("users", "invite", "anna", "--address", word)
        #expect(none.code == 1 && none.output.isEmpty)
        #expect(none.errors == "there is no user 'anna'\n")
        #expect(try fleet("tenants", "add", "north").code == 0)
        let added = try fleet("users", "add", "anna", "--tenant", "north", "--role", "owner")
        #expect(added.errors.contains("'users invite' lets them choose one"))
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        var codes: [String] = []
        for (given, shown) in [
            (word, word), (word + "/", word), ("https://h:8443/fleet", "https://h:8443/fleet"),
            ("http://127.0.0.1:8081", "http://127.0.0.1:8081"),
        ] {
            let asked = try fleet(
                "users", "invite", "anna", "--address", given, "--author", "root")
            #expect(asked.code == 0 && asked.errors.isEmpty)
            let match = try #require(
                asked.output.wholeMatch(
                    of: /user     anna\nlink     (.+)\/#first-use=([0-9a-z]{26})\nexpires  (.+Z)\n/)
            )
            #expect(match.1 == shown)
            codes.append(String(match.2))
        }
        #expect(Set(codes).count == codes.count)
        let store = try FleetStores.openUsers(address)
        let hashes = codes.map { EnrolmentToken.hash($0) }
        for hash in hashes.dropLast() {
            #expect(try store.invited(byCodeHash: hash, now: now) == nil)
        }
        let last = try #require(hashes.last)
        #expect(try store.invited(byCodeHash: last, now: now + 86_000_000) == "anna")
        #expect(try store.invited(byCodeHash: last, now: now + 86_500_000) == nil)
        // only the hash is kept
        let data = try Data(contentsOf: URL(filePath: folder.file("fleet.db")))
        let kept = String(decoding: data, as: UTF8.self)
        #expect(codes.allSatisfy { !kept.contains($0) })
        let told = try store.audit(tenant: "north", limit: 100)
            .filter { $0.action == "user_invited" }
        #expect(told.map { "\($0.author.name) \($0.subject)" } == codes.map { _ in "root anna" })
    }

    @Test func `an invitation that is asked for wrongly is none, and says what was expected`()
        throws
    {
        #expect(try fleet("tenants", "add", "north").code == 0)
        #expect(
            try fleet("users", "add", "anna", "--tenant", "north", "--role", "owner").code == 0)
        for (words, sentence) in [
            (["anna"], "Missing expected argument '--address <https://…>'"),
            (["--address", "https://h"], "Missing expected argument '<name>'"),
            (["anna", "--address", "http://h"], "to begin with 'https://', found 'http://h'"),
            (
                ["anna", "--address", "http://localhost.evil"],
                "to begin with 'https://', found 'http://localhost.evil'"
            ),
            (
                ["anna", "--address", "https://h/#x"],
                "to begin with 'https://', found 'https://h/#x'"
            ),
            (
                ["anna", "--address", "https://"],
                "'https://' and the name of a machine, found 'https://'"
            ),
            (["anna", "--address", "https:///x"], "the name of a machine, found 'https:///x'"),
            (["anna", "--address", "https://h x"], "the name of a machine, found 'https://h x'"),
            (
                ["anna", "--address", "https://h", "--author", " "],
                "'--author' is empty, expected a name"
            ),
        ] {
            let asked = try fleet(["users", "invite"] + words)
            #expect(asked.code == 64 && asked.output.isEmpty, "\(words)")
            #expect(asked.errors.contains(sentence), "\(words): \(asked.errors)")
        }
        for name in ["", "Änna", "anna ", "' OR 1=1 --"] {
            let asked = try fleet("users", "invite", name, "--address", "https://h")
            #expect(asked.code == 1 && asked.errors == "there is no user '\(name)'\n")
        }
        let told = try FleetStores.openUsers(address).audit(tenant: "north", limit: 100)
        #expect(told.map(\.action) == ["user_added", "tenant_added"])
    }

    @Test func `an invitation needs a store that can be used`() throws {
        let path = folder.file("fleet.db")
        try Data("this is no database, whatever it is called".utf8).write(to: URL(filePath: path))
        let damaged = try fleet("users", "invite", "anna", "--address", "https://h")
        #expect(damaged.code == 4 && damaged.output.isEmpty)
        #expect(
            damaged.errors
                == "store '\(address)' is not a fleet store of this version: found while trying to "
                + "migrate: file is not a database\n")
        let gone = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "users", "invite", "anna", "--address", "https://h", "--store",
                "sqlite:\(folder.file("none"))/fleet.db",
            ])
        #expect(try gone.waitForExit(within: 60_000) == .exited(4))
        #expect(gone.errors.contains("is not available: cannot migrate: unable to open database"))
    }
}
