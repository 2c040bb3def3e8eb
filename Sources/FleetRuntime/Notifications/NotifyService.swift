import Alarms
import FleetStore
import Logging
import Notifications

/// Tells users of alarms on two threads of its own, one for mail and one for push.
///
/// A mail server that does not answer keeps no push waiting, nor the other way round. Trouble is logged when it begins
/// and when it ends, without addresses of people.
final class NotifyService: Sendable {
    private let threads: [RepeatingThread]
    /// Messages that are sent in a row before the service looks whether it shall end.
    private static let most = 20

    /// Begins; throws when the address of the store is none.
    init(store place: String, ways: NotifyOptions.Ways, log: Logger) throws {
        _ = try FleetStores.openRecipients(place)
        var tellers: [(name: String, teller: DeliveryTeller)] = []
        if let mail = ways.mail {
            tellers.append(("mail", try DeliveryTeller(mail: mail, push: nil)))
        }
        if let push = ways.push {
            tellers.append(("push", try DeliveryTeller(mail: nil, push: push)))
        }
        threads = try tellers.map { name, teller in
            try RepeatingThread("notify-\(name)", everyMilliseconds: 1000) {
                var turn = Turn(place: place, name: name, teller: teller, log: log)
                return { turn.look() }
            }
        }
    }

    /// Ends the threads, after the messages they are at.
    func stop() { for thread in threads { thread.stop() } }

    /// What a thread has from look to look.
    private struct Turn {
        let place: String, name: String, teller: DeliveryTeller, log: Logger
        var store: (any RecipientStore)?
        var trouble: [String: String] = [:]

        mutating func look() {
            do throws(FleetStoreError) {
                if store == nil {
                    let opened = try FleetStores.openRecipients(place)
                    try opened.migrate()
                    store = opened
                }
                guard let store else { return }
                try store.gatherDeliveries(now: Moment.now())
                for _ in 0..<NotifyService.most {
                    guard let told = try teller.tell(store, now: Moment.now()) else { break }
                    note(told.message, told.outcome)
                }
                note("store", nil)
            } catch {
                note("store", "\(error)")
                store = nil
            }
        }

        private mutating func note(_ message: DeliveryMessage, _ outcome: DeliveryOutcome) {
            switch outcome {
            case .sent:
                note(name, nil)
                log.info(
                    "a user was told",
                    metadata: [
                        "user.name": "\(message.recipient)", "channel": "\(name)",
                        "notices": "\(message.notices.count + message.leftOut)",
                    ])
            case .failed(_, let reason): note(name, reason)
            case .givenUp(let reason):
                log.error(
                    "a message to a user was given up",
                    metadata: [
                        "user.name": "\(message.recipient)", "channel": "\(name)",
                        "reason": "\(reason)",
                    ])
            }
        }

        private mutating func note(_ what: String, _ words: String?) {
            guard trouble[what] != words else { return }
            trouble[what] = words
            if let words {
                log.error(
                    "users are not told", metadata: ["channel": "\(name)", "reason": "\(words)"])
            } else {
                log.info("users are told again", metadata: ["channel": "\(name)"])
            }
        }
    }
}
