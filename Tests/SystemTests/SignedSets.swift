import TestKit

/// An operator with keys, a repository of signed sets, and the shipped set in it.
final class SignedSets: Sendable {
    let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory("signed")
        let root = folder.file("root-key")
        for key in [root, list] { try run(["keygen", key, "--no-passphrase"]) }
        try inRepository("init", "--root-key", root + ".pub", "--targets-key", list + ".pub")
        try inRepository("add", Repository.profileSet)
        try inRepository("sign", "--key", root, "--key", list)
        try inRepository("publish")
    }

    var repository: String { folder.file("profiles") }
    private var list: String { folder.file("list-key") }

    /// Adds a changed set of version 1.RELEASE.0, as a draft.
    func add(release: Int) throws {
        let made = folder.file("made-\(release)")
        try UpdatedHouse.make(.title, release: release, at: made)
        try inRepository("add", made)
    }

    /// Signs what is drafted, and publishes it.
    func publish() throws {
        try inRepository("sign", "--key", list)
        try inRepository("publish")
    }

    /// Runs `profiles` with this repository; what it printed.
    @discardableResult
    func inRepository(_ words: String...) throws -> String {
        try run(words + ["--repository", repository])
    }

    @discardableResult
    private func run(_ words: [String]) throws -> String {
        let run = try ChildProcess(House.programs + "/amphora-fleet", ["profiles"] + words)
        guard try run.waitForExit(within: 120_000) == .exited(0) else {
            throw HouseError("\(words): \(run.errors)")
        }
        return run.output
    }
}
