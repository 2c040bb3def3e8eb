import ArgumentParser
import GatewaySettings
import Glibc
import HTTPSClient
import TUF
import TUFClient

/// `tuf-client`.
struct TUFClientCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tuf-client",
        abstract: "Try a repository of signed metadata (TUF) out, with the gateway's own client.",
        discussion: """
            'init ROOT' makes a folder ready with a root that is trusted, 'refresh' brings its metadata \
            up to date, 'download' does so and fetches targets. A running gateway uses folders of its \
            own; this command serves those who make a repository, and the tests that hold this client \
            against others. With a server on this machine itself it speaks http, too.
            Exit status: 0 success, 1 any failure, wrong usage included.
            """)

    /// What to do.
    enum Action: String, ExpressibleByArgument, CaseIterable { case `init`, refresh, download }

    @Option(help: "Where the repository's metadata is.")
    var metadataUrl: String?

    @Option(help: "The folder of trusted metadata.", completion: .directory)
    var metadataDir: String?

    @Option(help: "The path of a target to download; may be given several times.")
    var targetName: [String] = []

    @Option(help: "The folder for downloaded targets.", completion: .directory)
    var targetDir: String?

    @Option(help: "Where the repository's targets are.")
    var targetBaseUrl: String?

    @Option(
        name: .customLong("ca"), help: "Who may vouch for a server (PEM).", completion: .file())
    var authorities = "/etc/ssl/certs/ca-certificates.crt"

    @Option(
        help: "A certificate to show to the server (PEM), with '--key'.", completion: .file())
    var certificate: String?

    @Option(help: "The key of that certificate (PEM).", completion: .file())
    var key: String?

    @Argument(help: "init, refresh or download.")
    var action: Action

    @Argument(help: "The root to trust, for 'init'.", completion: .file())
    var root: String?

    /// What is missing on the command line.
    private struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    func run() throws {
        do {
            switch action {
            case .`init`: try begin()
            case .refresh: try client().refresh()
            case .download: try download()
            }
        } catch let fault as TUFFault {
            let attack = fault.attack.map { " (\($0.rawValue))" } ?? ""
            Output.note("tuf-client: \(fault)\(attack)")
            throw ExitCode(ExitStatus.failure)
        } catch {
            Output.note("tuf-client: \(error)")
            throw ExitCode(ExitStatus.failure)
        }
    }

    private func begin() throws {
        let root = try given(root, "the file of a root after 'init'")
        let bytes = try FileBytes.read(root, limit: TUFLimits().rootBytes)
        try TUFClient.begin(try folder(), root: bytes)
    }

    private func download() throws {
        let client = try client()
        let targets = try VerifiedFolder(try given(targetDir, "'--target-dir'"))
        _ = try given(targetBaseUrl, "'--target-base-url'")
        guard !targetName.isEmpty else { throw Missing(description: "expected '--target-name'") }
        try client.refresh()
        for name in targetName.map({ TUFName($0) }) {
            let target = try client.find(name)
            let file = name.quoted
            // what is there already is not fetched again
            if let bytes = targets.read(file), (try? target.check(bytes)) != nil { continue }
            try targets.write(try client.fetch(target), file)
        }
    }

    private func client() throws -> TUFClient {
        var configuration = HTTPSConfiguration(authorities: .file(authorities))
        configuration.speaksPlainlyToItself = true
        if certificate != nil || key != nil {
            configuration.identity = HTTPSConfiguration.Identity(
                certificateFile: try given(certificate, "'--certificate' beside '--key'"),
                keyFile: try given(key, "'--key' beside '--certificate'"))
        }
        // targets of other people's repositories are larger than profile sets
        var limits = TUFLimits()
        limits.targetBytes = 64 << 20
        return try TUFClient(
            folder: try folder(), exchange: try HTTPSSession(configuration),
            addresses: TUFClient.Addresses(
                metadata: try given(metadataUrl, "'--metadata-url'"), targets: targetBaseUrl ?? ""),
            limits: limits, start: TUFTime(seconds: Int64(time(nil))))
    }

    private func folder() throws -> VerifiedFolder {
        try VerifiedFolder(try given(metadataDir, "'--metadata-dir'"))
    }

    private func given(_ value: String?, _ name: String) throws -> String {
        guard let value else { throw Missing(description: "expected \(name)") }
        return value
    }
}
