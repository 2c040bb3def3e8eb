import GatewaySettings
import Glibc
import Quantities
import Synchronization
import UpdateAgent
import Threads

/// Which set the gateway runs on; asked for whenever a plan is made.
final class SetChoice: Sendable {
    /// The folder of the set that the configuration on site names.
    let installed: String
    private let chosen: Mutex<String?>

    /// Begins with an assigned set, or nil for the installed one.
    init(installed: String, path: String? = nil) {
        self.installed = installed
        chosen = Mutex(path)
    }

    /// What the next start would run, for a command beside the gateway.
    static func current(_ configuration: GatewayConfiguration) -> SetChoice {
        let sets = configuration.update.map { InstalledSets(UpdateFolder($0.folder)) }
        return SetChoice(
            installed: configuration.profilesPath,
            path: sets.flatMap { sets in sets.current.map { sets.folder.file($0) } })
    }

    /// The folder of the assigned set that runs; nil for the installed one.
    ///
    /// It is the folder itself and not a link to it, so that all files read from it are of one set.
    var path: String? {
        get { chosen.withLock { $0 } }
        set { chosen.withLock { $0 = newValue } }
    }

    /// The folder that is read.
    var folder: String { path ?? installed }

    /// The hash of the archive it came in; nil for the installed one.
    var sha256: String? { InstalledSets.sha256(of: path) }
}

/// Hands the wish for another set from the agent's thread to the main thread, which goes over to it.
final class SetHandover: Sendable {
    private struct Contents {
        var wish: String??
        var trouble: String?
        var isDone = false
    }

    private let contents = Mutex(Contents())
    private let offered: WakeSignal
    private let finished: WakeSignal

    init() throws(ThreadError) {
        offered = try WakeSignal()
        finished = try WakeSignal()
    }

    /// Readable while a wish waits; for `poll`.
    var descriptor: Int32 { offered.descriptor }

    /// Asks the main thread to go over to the set in a folder, nil for the installed one, and waits.
    ///
    /// Why it did not, in words; nil when it did. Ends early when `stop` is raised.
    func swap(to path: String?, unless stop: StopSignal) -> String? {
        finished.clear()
        contents.withLock { $0 = Contents(wish: .some(path)) }
        offered.raise()
        let deadline = MachineClock.now() + .seconds(60)
        while MachineClock.now() < deadline, !stop.isRaised {
            var polls = [
                pollfd(reading: finished.descriptor), pollfd(reading: stop.descriptor),
            ]
            Poll.wait(&polls, until: deadline)
            finished.clear()
            let outcome = contents.withLock { ($0.isDone, $0.trouble) }
            if outcome.0 { return outcome.1 }
        }
        // what was not begun is not begun any more
        contents.withLock { $0.wish = nil }
        return stop.isRaised ? "the gateway is stopping" : "the gateway did not answer within 60 s"
    }

    /// The wish that waits: a folder, or nil inside for the installed set.
    func take() -> String?? {
        offered.clear()
        return contents.withLock { contents in
            defer { contents.wish = nil }
            return contents.wish
        }
    }

    /// The wish is carried out, or why not.
    func finish(trouble: String?) {
        contents.withLock {
            $0.trouble = trouble
            $0.isDone = true
        }
        finished.raise()
    }
}
