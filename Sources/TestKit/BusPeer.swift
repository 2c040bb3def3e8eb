import CANBus
import CANTransport
import Glibc

/// The other node on a bus, for the contract: it sends, and keeps what it hears.
package protocol BusPeer: AnyObject {
    /// Whether it is on the bus and hears.
    var isReady: Bool { get }
    /// Puts a frame on the bus.
    func send(_ frame: CANFrame)
    /// The frames heard since the last call, in order; does not wait.
    func take() -> [CANFrame]
}

extension BusPeer {
    /// Most peers are ready once they exist.
    package var isReady: Bool { true }
}

/// A peer that is itself one of our buses.
package final class BusEndPeer: BusPeer {
    private let bus: any Bus

    /// Takes over a bus; it is opened at once.
    package init(_ bus: any Bus) {
        self.bus = bus
        bus.attend(at: Clock.now())
    }

    /// Opens the bus again when it was lost.
    package var isReady: Bool {
        _ = take()
        return bus.state.carriesFrames
    }

    /// Sends; a full queue is waited for.
    package func send(_ frame: CANFrame) {
        _ = Patience.wait(1000) { () -> Bool? in
            bus.attend(at: Clock.now())
            return bus.send(frame, at: Clock.now()) == .accepted ? true : nil
        }
    }

    /// What the bus has received.
    package func take() -> [CANFrame] {
        var frames: [CANFrame] = []
        bus.attend(at: Clock.now())
        _ = bus.receive(at: Clock.now()) { frames.append($0) }
        return frames
    }
}

/// A peer that takes part in a hub without a program of its own.
package final class HubPeer: BusPeer {
    private let hub: LawicelHub

    /// Joins the hub.
    package init(_ hub: LawicelHub) { self.hub = hub }

    /// Sends to every adapter.
    package func send(_ frame: CANFrame) { hub.send(frame) }

    /// What programs have sent.
    package func take() -> [CANFrame] { hub.take() }
}

/// Runs a bus as the bridge's thread does, for as long as a test needs.
package struct BusDriver {
    /// The bus that is run.
    package let bus: any Bus
    private let speed: Int64
    private let start = Clock.now()

    /// Names the bus; with a `speed` above 1 its clock runs so many times faster than the wall's.
    package init(_ bus: any Bus, speed: Int64 = 1) {
        self.bus = bus
        self.speed = speed
    }

    /// The moment the bus is told, in nanoseconds.
    package var now: Int64 { start + (Clock.now() - start) * speed }

    /// Runs the bus until `condition` holds; returns what it received, or nil when time was over.
    package func run(
        within milliseconds: Int64 = 3000, until condition: ([CANFrame]) -> Bool
    ) -> [CANFrame]? {
        let deadline = Clock.now() + milliseconds * 1_000_000
        var frames: [CANFrame] = []
        while true {
            var request = bus.pollRequest
            poll(&request, 1, 1)
            _ = bus.receive(at: now) { frames.append($0) }
            bus.attend(at: now)
            if condition(frames) { return frames }
            if Clock.now() >= deadline { return nil }
        }
    }

    /// Runs the bus until it is in `state`.
    package func reaches(_ state: BusState, within milliseconds: Int64 = 3000) -> Bool {
        run(within: milliseconds) { _ in bus.state == state } != nil
    }

    /// Sends, running the bus while its queue is full.
    package func send(_ frame: CANFrame) -> SendOutcome {
        var outcome = bus.send(frame, at: now)
        _ = run { _ in
            if outcome == .full { outcome = bus.send(frame, at: now) }
            return outcome != .full
        }
        return outcome
    }
}
