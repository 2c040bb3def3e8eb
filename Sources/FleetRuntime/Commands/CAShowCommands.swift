import ArgumentParser
import CertificateAuthority
import Crypto
import FoundationEssentials
import Telemetry
import X509

/// `ca show`.
struct CAShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print what the authority is and until when its parts are good.")

    @OptionGroup var authority: AuthorityOptions

    @Flag(help: "Print JSON.")
    var json = false

    /// A certificate of the authority's own.
    private struct Part {
        let name: StaticString
        let certificate: Certificate
        let hosts: [HostName]
    }

    func run() throws {
        try runAuthority {
            let folder = try authority.folder()
            var parts = [
                Part(name: "root", certificate: try folder.root(), hosts: []),
                Part(name: "issuing", certificate: try folder.issuing(), hosts: []),
            ]
            for (name, subject) in [("fleet", .fleet), ("broker", .broker)]
                as [(StaticString, SubjectName)]
            {
                parts.append(
                    Part(
                        name: name, certificate: try folder.current(subject),
                        hosts: try folder.hosts(of: subject)))
            }
            if json { try printJSON(folder, parts) } else { try printText(folder, parts) }
        }
    }

    private func moment(_ seconds: Int64) -> String {
        RFC3339.text(unixMilliseconds: seconds * 1000)
    }

    private func printText(_ folder: AuthorityFolder, _ parts: [Part]) throws {
        for part in parts {
            let hosts = part.hosts.map(\.description).joined(separator: ", ")
            print(
                "\(part.name): good until \(moment(part.certificate.endSeconds)), serial "
                    + "\(SerialNumber(part.certificate.serialNumber))"
                    + (hosts.isEmpty ? "" : ", for \(hosts)"))
        }
        print("root SHA-256: \(try fingerprint(folder))")
        print("root key: \(keyState(folder, "root.key"))")
        print("issuing key: \(keyState(folder, "issuing.key"))")
        let list = try folder.list()
        print(
            "revoked: \(try folder.revokedCount(now: FileCertificateAuthority.now())), list "
                + "\(list.number) good until \(moment(list.nextAt))")
        print("a gateway's certificate lives \(try folder.deviceLife())")
    }

    /// What `amphora-gateway enroll --ca-fingerprint` takes: SHA-256 of the root, lower-case hex.
    private func fingerprint(_ folder: AuthorityFolder) throws -> String {
        SHA256.hash(data: try folder.root().der()).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    private func printJSON(_ folder: AuthorityFolder, _ parts: [Part]) throws {
        let list = try folder.list()
        let revoked = try folder.revokedCount(now: FileCertificateAuthority.now())
        let life = try folder.deviceLife()
        let root = try fingerprint(folder)
        var writer = JSONWriter(capacity: 2048)
        writer.object { writer in
            for part in parts {
                writer.name(part.name)
                writer.object { writer in
                    writer.name("serial")
                    writer.string("\(SerialNumber(part.certificate.serialNumber))")
                    writer.moment(
                        "begins", unixMilliseconds: part.certificate.beginSeconds * 1000)
                    writer.moment("ends", unixMilliseconds: part.certificate.endSeconds * 1000)
                    writer.name("hosts")
                    writer.array { writer in
                        for host in part.hosts { writer.string(host.description) }
                    }
                }
            }
            writer.name("root_sha256")
            writer.string(root)
            writer.name("root_key")
            writer.string(keyState(folder, "root.key"))
            writer.name("issuing_key")
            writer.string(keyState(folder, "issuing.key"))
            writer.name("crl")
            writer.object { writer in
                writer.name("number")
                writer.integer(list.number)
                writer.moment("next_update", unixMilliseconds: list.nextAt * 1000)
                writer.name("revoked")
                writer.integer(revoked)
            }
            writer.name("device_life_s")
            writer.integer(life.seconds)
        }
        Output.result(writer.bytes)
    }

    /// `encrypted`, `plain` or `elsewhere`.
    private func keyState(_ folder: AuthorityFolder, _ name: String) -> String {
        guard let bytes = try? DurableFile.read(folder.file(name)) else { return "elsewhere" }
        return String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED") ? "encrypted" : "plain"
    }
}

/// `ca issued`.
struct CAIssuedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issued", abstract: "Print the certificates that were issued.")

    @OptionGroup var authority: AuthorityOptions

    @Option(help: ArgumentHelp("Only those of one gateway or service.", valueName: "name"))
    var name: String?

    @Flag(help: "Print one line of JSON a certificate.")
    var json = false

    func run() throws {
        try runAuthority {
            let folder = try authority.folder()
            let names = try name.map { [try CARevokeCommand.subject($0)] } ?? folder.names()
            for name in names {
                for certificate in try folder.issued(to: name) { print(certificate) }
            }
        }
    }

    private func print(_ certificate: IssuedCertificate) {
        let ends = RFC3339.text(unixMilliseconds: certificate.end * 1000)
        let revoked = certificate.revocation.map {
            (RFC3339.text(unixMilliseconds: $0.at * 1000), $0.reason.rawValue)
        }
        guard json else {
            let end = revoked.map { "revoked \($0.0) (\($0.1))" } ?? "good until \(ends)"
            Swift.print("\(certificate.serial)  \(certificate.name)  \(end)")
            return
        }
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            writer.name("serial")
            writer.string("\(certificate.serial)")
            writer.name("name")
            writer.string("\(certificate.name)")
            writer.moment("begins", unixMilliseconds: certificate.begin * 1000)
            writer.moment("ends", unixMilliseconds: certificate.end * 1000)
            writer.name("revoked")
            if let revoked { writer.string(revoked.0) } else { writer.null() }
            writer.name("reason")
            if let revoked { writer.string(revoked.1) } else { writer.null() }
        }
        Output.result(writer.bytes)
    }
}
