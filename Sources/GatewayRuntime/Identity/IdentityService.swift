import Glibc
import HTTPSClient
import Logging
import MQTTLink
import Quantities
import Threads

/// What the identity's thread needs from the others.
struct IdentitySetup: Sendable {
    let identity: GatewayIdentity
    /// Where the others find how the identity is.
    let state: Latest<IdentityState>
    /// The link, which connects anew with a new pair; nil when nothing is published.
    let mailbox: LinkMailbox?
    /// Raised when an alarm has come or gone.
    let recorderWake: WakeSignal
    /// Raised when there is a new pair, with which the fleet is asked at once.
    let news: WakeSignal?
    let log: Logger
}

/// Looks after this gateway's certificate, on a thread that may wait for the network and the disk.
///
/// Nothing of the bridge waits for it (rule 6), and it waits for no other part: the fleet's documents have
/// a thread of their own, so that neither keeps the other from asking.
final class IdentityService: ThreadedService {
    let name = "identity"
    let stop: StopSignal
    private let setup: IdentitySetup
    private let canceller = HTTPSCanceller()

    init(_ setup: IdentitySetup) throws(ThreadError) {
        self.setup = setup
        stop = try StopSignal()
    }

    /// Ends a question that is under way, so that the thread can stop.
    func cancel() { canceller.cancel() }

    func run() {
        var worker = IdentityWorker(setup, canceller)
        while !stop.isRaised {
            worker.step()
            var polls = [pollfd(reading: stop.descriptor)]
            Poll.wait(&polls, until: worker.nextDeadline)
        }
    }
}
