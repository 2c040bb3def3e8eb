import CANBus
import CANTransport
import TestKit
import Testing

@Suite(.serialized) struct SLCANBusTests {
    private let frame = CANBusContract.frames[0]

    @Test func `the adapter gets the bit rate that was asked for`() throws {
        let hub = try LawicelHub()
        let driver = BusDriver(try SLCANBus(device: hub.path(0), bitRate: 250_000))
        #expect(driver.reaches(.active))
        #expect(hub.adapter().rate == 5)
        #expect(hub.adapter().isOpen)
    }

    @Test func `a bit rate outside the table is refused with the table`() {
        let error = #expect(throws: BusError.self) {
            try SLCANBus(device: "/dev/null", bitRate: 33_333)
        }
        #expect(
            error?.description
                == "expected a CAN bit rate of 10, 20, 50, 100, 125, 250, 500, 800 or 1000 kbit/s, "
                + "found 33333 bit/s")
    }

    @Test func `an adapter that never answers is used all the same`() throws {
        let hub = try LawicelHub()
        hub.change { $0.manner = .silent }
        let driver = BusDriver(try SLCANBus(device: hub.path(0)))
        #expect(driver.reaches(.active))
        #expect(driver.send(frame) == .accepted)
        #expect(driver.run { _ in hub.take() == [frame] } != nil)
    }

    @Test func `an adapter left open by a program that died is taken over`() throws {
        let hub = try LawicelHub()
        hub.change { _ = $0.hear(Array("S2\rO\rt35".utf8)) }
        let driver = BusDriver(try SLCANBus(device: hub.path(0)))
        #expect(driver.reaches(.active))
        #expect(hub.adapter().rate == 6)
        #expect(hub.adapter().openings == 2)
    }

    @Test func `noise between frames costs no frame`() throws {
        let hub = try LawicelHub()
        let bus = try SLCANBus(device: hub.path(0))
        let driver = BusDriver(bus)
        #expect(driver.reaches(.active))
        hub.write("t35\u{00}x1402D007\r")
        hub.send(frame)
        hub.write("\u{07}garbage\r")
        hub.send(frame)
        #expect(driver.run { $0 == [frame, frame] } != nil)
        #expect(bus.counters.ignored == 2)
    }

    @Test func `the adapter's flags become the state of the bus`() throws {
        let hub = try LawicelHub()
        hub.change { $0.status = 0x20 }
        let bus = try SLCANBus(device: hub.path(0))
        #expect(BusDriver(bus).reaches(.active))
        let driver = BusDriver(bus, speed: 10)
        #expect(driver.reaches(.passive))
        hub.change { $0.status = 0 }
        #expect(driver.reaches(.active))
    }

    @Test func `an adapter that refuses every frame counts as bus-off and is opened anew`() throws {
        let hub = try LawicelHub()
        let bus = try SLCANBus(device: hub.path(0))
        #expect(BusDriver(bus).reaches(.active))
        hub.change { $0.manner = .refusing }
        let driver = BusDriver(bus, speed: 10)
        _ = driver.send(frame)
        #expect(driver.reaches(.busOff, within: 4000))
        #expect(
            bus.problem?.description
                == "CAN adapter '\(hub.path(0))' has refused every frame for 2 s; "
                + "is the bus connected?")
        #expect(bus.counters.refused == 1)
        hub.change { $0.manner = .polite }
        #expect(driver.reaches(.active))
        #expect(Patience.wait(2000) { hub.adapter().openings == 2 ? true : nil } == true)
    }

    @Test func `an adapter that takes no bytes makes the queue full and never blocks`() throws {
        let pty = try Pty()
        let bus = try SLCANBus(device: pty.path)
        let driver = BusDriver(bus)
        #expect(driver.reaches(.active))
        var outcome = SendOutcome.accepted
        let start = Clock.now()
        for _ in 0..<100_000 where outcome == .accepted {
            outcome = bus.send(frame, at: Clock.now())
        }
        #expect(outcome == .full)
        #expect(Clock.now() - start < 2_000_000_000)
        #expect(bus.counters.dropped == 1)
        #expect(bus.wantsToWrite)

        let queued = Int(bus.counters.sent)
        var text: [UInt8] = []
        let drained = driver.run { _ in
            text += (try? pty.read(within: 0)) ?? []
            return !bus.wantsToWrite && text.count { $0 == UInt8(ascii: "t") } == queued
        }
        #expect(drained != nil, "of \(queued) frames \(text.count { $0 == 0x74 }) came whole")
        #expect(bus.send(frame, at: Clock.now()) == .accepted)
    }

    @Test func `a device that is missing or none is named`() throws {
        let missing = try SLCANBus(device: "/dev/serial/by-id/none")
        missing.attend(at: Clock.now())
        #expect(missing.state == .removed)
        #expect(
            missing.problem?.description
                == "cannot open CAN adapter '/dev/serial/by-id/none': no such device; "
                + "stable names are listed in /dev/serial/by-id")
        let wrong = try SLCANBus(device: "/dev/null")
        wrong.attend(at: Clock.now())
        #expect(
            wrong.problem?.description
                == "cannot open CAN adapter '/dev/null': it is no serial device that does "
                + "115200 baud")
    }

    @Test func `a second program on the same adapter is told so`() throws {
        let hub = try LawicelHub()
        let first = try SLCANBus(device: hub.path(0))
        #expect(BusDriver(first).reaches(.active))
        let second = try SLCANBus(device: hub.path(0))
        second.attend(at: Clock.now())
        #expect(
            second.problem?.description
                == "cannot open CAN adapter '\(hub.path(0))': another process is using it")
    }

    @Test func `closing gives the adapter back and closes its channel`() throws {
        let hub = try LawicelHub()
        let bus = try SLCANBus(device: hub.path(0))
        #expect(BusDriver(bus).reaches(.active))
        bus.close()
        #expect(bus.state == .removed)
        #expect(Patience.wait(2000) { hub.adapter().isOpen ? nil : true } == true)
    }
}
