import Alarms
import FleetStore
import Logging
import Notifications
import Synchronization

/// Tells users of alarms on threads of its own: two for mail, eight for push.
///
/// A mail server that does not answer keeps no push waiting, nor the other way round. A user names the address that
/// push goes to, and it may be one that never answers: while it holds one thread, the others go on. Trouble is logged
/// when it begins and when it ends, without addresses of people.
final class NotifyService: Sendable {
    private let threads: [RepeatingThread]
    private let progress = Progress()
    /// Messages that are sent in a row before a thread looks whether it shall end.
    private static let most = 20
    /// Threads of a way.
    ///
    /// A push takes a handshake and an answer from far away, a tenth of a second or more: one after the other, ten
    /// thousand owners would wait for a quarter of an hour and longer.
    private static let abreast = (mail: 2, push: 8)

    /// Begins; throws when the address of the store is none.
    init(store place: String, ways: NotifyOptions.Ways, log: Logger) throws {
        _ = try FleetStores.openRecipients(place)
        var tellers: [(name: String, teller: DeliveryTeller, abreast: Int)] = []
        if let mail = ways.mail {
            tellers.append(("mail", try DeliveryTeller(mail: mail, push: nil), Self.abreast.mail))
        }
        if let push = ways.push {
            tellers.append(("push", try DeliveryTeller(mail: nil, push: push), Self.abreast.push))
        }
        let progress = progress
        threads = try tellers.flatMap { name, teller, abreast in
            let troubles = Troubles(way: name, log: log)
            return try (1...abreast).map { number in
                try RepeatingThread("notify-\(name)-\(number)", everyMilliseconds: 1000) {
                    var turn = Turn(
                        place: place, name: name, teller: teller, progress: progress,
                        troubles: troubles, log: log)
                    return { turn.look() }
                }
            }
        }
    }

    /// Ends the threads, after the messages they are at.
    func stop() {
        progress.end()
        for thread in threads { thread.stop() }
    }

    /// What all threads know of each other.
    private final class Progress: Sendable {
        private let gathered = Mutex<ContinuousClock.Instant?>(nil)
        private let ending = Atomic(false)

        var isEnding: Bool { ending.load(ordering: .relaxed) }

        func end() { ending.store(true, ordering: .relaxed) }

        /// Whether whoever asks shall look for what began and what ended: once a second is enough for all.
        func isGatheringDue() -> Bool {
            let now = ContinuousClock.now
            return gathered.withLock { last in
                if let last, last.duration(to: now) < .milliseconds(900) { return false }
                last = now
                return true
            }
        }
    }

    /// What is wrong with a way, said once however many threads meet it.
    private final class Troubles: Sendable {
        private let way: String, log: Logger
        private let words = Mutex<[String: String]>([:])

        init(way: String, log: Logger) {
            self.way = way
            self.log = log
        }

        /// What is wrong with the way or the store now; nil when nothing is.
        func note(_ what: String, _ trouble: String?) {
            let isNews = words.withLock { words in
                guard words[what] != trouble else { return false }
                words[what] = trouble
                return true
            }
            guard isNews else { return }
            if let trouble {
                log.error(
                    "users are not told", metadata: ["channel": "\(way)", "reason": "\(trouble)"])
            } else {
                log.info("users are told again", metadata: ["channel": "\(way)"])
            }
        }
    }

    /// What a thread has from look to look.
    private struct Turn {
        let place: String, name: String, teller: DeliveryTeller
        let progress: Progress, troubles: Troubles, log: Logger
        var store: (any RecipientStore)?

        mutating func look() {
            do throws(FleetStoreError) {
                if store == nil {
                    let opened = try FleetStores.openRecipients(place)
                    try opened.migrate()
                    store = opened
                }
                guard let store else { return }
                if progress.isGatheringDue() { try store.gatherDeliveries(now: Moment.now()) }
                for _ in 0..<NotifyService.most where !progress.isEnding {
                    guard let told = try teller.tell(store, now: Moment.now()) else { break }
                    note(told.message, told.outcome)
                }
                troubles.note("store", nil)
            } catch {
                troubles.note("store", "\(error)")
                store = nil
            }
        }

        private func note(_ message: DeliveryMessage, _ outcome: DeliveryOutcome) {
            switch outcome {
            case .sent:
                troubles.note(name, nil)
                log.info(
                    "a user was told",
                    metadata: [
                        "user.name": "\(message.recipient)", "channel": "\(name)",
                        "notices": "\(message.notices.count + message.leftOut)",
                    ])
            case .failed(_, let reason): troubles.note(name, reason)
            case .givenUp(let reason):
                log.error(
                    "a message to a user was given up",
                    metadata: [
                        "user.name": "\(message.recipient)", "channel": "\(name)",
                        "reason": "\(reason)",
                    ])
            }
        }
    }
}
