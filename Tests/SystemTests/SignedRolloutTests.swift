import FleetStore
import Foundation
import TestKit
import Testing

/// `amphora-fleet rollout` with sets out of the signed repository.
@Suite(.serialized) struct SignedRolloutTests {
    private let sets: SignedSets

    init() throws {
        sets = try SignedSets()
        try sets.add(release: 2)
        try sets.publish()
        let rows = ["id"] + (1...3).map { "gw-\($0)" }
        try rows.joined(separator: "\n").write(
            toFile: sets.folder.file("homes.csv"), atomically: true, encoding: .utf8)
        #expect(try fleet("devices", "add", "--csv", sets.folder.file("homes.csv")).code == 0)
    }

    private var address: String { "sqlite:" + sets.folder.file("fleet.db") }

    private func fleet(_ words: String...) throws -> (code: Int32, output: String, errors: String) {
        let child = try ChildProcess(
            House.programs + "/amphora-fleet", words + ["--store", address])
        guard case .exited(let code) = try child.waitForExit(within: 60_000) else {
            return (-1, child.output, child.errors)
        }
        return (code, child.output, child.errors)
    }

    private func create(
        _ words: String...
    ) throws -> (code: Int32, output: String, errors: String) {
        let child = try ChildProcess(
            House.programs + "/amphora-fleet",
            ["rollout", "create", "--store", address, "--repository", sets.repository] + words)
        guard case .exited(let code) = try child.waitForExit(within: 60_000) else {
            return (-1, child.output, child.errors)
        }
        return (code, child.output, child.errors)
    }

    /// The plan of a rollout as it is kept.
    private func plan(_ id: String) throws -> String {
        try #require(try FleetStores.openRollouts(address).rollout(id)).plan
    }

    @Test func `a rollout takes hash, length and counter of its set from what is published`() throws
    {
        let status = try sets.inRepository("status")
        let line = try #require(
            status.split(separator: "\n").first { $0.hasPrefix("sets/base-1.2.0.tar ") })
        let words = line.split(separator: " ").map(String.init)
        let made = try create("--set", "base", "--gateway", "gw-1", "--return-to", "1.0.0")
        #expect(made.code == 0 && made.output.contains("1 gateway gets base 1.2.0"), "\(made)")
        let plan = try plan("base-1.2.0")
        #expect(
            plan.contains("\"sha256\":\"\(words.last ?? "")\",\"length\":\(words[1]),\"release\":2")
        )
        #expect(plan.contains("\"fallback\":{\"set\":\"base\",\"version\":\"1.0.0\""))
        let other = try create("--set", "base", "--set-version", "1.0.0", "--gateway", "gw-2")
        #expect(other.code == 0 && other.output.contains("base 1.0.0"), "\(other)")

        try sets.add(release: 3)
        for (arguments, words) in [
            (["--set", "base", "--set-version", "1.3.0"], "'base 1.3.0' is a draft in"),
            (["--set", "base", "--set-version", "1.9.0"], "'base 1.9.0' is not published in"),
            (
                ["--set", "base", "--set-version", "new"],
                "'--set-version' is 'new', expected three"
            ),
            (["--set", "base", "--release", "x"], "give either '--set' or '--release'; not both"),
            ([], "give '--set' with the name of a published set"),
        ] {
            let child = try ChildProcess(
                House.programs + "/amphora-fleet",
                ["rollout", "preview", "--store", address, "--repository", sets.repository]
                    + arguments)
            #expect(try child.waitForExit(within: 60_000) == .exited(3))
            #expect(child.errors.contains(words), "\(child.errors)")
        }
    }

    private func serve(_ folder: String) throws -> ChildProcess {
        try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "serve", "--store", address, "--assignments", sets.folder.file(folder),
                "--rollout-s", "1", "--listen", "127.0.0.1:\(try Peers.freePort())",
            ])
    }

    private func files(_ folder: String) -> [String: String] {
        let names = (1...3).map { "gw-\($0)" }
        let texts = names.map { name in
            (
                name,
                try? String(
                    contentsOfFile: sets.folder.file("\(folder)/\(name).json"), encoding: .utf8)
            )
        }
        return Dictionary(uniqueKeysWithValues: texts).compactMapValues { $0 }
    }

    /// Each place has a mark of its own of what lies there: none hides from another what it lacks.
    @Test func `two servers with two folders each hand out every assignment`() throws {
        let server = try serve("one")
        let made = try create("--set", "base", "--waves", "all", "--approval", "never")
        #expect(made.code == 0, "\(made)")
        #expect(Patience.wait(30_000) { files("one").count == 3 ? true : nil } == true)
        let other = try serve("other")
        #expect(
            Patience.wait(30_000) { files("other") == files("one") ? true : nil } == true,
            "\(files("other"))")
        #expect(try fleet("rollout", "abort", "base-1.2.0", "--keep").code == 0)
        let second = try create(
            "--set", "base", "--set-version", "1.0.0", "--waves", "all", "--approval", "never")
        #expect(second.code == 0, "\(second)")
        for folder in ["one", "other"] {
            #expect(
                Patience.wait(30_000) {
                    files(folder).values.count { $0.contains("\"1.0.0\"") } == 3 ? true : nil
                } == true, "\(files(folder))")
        }
        for one in [server, other] { #expect(one.terminate() == .exited(0), "\(one.errors)") }
    }

    @Test func `a set is not removed while a rollout or an assignment names it`() throws {
        let server = try serve("assignments")
        let made = try create(
            "--set", "base", "--waves", "all", "--approval", "never", "--return-to", "1.0.0",
            "--patience", "1h")
        #expect(made.code == 0, "\(made)")
        func remove(_ words: String...) throws -> (code: Int32, output: String, errors: String) {
            let child = try ChildProcess(
                House.programs + "/amphora-fleet",
                ["profiles", "remove", "--repository", sets.repository] + words)
            guard case .exited(let code) = try child.waitForExit(within: 60_000) else {
                return (-1, child.output, child.errors)
            }
            return (code, child.output, child.errors)
        }
        for version in ["1.2.0", "1.0.0"] {
            let refused = try remove("base", version, "--store", address)
            #expect(
                refused.code == 1
                    && refused.errors.hasPrefix(
                        "rollout 'base-1.2.0' is not over and names the set"),
                "\(refused)")
        }
        #expect(try remove("base", "1.2.0").code == 3)
        #expect(
            try remove("base", "9.0.0", "--force").errors.contains("there is no set 'base 9.0.0'"))
        let store = try FleetStores.openRollouts(address)
        func published(_ count: Int) -> Bool {
            Patience.wait(30_000) {
                let all = (try? store.assignments()) ?? []
                return all.count { $0.isPublished && !$0.document.isEmpty } == count
                    && all.allSatisfy(\.isPublished) && all.count == 3 ? true : nil
            } == true
        }
        #expect(published(3))
        #expect(try fleet("rollout", "abort", "base-1.2.0", "--keep").code == 0)
        let standing = try remove("base", "1.2.0", "--store", address)
        #expect(
            standing.code == 1 && standing.errors.hasPrefix("3 standing assignments name the set"),
            "\(standing)")
        let forced = try remove("base", "1.2.0", "--store", address, "--force")
        #expect(
            forced.code == 0 && forced.output.contains("standing assignments taken back: 3"),
            "\(forced)")
        #expect(published(0))
        #expect(files("assignments").isEmpty)
        #expect(try store.assignments().map(\.release) == [3, 3, 3])
        let refused = try create("--set", "base", "--set-version", "1.2.0", "--name", "again")
        #expect(refused.code == 3 && refused.errors.contains("is to be removed from"), "\(refused)")
        try sets.publish()
        #expect(try !sets.inRepository("status").contains("base-1.2.0"))
        #expect(server.terminate() == .exited(0), "\(server.errors)")
    }
}
