import Modbus
import PackMap
import Testing

@testable import Simulation

@Suite struct AnswerMakerTests {
    private func pieces(_ faults: [Fault], framing: Framing = .rtu) -> [AnswerPiece] {
        var image = RegisterImage()
        for address in 0..<UInt16(4) { image.set(.readHoldingRegisters, address, to: 0x1234) }
        var maker = AnswerMaker(seed: 5)
        guard
            let request = ReadRequest(
                unit: UnitID(1), function: .readHoldingRegisters, address: 0, count: 4)
        else { return [] }
        return maker.answer(
            .read(request), from: UnitID(1), image: image, faults: faults, framing: framing)
    }

    @Test func `faults add up`() {
        let parts = pieces([.slow(milliseconds: 30), .zero, .split])
        #expect(parts.map(\.pause) == [30_000_000, 20_000_000])
        let whole = parts.flatMap(\.bytes)
        #expect(BankFixture.isWhole(whole))
        #expect(whole[3..<11].allSatisfy { $0 == 0 })
    }

    @Test func `a silent or absent pack answers nothing whatever else is wrong`() {
        #expect(pieces([.noise, .silent]) == [])
        #expect(pieces([.absent]) == [])
    }

    @Test func `a frame of Modbus TCP carries the transaction and a spoilt one is none`() {
        let good = pieces([], framing: .tcp(transaction: 0x0102)).flatMap(\.bytes)
        #expect(good.starts(with: [1, 2, 0, 0, 0, 11, 1, 3, 8]))
        let bad = pieces([.crc], framing: .tcp(transaction: 0x0102)).flatMap(\.bytes)
        #expect(bad[2] != 0)
    }
}
