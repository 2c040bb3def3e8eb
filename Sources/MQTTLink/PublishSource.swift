import Numbering

/// A record to publish, lent by whoever stores it.
package struct OutgoingMessage {
    /// The record's number; grows from record to record, positive.
    package let token: Int64
    /// Which of the configured channels it goes to.
    package let channel: Int
    /// The document; valid only inside the closure that was given the message.
    package let payload: UnsafeRawBufferPointer

    /// Lends a record.
    package init(token: Int64, channel: Int, payload: UnsafeRawBufferPointer) {
        self.token = token
        self.channel = channel
        self.payload = payload
    }
}

/// What the receiver behind the broker says to us.
package enum ReceiverWord: Hashable, Sendable {
    /// It has these records safe, or wants them no more.
    case settled(SequenceRanges)
    /// The backlog shall wait for so many seconds; live records go on.
    case holdBacklog(seconds: Int)
}

/// Where the link gets its records from, on the link's own thread.
package protocol PublishSource: AnyObject {
    /// Why records cannot be read.
    associatedtype Failure: Error

    /// Hands over waiting records with numbers above `token`, oldest first.
    ///
    /// Stops after `limit` records or when `body` returns false, which means that it did not take
    /// that record. Handing over nothing means that nothing waits.
    func read(
        after token: Int64, limit: Int, _ body: (OutgoingMessage) -> Bool
    ) throws(Failure)

    /// The numbers between which all waiting records lie; nil when nothing waits.
    func waiting() throws(Failure) -> ClosedRange<Int64>?

    /// The broker has taken responsibility for this record.
    func acknowledged(_ token: Int64)

    /// Reads a message of a subscribed topic; nil when it is for somebody else, who then finds it in
    /// the mailbox.
    func received(_ message: ReceivedMessage) -> [ReceiverWord]?
}

extension PublishSource {
    /// Leaves every message to the mailbox.
    package func received(_ message: ReceivedMessage) -> [ReceiverWord]? { nil }
}
