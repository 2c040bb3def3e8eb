import CANBus
import CANTransport
import TestKit
import Testing

// Runs as root where the kernel has CAN; `Tests/socketcan` provides such a place and fails when
// anything here was passed over.
@Suite(
    .serialized,
    .enabled(if: CANInterface.isPossible, "this kernel has no SocketCAN; see Tests/socketcan"))
struct SocketCANTests {
    private let frame = CANBusContract.frames[0]

    private func contract(_ interface: CANInterface) throws -> CANBusContract {
        CANBusContract(
            try SocketCANBus(interface: interface.name),
            peer: BusEndPeer(try SocketCANBus(interface: interface.name)))
    }

    @Test func `an interface keeps the contract, also after it was switched off`() throws {
        let interface = try CANInterface("vcan20")
        let contract = try contract(interface)
        #expect(contract.violations() == [])
        let afterwards = try contract.violations(
            breaking: { try interface.set(up: false) }, shows: .down,
            mending: { try interface.set(up: true) })
        #expect(afterwards == [])
    }

    @Test func `an interface that was removed and comes back is used again`() throws {
        let interface = try CANInterface("vcan21")
        let contract = try contract(interface)
        #expect(contract.violations() == [])
        let afterwards = try contract.violations(
            breaking: { try interface.remove() }, shows: .removed,
            mending: {
                try interface.add()
                try interface.set(up: true)
            })
        #expect(afterwards == [])
    }

    @Test func `an interface that appears late is found, and is down until it is switched on`()
        throws
    {
        let interface = try CANInterface("vcan22", exists: false)
        let bus = try SocketCANBus(interface: interface.name)
        let driver = BusDriver(bus)
        bus.attend(at: Clock.now())
        #expect(
            bus.problem?.description
                == "cannot open CAN interface 'vcan22': there is none of that name; "
                + "'ip link' lists them")
        try interface.add()
        #expect(driver.reaches(.down))
        try interface.set(up: true)
        #expect(driver.reaches(.active))
        #expect(bus.problem == nil)
    }

    @Test func `candump sees what we send`() throws {
        let interface = try CANInterface("vcan23")
        let driver = BusDriver(try SocketCANBus(interface: interface.name))
        #expect(driver.reaches(.active))
        let candump = try ChildProcess(
            try Peers.tool("candump", package: "can-utils"),
            ["-L", "-n", "\(CANBusContract.frames.count)", interface.name])
        #expect(Patience.wait(5000) { interface.listeners == 2 ? true : nil } == true)
        for frame in CANBusContract.frames { #expect(driver.send(frame) == .accepted) }
        #expect(try candump.waitForExit() == .exited(0))
        let seen = try candump.output.split(separator: "\n").map { try Candump.parse($0).frame }
        #expect(seen == CANBusContract.frames)
    }

    @Test func `cansend reaches us, and remote requests are passed over and counted`() throws {
        let interface = try CANInterface("vcan24")
        let bus = try SocketCANBus(interface: interface.name)
        let driver = BusDriver(bus)
        #expect(driver.reaches(.active))
        let cansend = try Peers.tool("cansend", package: "can-utils")
        for text in ["351#R", "305#0000000000000000"] {
            let sender = try ChildProcess(cansend, [interface.name, text])
            #expect(try sender.waitForExit() == .exited(0))
        }
        let frames = driver.run { !$0.isEmpty }
        #expect(frames?.map(\.compactHex) == ["305#0000000000000000"])
        #expect(bus.counters.ignored == 1)
    }

    @Test func `only the identifiers that were asked for wake us`() throws {
        let interface = try CANInterface("vcan25")
        let wanted = try [
            #require(CANIdentifier(0x305)), #require(CANIdentifier(0x305, isExtended: true)),
        ]
        let driver = BusDriver(try SocketCANBus(interface: interface.name, accepting: wanted))
        #expect(driver.reaches(.active))
        for id: UInt32 in [0x351, 0x8000_0351, 0x8000_0305, 0x304, 0x305] {
            try interface.inject(id: id, [])
        }
        let frames = driver.run { $0.count >= 2 }
        #expect(
            frames?.map(\.compactHex) == ["00000305#0000000000000000", "305#0000000000000000"])
    }

    @Test func `controller problems change the state and frames still leave`() throws {
        let interface = try CANInterface("vcan26")
        let bus = try SocketCANBus(interface: interface.name)
        let driver = BusDriver(bus)
        #expect(driver.reaches(.active))
        let steps: [(detail: UInt8, state: BusState)] = [
            (0x08, .warning), (0x20, .passive), (0x40, .active),
        ]
        for step in steps {
            try interface.inject(id: 0x2000_0004, [0, step.detail])
            #expect(driver.reaches(step.state))
            #expect(driver.send(frame) == .accepted)
        }
        #expect(bus.counters.errorFrames == 3)
        #expect(bus.counters.received == 0)
    }

    @Test func `after bus-off nothing leaves until the kernel has restarted the controller`() throws
    {
        let interface = try CANInterface("vcan27")
        let bus = try SocketCANBus(interface: interface.name)
        let driver = BusDriver(bus)
        #expect(driver.reaches(.active))
        try interface.inject(id: 0x2000_0040, [])
        #expect(driver.reaches(.busOff))
        #expect(driver.send(frame) == .down)
        try interface.inject(id: 0x2000_0100, [])
        #expect(driver.reaches(.active, within: 500))
        #expect(driver.send(frame) == .accepted)
        #expect(bus.counters.undeliverable == 1)
        #expect(bus.counters.openings == 1)
    }

    @Test func `a controller nobody restarts is restarted by switching the interface`() throws {
        let interface = try CANInterface("vcan28")
        let bus = try SocketCANBus(interface: interface.name)
        let driver = BusDriver(bus)
        #expect(driver.reaches(.active))
        try interface.inject(id: 0x2000_0040, [])
        #expect(driver.reaches(.busOff))
        let start = Clock.now()
        #expect(driver.reaches(.active))
        #expect(Clock.now() - start > 700_000_000)
        #expect(driver.send(frame) == .accepted)
    }

    /// With 10 the socket's own limit is met first, with 2 the interface's (ENOBUFS).
    @Test(arguments: [10, 2])
    func `when a stuck bus moves again the newest frame of each identifier leaves`(
        queueLength: Int
    ) throws {
        // The kernel's slcan driver on a pseudo-terminal that nobody reads is a bus without an end.
        let pty = try Pty()
        let daemon = try ChildProcess(
            try Peers.tool("slcand", package: "can-utils"),
            ["-F", "-o", "-s6", pty.path, "slcan20"])
        defer { daemon.terminate() }
        let interface = try CANInterface("slcan20", exists: false)
        let isUp = Patience.wait(5000) { (try? interface.set(up: true)) != nil ? true : nil }
        #expect(isUp == true, "\(daemon.errors)")
        try interface.set(queueLength: queueLength)
        let bus = try SocketCANBus(interface: "slcan20")
        let driver = BusDriver(bus)
        #expect(driver.reaches(.active))

        // Twenty identifiers, more than the kernel takes at once, with a new value every cycle.
        let start = Clock.now()
        for cycle: UInt64 in 0..<500 {
            for id: UInt32 in 0x300..<0x314 {
                let identifier = try #require(CANIdentifier(id))
                let frame = try #require(CANFrame(identifier, length: 8, bits: cycle))
                #expect(bus.send(frame, at: Clock.now()) == .accepted)
            }
        }
        #expect(Clock.now() - start < 5_000_000_000)
        #expect(bus.counters.dropped > 1000)
        #expect(bus.wantsToWrite == (queueLength == 10))
        if queueLength == 2 { #expect(bus.nextAttention < Clock.now() + 100_000_000) }

        var parser = SLCANParser()
        var newest: [CANIdentifier: UInt64] = [:]
        let left = driver.run { _ in
            for byte in (try? pty.read(within: 0)) ?? [] {
                if case .frame(let frame, _) = parser.take(byte) {
                    newest[frame.identifier] = frame.bits
                }
            }
            return newest.count == 20 && newest.values.allSatisfy { $0 == 499 }
        }
        #expect(left != nil, "\(newest)")
        #expect(!bus.wantsToWrite)
    }
}
