import TestKit
import Testing

@testable import Outbox

@Suite struct PayloadCoderTests {
    private func document(_ count: Int) -> [UInt8] {
        Array((0..<count).map { "{\"pack\":\($0),\"cells_mv\":[3311,3312,3310]}" }.joined().utf8)
    }

    @Test func `what repeats itself is stored small and comes back whole`() throws {
        let coder = PayloadCoder()
        for count in [100, 30, 2_000, 41] {
            let payload = document(count)
            let (stored, size) = coder.packed(payload)
            #expect(size == Int64(payload.count))
            #expect(stored.count < payload.count / 4)
            var found: [UInt8] = []
            let isWhole = stored.withUnsafeBytes {
                coder.withUnpacked($0, size: size) { found = Array($0) }
            }
            #expect(isWhole)
            #expect(found == payload)
        }
    }

    @Test func `what is short or gains nothing stays as it is`() {
        var random = SeededGenerator(announcedAs: "noise that does not deflate")
        let coder = PayloadCoder()
        let noise = (0..<4_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        for payload in [[], Array("{}".utf8), document(5), noise] {
            let (stored, size) = coder.packed(payload)
            #expect(size == 0)
            #expect(stored == payload)
        }
    }

    @Test func `outbox rule 6: damage in a stored payload does not pass for data`() throws {
        var random = SeededGenerator(announcedAs: "damage in stored payloads")
        let coder = PayloadCoder()
        let payload = document(100)
        let (stored, size) = coder.packed(payload)
        for _ in 1...2_000 {
            var bad = stored
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<bad.count, using: &random)
                bad[place] ^= UInt8.random(in: 1...255, using: &random)
            }
            if Bool.random(using: &random) {
                bad.removeLast(Int.random(in: 0..<bad.count, using: &random))
            }
            var found: [UInt8]?
            let isWhole = bad.withUnsafeBytes {
                coder.withUnpacked($0, size: size) { found = Array($0) }
            }
            #expect(!isWhole || found == payload)
        }
        for wrong in [Int64(-1), 1, size - 1, size + 1, 1 << 40] {
            #expect(!stored.withUnsafeBytes { coder.withUnpacked($0, size: wrong) { _ in } })
        }
    }
}
