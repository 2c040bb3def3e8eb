import Glibc
import Logging
import ProfileRepository
import TUF

/// Renews what the fleet itself signs in the repository, on a thread of its own, every few minutes.
///
/// A repository that is not there yet, or that cannot be renewed, is looked at again: the operator may be
/// at work on it, and what is published stays good for days.
final class RepositoryKeeper: Sendable {
    /// Milliseconds from one look to the next.
    private static let pause: Int32 = 300_000

    private let thread: RepeatingThread

    /// Begins to look.
    init(_ path: String, log: Logger) throws {
        thread = try RepeatingThread("profiles", everyMilliseconds: Self.pause) {
            { Self.renew(path, log) }
        }
    }

    private static func renew(_ path: String, _ log: Logger) {
        guard access("\(path)/repository.json", F_OK) == 0 else { return }
        do {
            let now = TUFTime(seconds: Int64(time(nil)))
            if try ProfileRepository(path, patience: 5).renewIfDue(now: now) {
                log.info("renewed the metadata of profile sets", metadata: ["path": "\(path)"])
            }
        } catch {
            log.error(
                "the metadata of profile sets is not renewed",
                metadata: ["path": "\(path)", "error": "\(error)"])
        }
    }

    /// Ends the thread, after the look it is at.
    func stop() { thread.stop() }
}
