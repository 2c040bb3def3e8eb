import Bank
import CANBus
import CANProfile
import Foundation
import Quantities
import TestKit
import Testing

/// When frames are sent, and what silence from the other side means.
@Suite struct SendingTests {
    private func at(_ milliseconds: Int64) -> Instant {
        Instant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test func `rule 1: nothing is due before sending begins or after it stops`() {
        var schedule = SendSchedule(cycles: [.seconds(1), .seconds(1)])
        #expect(schedule.takeDue(now: at(5_000)) == 0)
        #expect(schedule.next == Instant(nanoseconds: .max))
        schedule.begin(at: at(5_000))
        #expect(schedule.takeDue(now: at(5_000)) == 0b11)
        schedule.stop()
        #expect(!schedule.isRunning)
        #expect(schedule.takeDue(now: at(60_000)) == 0)
    }

    @Test func `a late wake-up does not move the frames after it`() {
        var schedule = SendSchedule(cycles: [.seconds(1)])
        schedule.begin(at: at(0))
        for cycle in Int64(0)..<1000 {
            #expect(schedule.takeDue(now: at(cycle * 1000 + cycle % 900)) == 1)
            #expect(schedule.next == at((cycle + 1) * 1000))
        }
    }

    @Test func `after a gap of many cycles one frame is sent, not a burst`() {
        var schedule = SendSchedule(cycles: [.seconds(1)])
        schedule.begin(at: at(0))
        #expect(schedule.takeDue(now: at(30_500)) == 1)
        #expect(schedule.takeDue(now: at(30_501)) == 0)
        #expect(schedule.next == at(31_500))
    }

    @Test func `frames of different cycles come due each at its own time`() {
        var schedule = SendSchedule(cycles: [.milliseconds(100), .milliseconds(250)])
        schedule.begin(at: at(0))
        var counts = [0, 0]
        for time in Int64(0)..<1000 {
            let due = schedule.takeDue(now: at(time))
            for frame in 0...1 where due.contains(frame) { counts[frame] += 1 }
        }
        #expect(counts == [10, 4])
    }

    @Test func `an inverter that never sent its sign of life is not silent`() throws {
        var watch = try watch(.stop)
        #expect(watch.state(at: at(3_600_000)) == .unseen)
        watch.handle(try frame("305#0000000000000000"), at: at(1_000))
        #expect(watch.state(at: at(11_000)) == .present)
        #expect(watch.state(at: watch.deadline) == .silent)
        watch.handle(try frame("351#0000000000000000"), at: at(11_500))
        #expect(watch.state(at: at(11_500)) == .silent)
        // One inverter answers with the same number in 29 bits.
        watch.handle(try frame("00000305#00"), at: at(12_000))
        #expect(watch.state(at: at(12_000)) == .present)
        #expect(watch.count == 2)
    }

    @Test func `a watch that is off never reports`() throws {
        var watch = try watch(.off)
        watch.handle(try frame("305#00"), at: at(0))
        #expect(watch.state(at: at(3_600_000)) == .unseen)
        #expect(InverterWatch(identifier: nil, timeout: .seconds(1), action: .stop).action == .off)
    }

    @Test func `rule 8: tenths are sent to inverters that take zero for no value`() {
        var values = BankValues()
        values[.dischargeVoltageLimit] = 44_800
        StopRule(limits: .tenths, silenceAfter: .zero).apply(to: &values)
        #expect(values[.chargeVoltageLimit] == 100)
        #expect(values[.chargeCurrentLimit] == 100)
        #expect(values[.dischargeCurrentLimit] == 100)
        #expect(values[.dischargeVoltageLimit] == 44_800)
        #expect(values[.chargeEnabled] == 0 && values[.dischargeEnabled] == 0)
    }

    @Test func `a state written by hand becomes exact values`() throws {
        let text =
            #"{"values": {"voltage": 52.1, "state_of_charge": 87.25, "current": -0.5},"#
            + #""warnings": ["cell_overvoltage"], "protections": [], "faults": []}"#
        let values = try BankStateDocument.load(Array(text.utf8), name: "state")
        #expect(values[.voltage] == 52_100)
        #expect(values[.stateOfCharge] == 8_725)
        #expect(values[.current] == -500)
        #expect(values[.chargeVoltageLimit] == nil)
        #expect(values.warnings == AlarmSet(.cellOvervoltage))
    }

    @Test(arguments: [
        (#"{"values": {"volts": 1}}"#, "is no bank value, allowed voltage, current"),
        (#"{"values": {"voltage": 52.0001}}"#, "is finer than 10^-3 or too large"),
        (#"{"values": {"voltage": 1e9}}"#, "is finer than 10^-3 or too large"),
        (#"{"warnings": ["cell"], "faults": ["smoke"]}"#, "'smoke', which is no alarm"),
    ]) func `a state with a mistake is refused with the place`(text: String, expected: String) {
        do {
            _ = try BankStateDocument.load(Array(text.utf8), name: "state")
            Issue.record("was taken")
        } catch {
            #expect(error.description.contains(expected), "\(error)")
        }
    }

    private func watch(_ action: KeepAliveAction) throws -> InverterWatch {
        let identifier = try #require(CANIdentifier(0x305))
        return InverterWatch(identifier: identifier, timeout: .seconds(10), action: action)
    }

    private func frame(_ text: String) throws -> CANFrame {
        try Candump.parse("can0 \(text)").frame
    }
}
