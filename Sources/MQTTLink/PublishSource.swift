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

    /// The broker has taken responsibility for this record.
    func acknowledged(_ token: Int64)
}
