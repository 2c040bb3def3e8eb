import Glibc
import TestKit

/// A pseudo-terminal that can be unplugged and plugged in again under the same link.
final class PtyPort {
    private let link: String
    private let reactor: Reactor
    private let receive: ([UInt8]) -> Void
    private var pty: Pty?

    init(
        link: String, reactor: Reactor, receive: @escaping ([UInt8]) -> Void
    ) throws(SimulationError) {
        self.link = link
        self.reactor = reactor
        self.receive = receive
        try plugIn()
    }

    deinit { unplug() }

    /// Whether there is something to open.
    var isPlugged: Bool { pty != nil }

    /// Makes the pair and its link, unless it is there.
    func plugIn() throws(SimulationError) {
        guard pty == nil else { return }
        let made: Pty
        do { made = try Pty(link: link) } catch { throw SimulationError(error) }
        Streams.makeNonBlocking(made.leader)
        reactor.watch(made.leader, for: POLLIN) { [unowned self] _ in readAll() }
        pty = made
    }

    /// Takes the adapter away: whoever has it open gets an error, and the link is gone.
    func unplug() {
        guard let pty else { return }
        reactor.unwatch(pty.leader)
        pty.hangUp()
        self.pty = nil
    }

    /// Hands bytes over; what nobody takes is lost when the buffer is full, as on a wire.
    func send(_ bytes: ArraySlice<UInt8>) {
        guard let pty else { return }
        Streams.write(pty.leader, bytes)
    }

    private func readAll() {
        guard let pty else { return }
        switch Streams.read(pty.leader) {
        case .bytes(let bytes): receive(bytes)
        case .nothing: break
        case .ended: reactor.unwatch(pty.leader)
        }
    }
}
