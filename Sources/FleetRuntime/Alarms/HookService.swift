import Alarms
import FleetStore
import HTTPSClient
import Logging
import Notifications
import Synchronization
import Threads

/// Tells hooks of alarms on two threads of its own: one for those that answer at once, one for the others.
///
/// A hook that fails, or takes long, is from then on told by the second thread, until it answers at once again: it
/// keeps those that do waiting once, for its time-outs at most. One that fails is tried more and more rarely, up to
/// once an hour. Trouble is logged when it begins and when it ends.
final class HookService: Sendable {
    private let threads: [RepeatingThread]
    private let progress = Progress()
    /// How long a hook may take and still count as one that answers at once.
    private static let soon = Duration.seconds(1)

    /// Begins; throws when the address of the store is none.
    init(store place: String, log: Logger) throws {
        _ = try FleetStores.openNotifications(place)
        let progress = progress
        threads = try [false, true].map { isForSlow in
            try RepeatingThread(isForSlow ? "hooks-slow" : "hooks", everyMilliseconds: 1000) {
                var turn = Turn(place: place, progress: progress, isForSlow: isForSlow, log: log)
                return { turn.look() }
            }
        }
    }

    /// Ends the threads, after the messages they are at.
    func stop() {
        progress.end()
        for thread in threads { thread.stop() }
    }

    /// What both threads know of the hooks, by name.
    private final class Progress: Sendable {
        private struct State {
            var slow: Set<String> = []
            /// What is wrong; that of the store has no name.
            var troubles: [String: String] = [:]
            var isEnding = false
        }

        private let state = Mutex(State())

        /// Those that do not answer at once.
        var slow: Set<String> { state.withLock { $0.slow } }

        var isEnding: Bool { state.withLock { $0.isEnding } }

        func end() { state.withLock { $0.isEnding = true } }

        func note(_ name: String, isSlow: Bool) {
            state.withLock { state in
                if isSlow { state.slow.insert(name) } else { state.slow.remove(name) }
            }
        }

        /// What is wrong with a hook now; whether that is news.
        func note(_ name: String, _ trouble: String?) -> Bool {
            state.withLock { state in
                guard state.troubles[name] != trouble else { return false }
                state.troubles[name] = trouble
                return true
            }
        }

        /// Forgets hooks that are no more.
        func keep(_ hooks: [Hook]) {
            let names = Set(hooks.map(\.name) + [""])
            state.withLock { state in
                state.slow.formIntersection(names)
                state.troubles = state.troubles.filter { names.contains($0.key) }
            }
        }
    }

    /// The way to a hook's server.
    static func exchange(_ hook: Hook) throws(HTTPSFailure) -> HTTPSSession {
        var configuration = HTTPSConfiguration(authorities: .file(hook.authorities))
        configuration.connectMilliseconds = 5_000
        configuration.answerMilliseconds = 5_000
        configuration.stallSeconds = 5
        configuration.lowestBytesPerSecond = 10_000
        configuration.speaksPlainlyToItself = true
        return try HTTPSSession(configuration)
    }

    /// What the thread has from look to look.
    private struct Turn {
        let place: String, progress: Progress, isForSlow: Bool, log: Logger
        var store: (any NotificationStore)?
        /// The words by language.
        var texts: [String: AlarmTexts] = [:]

        mutating func look() {
            do throws(FleetStoreError) {
                if store == nil {
                    let opened = try FleetStores.openNotifications(place)
                    try opened.migrate()
                    store = opened
                }
                guard let store else { return }
                let hooks = try store.hooks()
                progress.keep(hooks)
                let slow = progress.slow
                for hook in hooks where slow.contains(hook.name) == isForSlow {
                    guard !progress.isEnding else { break }
                    try tell(hook, store)
                }
                note("", nil)
            } catch {
                note("", "\(error)")
                store = nil
            }
        }

        private mutating func tell(
            _ hook: Hook, _ store: any NotificationStore
        ) throws(FleetStoreError) {
            if texts[hook.language] == nil {
                do throws(AlarmTextError) {
                    texts[hook.language] = try AlarmTexts(hook.language)
                } catch {
                    note(hook.name, "\(error)")
                }
            }
            guard let words = texts[hook.language] else { return }
            let teller = HookTeller(hook, texts: words) { () throws(HTTPSFailure) in
                try HookService.exchange(hook)
            }
            let began = ContinuousClock.now
            let outcome = try teller.tell(store, now: Moment.now())
            let isSoon = began.duration(to: .now) < HookService.soon
            switch outcome {
            case .told(0): break
            case .told(let count):
                progress.note(hook.name, isSlow: !isSoon)
                note(hook.name, nil)
                log.info(
                    "hook was told", metadata: ["hook": "\(hook.name)", "notices": "\(count)"])
            case .failed(let reason):
                progress.note(hook.name, isSlow: true)
                note(hook.name, reason)
            }
        }

        private func note(_ hook: String, _ trouble: String?) {
            guard progress.note(hook, trouble) else { return }
            let name = hook.isEmpty ? "the store" : hook
            if let trouble {
                log.error(
                    "hooks are not told", metadata: ["hook": "\(name)", "reason": "\(trouble)"])
            } else {
                log.info("hooks are told again", metadata: ["hook": "\(name)"])
            }
        }
    }
}
