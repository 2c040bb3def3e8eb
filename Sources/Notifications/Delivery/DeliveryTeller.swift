import Alarms
import FleetStore

/// Tells users what they have to be told, message by message.
package struct DeliveryTeller {
    /// Tries before a message is given up; with the pauses between them about three hours.
    package static let mostTries: Int32 = 10
    /// The first and the longest pause after a failure, ms.
    private static let pauses: (first: Int64, longest: Int64) = (30_000, 3_600_000)

    private let texts: [String: AlarmTexts]
    private let mail: MailWay?
    private let push: PushWay?

    /// Tells by the ways there are; what waits for others is left alone.
    package init(mail: MailWay?, push: PushWay?) throws(AlarmTextError) {
        self.mail = mail
        self.push = push
        var texts: [String: AlarmTexts] = [:]
        for language in AlarmTexts.languages { texts[language] = try AlarmTexts(language) }
        self.texts = texts
    }

    /// Tells one message that is due at a Unix time in milliseconds; nil when there is none; blocks.
    package func tell(
        _ store: any RecipientStore, now: Int64
    ) throws(FleetStoreError) -> (message: DeliveryMessage, outcome: DeliveryOutcome)? {
        guard
            let message = try store.takeMessage(
                now: now, mail: mail != nil, push: push != nil)
        else { return nil }
        let outcome: DeliveryOutcome
        switch send(message, now: now) {
        case .sent: outcome = .sent
        case .never(let reason): outcome = .givenUp(reason: reason)
        case .gone(let reason):
            outcome = .givenUp(reason: reason)
            try store.settle(message, outcome, now: now)
            _ = try store.removePushSubscription(
                message.channel.name, of: message.recipient, by: Author("fleet", at: now))
            return (message, outcome)
        case .later(let reason, _) where message.tries + 1 >= Self.mostTries:
            outcome = .givenUp(reason: "given up after \(Self.mostTries) tries: \(reason)")
        case .later(let reason, let after):
            let pause = Self.pauses.first << Int64(min(max(0, message.tries), 10))
            // whoever asks for more than a day is tried after a day
            let asked = min(max(0, after ?? 0), 86_400) * 1000
            let wait = max(asked, min(pause, Self.pauses.longest))
            let (time, overflow) = now.addingReportingOverflow(wait)
            outcome = .failed(retryAt: overflow ? .max : time, reason: reason)
        }
        try store.settle(message, outcome, now: now)
        return (message, outcome)
    }

    /// Sends a message that says nothing is wrong.
    package func test(
        _ channel: DeliveryChannel, preferences: RecipientPreferences, now: Int64
    ) -> SendVerdict {
        let language = language(preferences)
        let text = DeliveryText(testIn: language)
        return send(text, by: channel, id: Self.testID(now), language: language, now: now)
    }

    private func send(_ message: DeliveryMessage, now: Int64) -> SendVerdict {
        let language = language(message.preferences)
        guard let words = texts[language] else { return .never("bug: no texts in '\(language)'") }
        return send(
            DeliveryText(message, words), by: message.channel, id: message.id, language: language,
            now: now)
    }

    private func send(
        _ text: DeliveryText, by channel: DeliveryChannel, id: String, language: String, now: Int64
    ) -> SendVerdict {
        switch channel {
        case .mail(let address):
            mail?.send(text, to: address, id: id, language: language, now: now)
                ?? .later("there is no mail server", after: nil)
        case .push(let subscription):
            push?.send(text, to: subscription, now: now)
                ?? .later("there is no push key", after: nil)
        }
    }

    private func language(_ preferences: RecipientPreferences) -> String {
        preferences.language.flatMap { texts[$0] == nil ? nil : $0 } ?? AlarmTexts.languages[0]
    }

    private static func testID(_ now: Int64) -> String {
        String(UInt64(bitPattern: now), radix: 16)
            + String(UInt32.random(in: 0...UInt32.max), radix: 16)
    }
}
