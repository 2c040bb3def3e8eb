import FoundationEssentials
import SwiftASN1
import X509

/// A certificate that was issued.
package struct IssuedCertificate: Hashable, Sendable {
    /// Its number.
    package let serial: SerialNumber
    /// Its holder.
    package let name: SubjectName
    /// When it began, Unix time in seconds.
    package let begin: Int64
    /// When it ends, Unix time in seconds.
    package let end: Int64
    /// When and why it was revoked; nil when it was not.
    package let revocation: RevocationList.Entry?

    /// Whether it is good at a moment, Unix time in seconds.
    package func isGood(at now: Int64) -> Bool {
        revocation == nil && (begin...max(begin, end)).contains(now)
    }
}

/// What was issued and revoked, one file each, so that many processes can write at once.
///
/// 1. `issued/<name>/<serial>.pem` is on the disk before a certificate is handed out.
/// 2. `revoked/<serial>` is on the disk before the list that names it.
struct IssuedRegister: Sendable {
    /// Days an ended certificate stays in the list, so that it surely was in one that ended later.
    private static let afterlife: Int64 = 30 * 86_400

    /// The folder of the authority.
    let folder: String

    private var issued: String { "\(folder)/issued" }
    private var revoked: String { "\(folder)/revoked" }

    /// Makes the folders.
    func create() throws(AuthorityError) {
        try DurableFile.makeFolder(issued)
        try DurableFile.makeFolder(revoked)
    }

    /// Keeps a new certificate (rule 1).
    func record(_ certificate: Certificate, of name: SubjectName) throws(AuthorityError) {
        let pem: String
        do {
            pem = try certificate.pem()
        } catch {
            throw .content("cannot write a certificate: \(error)")
        }
        let place = "\(issued)/\(name)"
        if !DurableFile.exists(place) { try DurableFile.makeFolder(place, isLasting: false) }
        let serial = SerialNumber(certificate.serialNumber)
        try DurableFile.write(Array(pem.utf8), to: "\(place)/\(serial).pem")
        // also when another process made the folder; last, as file systems bring both to the disk at once
        try DurableFile.synchronise(folder: issued)
    }

    /// Names that ever got a certificate.
    func names() throws(AuthorityError) -> [SubjectName] {
        try DurableFile.names(in: issued).compactMap { SubjectName($0) }
    }

    /// All certificates of a name, oldest first.
    func certificates(of name: SubjectName) throws(AuthorityError) -> [IssuedCertificate] {
        var found: [IssuedCertificate] = []
        for file in try DurableFile.names(in: "\(issued)/\(name)") where file.hasSuffix(".pem") {
            guard let serial = SerialNumber(hex: file.dropLast(4)) else { continue }
            found.append(try certificate(serial, of: name))
        }
        return found.sorted {
            ($0.begin, $0.serial.description) < ($1.begin, $1.serial.description)
        }
    }

    /// The certificate of a number; throws when none was issued.
    func certificate(_ serial: SerialNumber) throws(AuthorityError) -> IssuedCertificate {
        for name in try names() where DurableFile.exists("\(issued)/\(name)/\(serial).pem") {
            return try certificate(serial, of: name)
        }
        throw .missing("no certificate with the number \(serial) was issued here")
    }

    private func certificate(
        _ serial: SerialNumber, of name: SubjectName
    ) throws(AuthorityError) -> IssuedCertificate {
        let certificate = try AuthorityFolder.certificate(in: "\(issued)/\(name)/\(serial).pem")
        return IssuedCertificate(
            serial: serial, name: name, begin: certificate.beginSeconds,
            end: certificate.endSeconds, revocation: try revocation(of: serial)?.entry)
    }

    /// Whether a number was revoked; looks at one name in a folder.
    func isRevoked(_ serial: SerialNumber) -> Bool { DurableFile.exists("\(revoked)/\(serial)") }

    /// Marks a certificate revoked (rule 2); false when it was already.
    func revoke(
        _ certificate: IssuedCertificate, reason: RevocationList.Reason, now: Int64
    ) throws(AuthorityError) -> Bool {
        guard !isRevoked(certificate.serial) else { return false }
        let text =
            "at \(now)\nreason \(reason.rawValue)\nname \(certificate.name)\n"
            + "end \(certificate.end)\n"
        try DurableFile.write(
            Array(text.utf8), to: "\(revoked)/\(certificate.serial)")
        return true
    }

    /// What the next list has to name.
    func revocations(now: Int64) throws(AuthorityError) -> [RevocationList.Entry] {
        var entries: [RevocationList.Entry] = []
        for file in try DurableFile.names(in: revoked) {
            guard let serial = SerialNumber(hex: file),
                let found = try revocation(of: serial),
                now <= found.end.addingReportingOverflow(Self.afterlife).partialValue
            else { continue }
            entries.append(found.entry)
        }
        return entries
    }

    /// Names of certificates that were revoked and have not ended long ago.
    func revokedNames(now: Int64) throws(AuthorityError) -> Set<SubjectName> {
        var names: Set<SubjectName> = []
        for file in try DurableFile.names(in: revoked) {
            guard let serial = SerialNumber(hex: file), let found = try revocation(of: serial),
                now <= found.end.addingReportingOverflow(Self.afterlife).partialValue
            else { continue }
            names.insert(found.name)
        }
        return names
    }

    private func revocation(
        of serial: SerialNumber
    ) throws(AuthorityError) -> (entry: RevocationList.Entry, name: SubjectName, end: Int64)? {
        let path = "\(revoked)/\(serial)"
        guard DurableFile.exists(path) else { return nil }
        var fields: [Substring: Substring] = [:]
        let text = String(decoding: try DurableFile.read(path), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            if words.count == 2 { fields[words[0]] = words[1] }
        }
        guard let at = fields["at"].flatMap({ Int64($0) }),
            let end = fields["end"].flatMap({ Int64($0) }), (0...253_402_300_799).contains(end),
            let reason = fields["reason"].flatMap({ RevocationList.Reason(rawValue: String($0)) }),
            let name = fields["name"].flatMap({ SubjectName($0) })
        else {
            throw .content("'\(path)' does not say when and why a certificate was revoked")
        }
        return (RevocationList.Entry(serial: serial, at: at, reason: reason), name, end)
    }
}
