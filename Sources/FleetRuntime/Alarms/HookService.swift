import Alarms
import FleetStore
import HTTPSClient
import Logging
import Notifications
import Threads

/// Tells hooks of alarms on a thread of its own.
///
/// One that does not answer is tried again, more and more rarely up to once an hour, and keeps nobody else
/// waiting longer than its time-outs. Trouble is logged when it begins and when it ends.
final class HookService: Sendable {
    private let thread: RepeatingThread

    /// Begins; throws when the address of the store is none.
    init(store place: String, log: Logger) throws {
        _ = try FleetStores.openNotifications(place)
        thread = try RepeatingThread("hooks", everyMilliseconds: 1000) {
            var turn = Turn(place: place, log: log)
            return { turn.look() }
        }
    }

    /// Ends the thread, after the message it is at.
    func stop() { thread.stop() }

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
        let place: String, log: Logger
        var store: (any NotificationStore)?
        /// The words by language.
        var texts: [String: AlarmTexts] = [:]
        /// What is wrong, by hook; the store has no name.
        var troubles: [String: String] = [:]

        mutating func look() {
            do throws(FleetStoreError) {
                if store == nil {
                    let opened = try FleetStores.openNotifications(place)
                    try opened.migrate()
                    store = opened
                }
                guard let store else { return }
                let hooks = try store.hooks()
                for hook in hooks { try tell(hook, store) }
                note("", nil)
                for name in troubles.keys where !hooks.contains(where: { $0.name == name }) {
                    troubles[name] = nil
                }
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
            switch try teller.tell(store, now: Moment.now()) {
            case .told(0): break
            case .told(let count):
                note(hook.name, nil)
                log.info(
                    "hook was told", metadata: ["hook": "\(hook.name)", "notices": "\(count)"])
            case .failed(let reason): note(hook.name, reason)
            }
        }

        private mutating func note(_ hook: String, _ trouble: String?) {
            guard troubles[hook] != trouble else { return }
            troubles[hook] = trouble
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
