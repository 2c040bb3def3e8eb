import Glibc
import Synchronization

/// What other threads leave for the link and find from it; the only part of it they touch.
package final class LinkMailbox: Sendable {
    /// Messages kept for the owner at most; the oldest goes when one more comes.
    private static let receivedLimit = 256

    private struct Contents {
        var state: [String: StateDocument] = [:]
        var unsent: [String] = []
        var received: [ReceivedMessage] = []
        var status = LinkStatus()
        var backlogRate: Int?
        var hasNewCertificates = false
    }

    private let contents = Mutex(Contents())
    private let wakeRead: Int32
    private let wakeWrite: Int32
    private let isAwake = Atomic<Bool>(false)

    /// Makes an empty mailbox; throws when the process has no descriptor left.
    package init() throws(LinkError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw LinkError("cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        wakeRead = ends[0]
        wakeWrite = ends[1]
    }

    deinit {
        close(wakeRead)
        close(wakeWrite)
    }

    /// Tells the link that records have come; costs a system call only when it was not told yet.
    package func wake() {
        guard !isAwake.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        _ = write(wakeWrite, &byte, 1)
    }

    /// Leaves the newest document for a retained topic below `state/`; an older one is forgotten.
    ///
    /// `expirySeconds` is how long the broker shows it when nothing newer comes; 0 is for ever.
    package func setState(_ path: String, payload: [UInt8], expirySeconds: UInt32) {
        let document = StateDocument(
            payload: payload, expirySeconds: expirySeconds, madeAt: LinkClock.now())
        contents.withLock {
            $0.state[path] = document
            if !$0.unsent.contains(path) { $0.unsent.append(path) }
        }
        wake()
    }

    /// Takes what was received on the subscribed topics, oldest first.
    package func takeReceived() -> [ReceivedMessage] {
        contents.withLock {
            let taken = $0.received
            $0.received = []
            return taken
        }
    }

    /// Sends records of the past at another rate from now on; 0 is without a bound.
    package func setBacklogRate(_ rate: Int) {
        contents.withLock { $0.backlogRate = rate }
        wake()
    }

    /// Lets the link ask for its certificates and, when they are others, connect anew with them.
    ///
    /// What is on its way is waited for; the broker keeps the session meanwhile.
    package func renewCertificates() {
        contents.withLock { $0.hasNewCertificates = true }
        wake()
    }

    /// Whether there were new certificates since it was last asked.
    func takeRenewal() -> Bool {
        contents.withLock { contents in
            defer { contents.hasNewCertificates = false }
            return contents.hasNewCertificates
        }
    }

    /// A rate that was set since it was last looked for.
    func takeBacklogRate() -> Int? {
        contents.withLock { contents in
            defer { contents.backlogRate = nil }
            return contents.backlogRate
        }
    }

    /// How the link is.
    package var status: LinkStatus { contents.withLock { $0.status } }

    /// For `poll`; readable after `wake`.
    var descriptor: Int32 { wakeRead }

    /// Forgets that it was woken; call it before looking for records.
    func clearWake() {
        var byte: UInt8 = 0
        while read(wakeRead, &byte, 1) == 1 {}
        isAwake.store(false, ordering: .releasing)
    }

    func update(_ change: (inout LinkStatus) -> Void) {
        contents.withLock { change(&$0.status) }
    }

    func receive(_ message: ReceivedMessage) {
        contents.withLock {
            if $0.received.count >= Self.receivedLimit {
                $0.received.removeFirst()
                $0.status.receivedDropped += 1
            }
            $0.received.append(message)
        }
    }

    /// Every state document is to be sent again: the broker may have lost them.
    func markStateUnsent() {
        contents.withLock { $0.unsent = $0.state.keys.sorted() }
    }

    /// The next state document to send, with its path below `state/`.
    func nextState() -> (path: String, document: StateDocument)? {
        contents.withLock { contents in
            guard !contents.unsent.isEmpty else { return nil }
            let path = contents.unsent.removeFirst()
            return contents.state[path].map { (path, $0) }
        }
    }
}

/// A retained document that shows how things are.
struct StateDocument: Sendable {
    let payload: [UInt8]
    let expirySeconds: UInt32
    /// Nanoseconds on the monotonic clock.
    let madeAt: Int64

    /// Seconds it may still be shown: 0 for ever, nil when its time is over.
    func remainingSeconds(at now: Int64) -> UInt32? {
        guard expirySeconds > 0 else { return 0 }
        let age = max(0, now - madeAt) / 1_000_000_000
        return age < Int64(expirySeconds) ? expirySeconds - UInt32(age) : nil
    }
}

/// A message from a subscribed topic.
package struct ReceivedMessage: Hashable, Sendable {
    /// The full topic.
    package let topic: String
    /// Its bytes.
    package let payload: [UInt8]
    /// Whether the broker had kept it.
    package let isRetained: Bool
    /// Where an answer is wanted (MQTT 5); nil when none is.
    package let responseTopic: String?
    /// What an answer must carry so that the asker knows it (MQTT 5).
    package let correlation: [UInt8]?
}

/// Why the link cannot be made; trouble with the broker is never an error but a state.
package struct LinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence for the person who reads it.
    package let description: String

    /// Takes the sentence.
    package init(_ description: String) { self.description = description }
}

/// The monotonic clock in nanoseconds.
enum LinkClock {
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
