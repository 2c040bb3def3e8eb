/// What the library's callbacks saw during a call into it; read and emptied after the call.
///
/// Callbacks run on the link's own thread, inside its calls. They copy and leave: no decision, no
/// call back into the library.
final class SessionSink {
    /// The broker's welcome, or its refusal.
    struct Welcome {
        let code: Int32
        /// Messages the broker wants in flight at most; nil when it did not say.
        let receiveMaximum: Int?
        /// Whether the broker still knows our session, and with it what we sent.
        let hasSession: Bool
    }

    var welcome: Welcome?
    /// Why the connection ended: the library's error or, from 128, the broker's reason.
    var ending: Int32?
    /// Answers to messages: the message's id and the broker's reason code.
    var answers: [(messageID: Int32, reason: Int32)] = []
    /// Subscriptions the broker refused.
    var refusedSubscriptions = 0
    /// What the library said about an error, the last few lines.
    var complaints: [String] = []
    /// Messages of subscribed topics.
    var received: [ReceivedMessage] = []

    func complain(_ line: String) {
        if complaints.count >= 8 { complaints.removeFirst() }
        complaints.append(line)
    }
}
