import Bank
import Quantities
import Testing

@testable import GatewayRuntime

@Suite struct PackBoardTests {
    private func serial(_ text: String) -> SerialNumber {
        var number = SerialNumber()
        for byte in text.utf8 { number.append(byte) }
        return number
    }

    @Test func `two units with one serial number: the later is left out until one changes`() throws
    {
        let board = try PackBoard(count: 3)
        board.identify(0, as: serial("A"))
        board.identify(2, as: serial("A"))
        #expect(board.copy().packs[2].findings.contains(.duplicateSerialNumber))
        #expect(!board.copy().packs[0].findings.contains(.duplicateSerialNumber))
        board.identify(2, as: serial("B"))
        #expect(!board.copy().packs[2].findings.contains(.duplicateSerialNumber))
    }

    @Test func `an exchanged pack is noticed once`() throws {
        let board = try PackBoard(count: 1)
        board.identify(0, as: serial("A"))
        #expect(board.copy().packs[0].findings.isEmpty)
        board.identify(0, as: serial("B"))
        #expect(board.copy().packs[0].findings.contains(.packReplaced))
        board.identify(0, as: serial("B"))
        #expect(board.copy().packs[0].findings.isEmpty)
    }

    @Test func `every change is told`() throws {
        let board = try PackBoard(count: 1)
        #expect(!board.changed.clear())
        board.update(0) { $0.isComplete = true }
        #expect(board.changed.clear())
        #expect(board.copy().packs[0].isComplete)
    }

    @Test func `rule 4: alarms, switches, limits and standing are urgent, numbers are not`() throws
    {
        let board = try PackBoard(count: 2)
        let at = Instant(nanoseconds: 1)
        func isUrgent(_ change: (inout PackSlot) -> Void) -> Bool {
            board.update(1, change)
            return board.urgent.clear()
        }
        #expect(!isUrgent { $0.reading.set(.voltage, to: 52_000, at: at) })
        #expect(!isUrgent { $0.reading.setCell(3, millivolts: 3_300) })
        #expect(!isUrgent { $0.answeredAt = at })
        let alarm = AlarmSet(AlarmKind.cellOvervoltage)
        let places: [WritableKeyPath<PackSlot, AlarmSet>] = [
            \.reading.warnings, \.reading.protections, \.reading.faults, \.findings,
        ]
        for place in places {
            #expect(isUrgent { $0[keyPath: place].formUnion(alarm) })
            #expect(!isUrgent { $0[keyPath: place].formUnion(alarm) })
            #expect(isUrgent { $0[keyPath: place].subtract(alarm) })
        }
        #expect(isUrgent { $0.reading.states.insert(.chargeMOSFETOn) })
        #expect(isUrgent { $0.reading.set(.chargeCurrentLimit, to: 50_000, at: at) })
        #expect(isUrgent { $0.reading.set(.dischargeCurrentLimit, to: 50_000, at: at) })
        #expect(isUrgent { $0.isComplete = true })
        #expect(isUrgent { $0.isImplausible = true })
        board.identify(0, as: serial("A"))
        #expect(board.urgent.clear())
    }
}
