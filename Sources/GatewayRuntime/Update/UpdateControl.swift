import GatewaySettings
import Glibc
import ProfileSet
import UpdateAgent
import Threads

/// What the parts of a gateway share about assigned sets.
final class UpdateControl: Sendable {
    let settings: UpdateSettings
    /// Held as long as the gateway runs; nil where the folder cannot be written at all.
    private let lock: UpdateLock?
    /// What the start has found.
    let start: UpdateStart
    let choice: SetChoice
    let handover: SetHandover
    let source: any SetSource
    let terms: UpdateTerms
    /// A moment that has certainly passed, in seconds since 1970.
    let floor: @Sendable () -> Int64
    /// The release counter of the set that the configuration on site names; 0 when it cannot be read.
    let installedRelease: Int

    /// Joins the parts; `fleet` is asked unless the settings name a folder.
    ///
    /// `floor` is what the gateway knows better than its clock.
    init(
        _ settings: UpdateSettings, gateway: String, start: UpdateStart, choice: SetChoice,
        lock: UpdateLock?, fleet: (any SetSource)?, floor: @escaping @Sendable () -> Int64
    ) throws(ThreadError) {
        self.floor = floor
        self.lock = lock
        self.settings = settings
        self.start = start
        self.choice = choice
        handover = try SetHandover()
        source = settings.from.map { FolderSource(path: $0) } ?? fleet ?? NoSource()
        terms = UpdateTerms(
            gateway: gateway, runtime: Version.semantic, hardware: Machine.model,
            probationSeconds: settings.probationSeconds,
            deferralSeconds: settings.deferralHours * 3600, pollSeconds: settings.pollSeconds,
            staleSeconds: settings.staleHours * 3600)
        let name = SetPath.manifest.path
        let bytes = try? FileBytes.read(
            "\(choice.installed)/\(name)", limit: SetLimits.fileBytes)
        installedRelease = bytes.flatMap { SetManifest.peek([name: $0])?.release } ?? 0
    }

    /// The file in which the owner agrees: hashes, one a line.
    static func consentFile(_ settings: UpdateSettings) -> String { "\(settings.folder)/consent" }

    /// Whether the owner agrees with a set.
    func hasConsent(_ assignment: Assignment) -> Bool {
        if settings.consent == .given { return true }
        let file = Self.consentFile(settings)
        guard let bytes = try? FileBytes.read(file, limit: 4096) else { return false }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            .contains { $0 == assignment.sha256 }
    }
}

/// Nothing is ever assigned.
private struct NoSource: SetSource {
    func assignment() throws(UpdateError) -> [UInt8]? { nil }

    func archive(sha256: String, length: Int) throws(UpdateError) -> [UInt8] {
        throw .source("there is no source of sets: set 'fleet.url' or 'update.from'")
    }

    func cancel() {}
}
