import Bank
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

    @Test func `every change wakes the bridge`() throws {
        let board = try PackBoard(count: 1)
        #expect(!board.changed.clear())
        board.update(0) { $0.isComplete = true }
        #expect(board.changed.clear())
        #expect(board.copy().packs[0].isComplete)
    }
}
