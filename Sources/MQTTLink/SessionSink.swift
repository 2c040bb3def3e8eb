/// What the library's callbacks saw during a call into it; read and emptied after the call.
///
/// Callbacks run on the link's own thread, inside its calls. They copy and leave: no decision, no
/// call back into the library.
package final class SessionSink {
    /// The broker's welcome, or its refusal.
    package struct Welcome {
        /// Zero, or why the broker refused.
        package let code: Int32
        /// Messages the broker wants in flight at most; nil when it did not say.
        package let receiveMaximum: Int?
        /// Whether the broker still knows our session, and with it what we sent.
        package let hasSession: Bool
    }

    /// The answer to the connection; nil while it is awaited.
    package var welcome: Welcome?
    /// Why the connection ended: the library's error or, from 128, the broker's reason.
    package var ending: Int32?
    /// Answers to messages: the message's id and the broker's reason code.
    package var answers: [(messageID: Int32, reason: Int32)] = []
    /// Subscriptions the broker refused.
    package var refusedSubscriptions = 0
    /// What the library said about an error, the last few lines.
    package var complaints: [String] = []
    /// Messages of subscribed topics.
    package var received: [ReceivedMessage] = []

    /// Has seen nothing.
    package init() {}

    func complain(_ line: String) {
        if complaints.count >= 8 { complaints.removeFirst() }
        complaints.append(line)
    }
}
