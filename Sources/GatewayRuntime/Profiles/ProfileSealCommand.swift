import ArgumentParser
import GatewaySettings
import Glibc
import ProfileSet

/// `profile seal`.
struct ProfileSealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal",
        abstract: "Write set.json: names, numbers and the hash of every file.",
        discussion: """
            Keeps what set.json says unless told otherwise. A set whose documents or vectors have \
            faults is not sealed.

            Exit status: 0 sealed, 1 the set has faults, 2 wrong input, 3 the folder or set.json \
            cannot be read or written.
            """)

    @Argument(help: "The folder of the set.", completion: .directory)
    var folder: String

    @Option(help: "The name of the set; the folder's name when there is none yet.")
    var id: String?

    @Option(name: .customLong("set-version"), help: "The version for people, such as 1.4.0.")
    var setVersion: String?

    @Option(help: "The release counter, 1 or more.")
    var release: Int?

    @Option(help: "The oldest gateway that can read the set, such as 0.1.0.")
    var leastRuntime: String?

    func run() throws {
        let request = try request()
        do {
            let contents = try ProfileFolder(path: folder).contents()
            var files = contents.files
            let manifest = try SetManifest.sealed(
                files, request, fallback: name, runtime: Version.semantic)
            files[SetPath.manifest.path] = Array(manifest.document.utf8)
            let set = try ProfileSet.load(
                files, unread: contents.unread,
                runtime: max(Version.semantic, manifest.leastRuntime),
                name: folder)
            try FileBytes.replace("\(folder)/set.json", with: Array(manifest.document.utf8))
            print(
                "\(folder): sealed as \(set.words), \(ProfileDesk.count(manifest.files.count, "file"))"
            )
        } catch let error as ProfileSetError {
            for fault in error.faults { Output.note("\(fault)") }
            Output.note("\(folder): not sealed")
            throw ExitCode(ExitStatus.failure)
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
    }

    /// The last part of the folder's path.
    private var name: String {
        folder.split(separator: "/").last { $0 != "." && $0 != ".." }.map(String.init) ?? "set"
    }

    private func request() throws -> SealRequest {
        var request = SealRequest()
        request.id = id
        request.release = release
        request.version = try Self.number(setVersion, "set-version")
        request.leastRuntime = try Self.number(leastRuntime, "least-runtime")
        return request
    }

    private static func number(_ text: String?, _ option: String) throws -> SemanticVersion? {
        guard let text else { return nil }
        if let number = SemanticVersion(text) { return number }
        Output.note("--\(option) is '\(text)', expected three numbers such as 1.4.0")
        throw ExitCode(ExitStatus.usage)
    }
}
