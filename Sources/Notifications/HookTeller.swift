import Alarms
import FleetStore
import HTTPSClient

/// Tells one hook what it has to be told, message by message.
package struct HookTeller {
    /// Notices in a message: a fault of three hundred houses is a few messages and not three hundred.
    package static let most = 100
    /// The first and the longest pause after a failure, ms.
    private static let pauses: (first: Int64, longest: Int64) = (5_000, 3_600_000)

    private let hook: Hook
    private let texts: AlarmTexts
    private let connect: () throws(HTTPSFailure) -> any HTTPSExchange

    /// Tells `hook` over an exchange, which is made when there is something to tell.
    package init(
        _ hook: Hook, texts: AlarmTexts,
        connect: @escaping () throws(HTTPSFailure) -> any HTTPSExchange
    ) {
        self.hook = hook
        self.texts = texts
        self.connect = connect
    }

    /// What became of a round.
    package enum Outcome: Hashable, Sendable {
        /// So many notices were told.
        case told(Int)
        /// Why a message was not taken; it is tried again later.
        case failed(String)
    }

    /// Tells what there is at a Unix time in milliseconds, one message; blocks.
    package func tell(
        _ store: any NotificationStore, now: Int64
    ) throws(FleetStoreError) -> Outcome {
        let notices = try store.takeNotices(for: hook, now: now, limit: Self.most)
        guard !notices.isEmpty else { return .told(0) }
        if let reason = send(notices, now: now) {
            let tries = notices.map(\.tries).max() ?? 0
            let pause = Self.pauses.first << Int64(min(max(0, tries), 10))
            try store.settle(
                notices, of: hook, retryAt: now + min(pause, Self.pauses.longest))
            return .failed(reason)
        }
        try store.settle(notices, of: hook, retryAt: nil)
        return .told(notices.count)
    }

    /// Sends a message that says nothing is wrong; why it was not taken, or nil.
    package func test(now: Int64) -> String? { send([], now: now) }

    private func send(_ notices: [Notice], now: Int64) -> String? {
        let message = WebhookMessage(notices, to: hook, texts: texts)
        guard let request = message.request(at: now / 1000) else {
            return
                "the secret of '\(hook.name)' is none, expected 'whsec_' and 24 to 64 bytes in base64"
        }
        do throws(HTTPSFailure) {
            let answer = try connect().send(request)
            return (200...299).contains(answer.status)
                ? nil : "'\(hook.url)' answered with status \(answer.status), expected 200 to 299"
        } catch {
            return "\(error)"
        }
    }
}
