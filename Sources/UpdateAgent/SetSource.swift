import GatewaySettings
import Glibc
import ProfileSet

/// Where assignments and archives come from, already checked for who signed them.
///
/// Calls block; they are made on the agent's own thread.
package protocol SetSource: Sendable {
    /// The assignment of this gateway, as it was signed; nil when there is none.
    func assignment() throws(UpdateError) -> [UInt8]?

    /// The bytes of an archive, at most `length` of them.
    ///
    /// The agent checks the hash again; a source need not.
    func archive(sha256: String, length: Int) throws(UpdateError) -> [UInt8]

    /// Ends a call under way, from any thread.
    func cancel()
}

/// A folder with `assignment.json` and `<sha256>.tar`, for a desk, for tests and for a site without a
/// network: whoever may write into it decides what the gateway runs.
package struct FolderSource: SetSource {
    private let path: String

    /// Names the folder.
    package init(path: String) { self.path = path }

    package func assignment() throws(UpdateError) -> [UInt8]? {
        let file = "\(path)/assignment.json"
        do {
            return try FileBytes.read(file, limit: Assignment.mostBytes)
        } catch {
            if access(file, F_OK) != 0, errno == ENOENT { return nil }
            throw .source(error.description)
        }
    }

    package func archive(sha256: String, length: Int) throws(UpdateError) -> [UInt8] {
        guard Fingerprint.isHex(sha256) else { throw .source("'\(sha256)' is no SHA-256") }
        do {
            return try FileBytes.read("\(path)/\(sha256).tar", limit: length)
        } catch {
            throw .source(error.description)
        }
    }

    package func cancel() {}
}
