import GatewaySettings
import Glibc

/// Where the fleet's documents are kept: `current`, `previous`, `candidate`, and `refused`.
///
/// Every file is written beside itself, brought to the disk and renamed, and the folder is brought to
/// the disk after it: whoever reads finds the old file or the new one, and they change in the order
/// in which they were written.
package struct ConfigurationFolder: Sendable {
    /// What a file is for.
    package enum Slot: String, CaseIterable, Sendable {
        /// The document in force.
        case current
        /// The one before, for whoever has to look; and for a start with a damaged `current`.
        case previous
        /// One that is good and not confirmed yet.
        case candidate
    }

    /// The folder.
    package let path: String

    /// Names a folder; it is made when something is written.
    package init(path: String) { self.path = path }

    /// A stored document; nil when there is none, or it is not whole.
    package func read(_ slot: Slot) -> ConfigurationEntry? {
        guard let bytes = try? FileBytes.read(file(slot.rawValue), limit: 1 << 20) else {
            return nil
        }
        return ConfigurationEntry(fileBytes: bytes)
    }

    func write(_ slot: Slot, _ entry: ConfigurationEntry) throws(FileError) {
        try replace(slot.rawValue, entry.fileBytes)
    }

    func readRefusal() -> ConfigurationRefusal? {
        guard let bytes = try? FileBytes.read(file("refused"), limit: 1 << 20) else { return nil }
        return ConfigurationRefusal(fileBytes: bytes)
    }

    func write(_ refusal: ConfigurationRefusal) throws(FileError) {
        try replace("refused", refusal.fileBytes)
    }

    /// Puts the candidate in the place of the current one.
    func promoteCandidate() throws(FileError) {
        guard rename(file("candidate"), file("current")) == 0 else {
            throw FileError(writing: file("current"))
        }
        try sync()
    }

    func removeCandidate() throws(FileError) {
        guard unlink(file("candidate")) == 0 || errno == ENOENT else {
            throw FileError(writing: file("candidate"))
        }
        try sync()
    }

    private func file(_ name: String) -> String { "\(path)/\(name)" }

    private func replace(_ name: String, _ bytes: [UInt8]) throws(FileError) {
        makeFolders()
        try FileBytes.replace(file(name), with: bytes)
        try sync()
    }

    /// What cannot be made shows when the file is written.
    func makeFolders() {
        guard access(path, F_OK) != 0 else { return }
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            made += part.isEmpty ? "/" : "\(part)/"
            mkdir(made, 0o755)
        }
    }

    private func sync() throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(writing: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(writing: path) }
    }
}
