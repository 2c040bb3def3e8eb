import CANBus
import CANTransport
import Glibc

/// What every bus owes the bridge, whatever it is made of.
///
/// A suite makes a bus and a node at its other end and expects `violations` to be empty.
package struct CANBusContract {
    private let bus: any Bus
    private let peer: any BusPeer
    private let driver: BusDriver

    /// Pairs a bus that was not attended yet with a node that hears it.
    package init(_ bus: any Bus, peer: any BusPeer) {
        self.bus = bus
        self.peer = peer
        driver = BusDriver(bus)
    }

    /// Frames of both identifier lengths and all data lengths, with bytes that break sloppy coders.
    package static let frames: [CANFrame] = [
        "351#1402D007D007C001", "355#32006400", "356#8814FFFF0D01", "359#00000000014E50",
        "35C#C0", "35E#50594C4F4E202020", "000#", "7FF#FFFFFFFFFFFFFFFF", "00000351#01",
        "18FF50E5#0D070A1B00FF", "1FFFFFFF#0000000000000000",
    ].compactMap { try? Candump.parse("can0 \($0)").frame }

    /// Checks everything that needs no broken bus; returns a sentence for each broken promise.
    package func violations() -> [String] {
        var found: [String] = []
        found += closedAtFirst()
        guard driver.reaches(.active) else {
            return found + ["does not become active by itself: \(bus.state), \(reason)"]
        }
        found += sending()
        found += receiving()
        found += idling()
        return found
    }

    /// Breaks the bus, mends it and checks that frames flow again; `state` is what it must show.
    package func violations(
        breaking: () throws -> Void, shows state: BusState, mending: () throws -> Void
    ) rethrows -> [String] {
        var found: [String] = []
        try breaking()
        if !driver.reaches(state) { found.append("shows \(bus.state) instead of \(state)") }
        let undeliverable = bus.counters.undeliverable
        if bus.send(Self.frames[0], at: Clock.now()) != .down {
            found.append("does not answer 'down' to a frame while \(state)")
        }
        if bus.counters.undeliverable != undeliverable + 1 {
            found.append("does not count the frame it could not deliver")
        }
        if spins { found.append("keeps poll busy while \(state)") }
        try mending()
        guard driver.reaches(.active, within: 8000) else {
            return found + ["does not come back from \(state): \(bus.state), \(reason)"]
        }
        guard driver.run(within: 8000, until: { _ in peer.isReady }) != nil else {
            return found + ["cannot be judged: the other node does not come back"]
        }
        _ = peer.take()
        return found + sending() + receiving()
    }

    private var reason: String { bus.problem.map(\.description) ?? "no problem named" }

    private func closedAtFirst() -> [String] {
        var found: [String] = []
        if bus.descriptor >= 0 { found.append("is open before the first attend") }
        if bus.state.carriesFrames { found.append("claims to be \(bus.state) before it is open") }
        if bus.send(Self.frames[0], at: Clock.now()) != .down {
            found.append("does not answer 'down' before it is open")
        }
        if bus.nextAttention > Clock.now() { found.append("does not ask to be opened") }
        return found
    }

    private func sending() -> [String] {
        let before = bus.counters.sent
        for frame in Self.frames where driver.send(frame) != .accepted {
            return ["does not accept \(frame) while \(bus.state)"]
        }
        var heard: [CANFrame] = []
        let echoed = driver.run { _ in
            heard += peer.take()
            return heard.count >= Self.frames.count
        }
        var found: [String] = []
        if heard != Self.frames { found.append("sent \(Self.frames), the other node has \(heard)") }
        if echoed?.isEmpty == false { found.append("hears its own frames") }
        if bus.counters.sent != before + UInt64(Self.frames.count) {
            found.append("counts \(bus.counters.sent - before) of \(Self.frames.count) frames sent")
        }
        return found
    }

    private func receiving() -> [String] {
        let before = bus.counters.received
        for frame in Self.frames { peer.send(frame) }
        var request = pollfd(fd: bus.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&request, 1, 3000) == 1 else {
            return ["is not readable although a frame has come"]
        }
        let got = driver.run { $0.count >= Self.frames.count }
        var found: [String] = []
        if got != Self.frames {
            found.append("the other node sent \(Self.frames), received \(got ?? [])")
        }
        if bus.counters.received != before + UInt64(Self.frames.count) {
            found.append("counts \(bus.counters.received - before) frames received")
        }
        return found
    }

    private func idling() -> [String] {
        var found: [String] = []
        let start = Clock.now()
        for _ in 0..<100 where bus.receive(at: Clock.now(), { _ in }) != 0 {
            found.append("receives frames nobody sent")
        }
        if Clock.now() - start > 100_000_000 { found.append("waits when there is nothing to read") }
        if spins { found.append("keeps poll busy while idle") }
        return found
    }

    /// Whether the bus wakes its thread more than 20 times in 100 ms without a reason.
    private var spins: Bool {
        let end = Clock.now() + 100_000_000
        var wakes = 0
        while Clock.now() < end {
            var request = bus.pollRequest
            let wait = min(end, max(bus.nextAttention, Clock.now())) - Clock.now()
            poll(&request, 1, Int32(clamping: max(1, wait / 1_000_000)))
            _ = bus.receive(at: Clock.now()) { _ in }
            bus.attend(at: Clock.now())
            wakes += 1
        }
        return wakes > 20
    }
}
