import Foundation
import TestKit
import Testing

/// `/v1/profile-sets` of a server whose repository was made, signed and published as an operator does it.
@Suite struct ServedSetsTests {
    private let folder: TemporaryDirectory
    private let sets: SignedSets
    private let token: String, port: UInt16
    private let server: ChildProcess

    init() throws {
        folder = try TemporaryDirectory("served-sets")
        sets = try SignedSets()
        let store = ["--store", "sqlite:" + folder.file("fleet.db")]
        @discardableResult func fleet(_ words: String...) throws -> String {
            let run = try ChildProcess(House.programs + "/amphora-fleet", words + store)
            #expect(try run.waitForExit(within: 60_000) == .exited(0), "\(words): \(run.errors)")
            return run.output
        }
        try fleet("tenants", "add", "north")
        try fleet("tenants", "assign", "north", "gw-1")
        try fleet("devices", "add", "gw-1")
        try fleet("users", "add", "otto", "--tenant", "north", "--role", "operator")
        let made = try fleet("users", "token", "otto", "--scope", "roll_out")
        token = String(try #require(made.firstMatch(of: /amphora_[0-9a-z]{26}/)).output)
        port = try Peers.freePort()
        server = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "serve", "--listen", "127.0.0.1:\(try Peers.freePort())", "--api",
                "127.0.0.1:\(port)", "--repository", sets.repository,
            ] + store)
        _ = try server.waitForLine(containing: "serving", within: 60_000)
    }

    private func ask(_ words: String...) throws -> (status: Int, body: String) {
        let run = try ChildProcess(
            Peers.tool("curl"),
            [
                "-s", "-m", "60", "-w", "\n%{http_code}", "-H", "Authorization: Bearer \(token)",
            ] + words)
        #expect(try run.waitForExit(within: 70_000) == .exited(0))
        let lines = run.output.split(separator: "\n", omittingEmptySubsequences: false)
        return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
    }

    private func list() throws -> (status: Int, body: String) {
        try ask("http://127.0.0.1:\(port)/v1/profile-sets")
    }

    /// The versions that a list names, in its order; nil when there is no list.
    private func versions() throws -> [String]? {
        let answer = try list()
        guard answer.status == 200 else { return nil }
        let whole = try #require(answer.body.firstRange(of: "\"damaged\":"))
        return answer.body[..<whole.lowerBound].matches(of: /"version":"([^"]+)"/)
            .map { String($0.1) }
    }

    private func roll(_ version: String, key: String) throws -> (status: Int, body: String) {
        try ask(
            "-X", "POST", "-H", "Content-Type: application/json", "-H", "Idempotency-Key: \(key)",
            "--data", "{\"set\":\"base\",\"version\":\"\(version)\"}",
            "http://127.0.0.1:\(port)/v1/rollouts")
    }

    private func published(_ kind: String, _ name: (String) -> Bool) throws -> String {
        let place = sets.repository + "/published/" + kind
        let names = try FileManager.default.contentsOfDirectory(atPath: place).filter(name)
        let last = try #require(
            names.max { $0.compare($1, options: .numeric) == .orderedAscending }, "\(place)")
        return place + "/" + last
    }

    /// Does something while a published file is another one; then the file is as it was.
    private func replacing(
        _ path: String, _ change: (inout [UInt8]) throws -> Void, _ body: () throws -> Void
    ) throws {
        let whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var changed = whole
        try change(&changed)
        #expect(changed != whole)
        try Data(changed).write(to: URL(filePath: path))
        try body()
        try Data(whole).write(to: URL(filePath: path))
    }

    /// Nothing is listed or rolled out, and who asks learns neither why nor where.
    private func expectNothing(_ words: String, _ key: String) throws {
        for answer in [try list(), try roll("1.7.0", key: key)] {
            #expect(answer.status == 503, "\(answer.body)")
            #expect(answer.body.contains("problem:store_unavailable"))
            #expect(!answer.body.contains("1.7.0") && !answer.body.contains(sets.repository))
        }
        let told = try server.waitForLine(containing: words, within: 10_000)
        #expect(told.contains("the repository of profile sets could not be read"), "\(told)")
    }

    @Test func `a set is there from its publication on, as it was signed`() throws {
        #expect(try versions() == ["1.0.0"])
        try sets.add(release: 7)
        // a draft is nobody's business
        #expect(try versions() == ["1.0.0"])
        #expect(try roll("1.7.0", key: "early").status == 400)
        try sets.publish()
        #expect(try versions() == ["1.7.0", "1.0.0"])
        let archive = try published("targets/sets") { $0.hasSuffix(".base-1.7.0.tar") }
        let sum = try ChildProcess(Peers.tool("sha256sum"), [archive])
        #expect(try sum.waitForExit() == .exited(0))
        let hash = sum.output.prefix(64)
        #expect(
            try list().body.contains("\"version\":\"1.7.0\",\"release\":7,\"sha256\":\"\(hash)\""))
        let made = try roll("1.7.0", key: "k")
        #expect(made.status == 200 && made.body.contains(#""version":"1.7.0""#), "\(made.body)")
        // about to be taken away, it is given to nobody any more
        try sets.inRepository(
            "remove", "base", "1.0.0", "--store", "sqlite:" + folder.file("fleet.db"))
        #expect(try versions() == ["1.7.0"])
        #expect(server.terminate() == .exited(0))
    }

    /// What a list says of those that are damaged, `1.7.0 archive_changed`.
    private func damaged() throws -> [String] {
        let answer = try list()
        #expect(answer.status == 200, "\(answer.body)")
        #expect(!answer.body.contains(sets.repository))
        return answer.body.matches(
            of: /"version":"([^"]+)","release":\d+,"problem":"([^"]+)","detail":"[^"]+"/
        ).map { "\($0.1) \($0.2)" }
    }

    @Test func `damaged archives are named, and what is whole is listed and rolled out`() throws {
        for release in [7, 8, 9] { try sets.add(release: release) }
        try sets.publish()
        #expect(try versions() == ["1.9.0", "1.8.0", "1.7.0", "1.0.0"] && damaged().isEmpty)
        func archive(_ version: String) throws -> String {
            try published("targets/sets") { $0.hasSuffix(".base-\(version).tar") }
        }
        let other = try [UInt8](Data(contentsOf: URL(filePath: archive("1.0.0"))))
        // one cut off, one with the bytes of another that is well signed, and one that is away
        try replacing(archive("1.7.0"), { $0.removeLast($0.count / 2) }) {
            try replacing(archive("1.8.0"), { $0 = other }) {
                #expect(try versions() == ["1.9.0", "1.0.0"])
                #expect(try damaged() == ["1.8.0 archive_changed", "1.7.0 archive_changed"])
                for version in ["1.7.0", "1.8.0"] {
                    let refused = try roll(version, key: version.replacing(".", with: "-"))
                    #expect(refused.status == 409, "\(refused.body)")
                    #expect(refused.body.contains("problem:rollout_refused"))
                    #expect(
                        refused.body.contains("'base \(version)' is damaged: the archive is not"))
                    #expect(!refused.body.contains(sets.repository))
                }
                let made = try roll("1.0.0", key: "whole")
                #expect(made.status == 200, "\(made.body)")
                let newest = try archive("1.9.0")
                try FileManager.default.moveItem(atPath: newest, toPath: newest + ".away")
                #expect(try versions() == ["1.0.0"])
                #expect(try damaged().first == "1.9.0 archive_unreadable")
                #expect(try roll("1.9.0", key: "away").status == 409)
                try FileManager.default.moveItem(atPath: newest + ".away", toPath: newest)
            }
        }
        #expect(try versions() == ["1.9.0", "1.8.0", "1.7.0", "1.0.0"] && damaged().isEmpty)
        let told = try server.waitForLine(containing: "is not what was signed", within: 10_000)
        #expect(told.contains("a published profile set is damaged"), "\(told)")
        #expect(server.terminate() == .exited(0))
    }

    @Test func `a set that was not signed so does not appear`() throws {
        try sets.add(release: 7)
        try sets.publish()
        #expect(try versions() == ["1.7.0", "1.0.0"])
        let signed = try published("metadata") { $0.hasSuffix(".targets.json") }
        // a digit of the signature, and a counter that the signature does not cover
        try replacing(
            signed,
            { bytes in
                let mark = Array("\"sig\":".utf8)
                let place = try #require(bytes.indices.last { bytes[$0...].starts(with: mark) })
                let digit = place + 20
                bytes[digit] = bytes[digit] == 0x30 ? 0x31 : 0x30
            }
        ) { try expectNothing("gateways refuse what is published", "b") }
        try replacing(
            signed,
            { bytes in
                let text = String(decoding: bytes, as: UTF8.self)
                bytes = Array(text.replacing("\"release\":7", with: "\"release\":9").utf8)
            }
        ) { try expectNothing("gateways refuse what is published", "c") }
        // the same list, well signed by somebody else
        let stranger = try SignedSets()
        try stranger.add(release: 7)
        try stranger.publish()
        let name = signed.dropFirst(sets.repository.count)
        let other = [UInt8](try Data(contentsOf: URL(filePath: stranger.repository + name)))
        try replacing(signed, { $0 = other }) {
            try expectNothing("gateways refuse what is published", "d")
        }
        #expect(try versions() == ["1.7.0", "1.0.0"])
        #expect(try roll("1.7.0", key: "d").status == 200)
        #expect(server.terminate() == .exited(0))
    }
}
