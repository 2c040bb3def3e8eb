import ArgumentParser
import Glibc
import ProfileRepository
import ProfileSet
import Rollouts
import TUF

/// The set that a rollout is about: out of the signed repository, or described by a file.
struct ReleaseOptions: ParsableArguments {
    @OptionGroup var place: RepositoryOptions

    @Option(
        help: ArgumentHelp("The set that gateways get, as it is published.", valueName: "name"))
    var set: String?

    @Option(help: ArgumentHelp("Its version. (default: the newest)", valueName: "version"))
    var setVersion: String?

    @Option(
        help: ArgumentHelp(
            "Describe the set by a JSON file, where 'serve --assignments' goes without a repository.",
            valueName: "file"),
        completion: .file())
    var release: String?

    @Option(
        help: ArgumentHelp(
            """
            The version that gateways go back to of which nothing earlier is known; with '--release' a \
            JSON file.
            """, valueName: "version"))
    var returnTo: String?

    /// Reads the set and the one to go back to; throws a sentence for the operator.
    func read() throws -> (set: SetRelease, fallback: SetRelease?) {
        if let release {
            guard set == nil, setVersion == nil else {
                throw RolloutFault("give either '--set' or '--release'; not both")
            }
            return (try Self.described(release), try returnTo.map(Self.described))
        }
        guard let set else {
            throw RolloutFault("give '--set' with the name of a published set")
        }
        let repository = try place.open()
        func published(_ text: String?, _ option: String) throws -> SetRelease {
            let version = text.flatMap { SemanticVersion($0) }
            if let text, version == nil {
                throw RolloutFault(
                    "'\(option)' is '\(text)', expected three numbers such as '1.4.0'")
            }
            let now = TUFTime(seconds: Int64(time(nil)))
            return SetRelease(try repository.publishedSet(set, version, now: now))
        }
        return (
            try published(setVersion, "--set-version"),
            try returnTo.map { try published($0, "--return-to") }
        )
    }

    private static func described(_ path: String) throws -> SetRelease {
        let bytes = try WholeFile.read(path)
        do throws(RolloutFault) {
            return try SetRelease(parsing: bytes)
        } catch {
            throw RolloutFault(error.sentences.map { "\(path): \($0)" })
        }
    }
}

extension SetRelease {
    /// A set as it is published.
    init(_ published: PublishedSet) {
        self.init(
            set: published.set, version: "\(published.version)", sha256: published.sha256,
            length: published.length, release: Int64(published.release),
            leastRuntime: "\(published.leastRuntime)", hardware: published.hardware)
    }
}
