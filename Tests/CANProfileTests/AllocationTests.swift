import Bank
import CANProfile
import TestKit
import Testing

internal import CAllocations

@Suite struct AllocationTests {
    /// Rule 6 rests on it: nothing in a send cycle waits for memory.
    @Test func `rule 6: encoding makes no object, whatever the frame has in it`() throws {
        let rich = VocabularyFixture(
            layout: """
                BO_ 272 P: 8 A
                 SG_ V : 0|16@1- (0.1,0) [0|0] "V" B
                 SG_ T : 16|8@1+ (1,0) [0|0] "" B
                 SG_ N : 24|16@1+ (1,0) [0|0] "" B
                 SG_ C : 40|8@1+ (1,0) [0|0] "" B
                 SG_ K : 48|8@1+ (1,0) [0|0] "" B
                 SG_ A : 56|2@1+ (1,0) [0|0] "" B

                """,
            frames: """
                { "message": "P", "per_pack": true, "signals": {
                  "V": {"value": "pack_current", "negate": true, "unknown": "0x8000"},
                  "T": {"value": "pack_direction", "table": {"0": 1, "1": 2, "2": 3}},
                  "N": {"text_of": "pack_serial"}, "C": {"counter": true},
                  "K": {"checksum": "crc8"},
                  "A": {"alarms": ["protection.cell_overvoltage"], "raised": 1, "clear": 2} } }
                """)
        let plain = try PylontechTests.load().plan
        let plan = try rich.load().plan
        let text =
            #"{"packs": [{"values": {"pack_current": 1, "pack_direction": 2}, "serial": "AB"}]}"#
        let packs = try BankStateDocument.load(Array(text.utf8), name: "s")
        var generator = SeededGenerator(seed: 4)
        let bank = PylontechTests.random(using: &generator)
        var state = SendState(plan)
        var sent = 0
        let before = callocations_of_thread()
        for _ in 0..<100 {
            for index in 0..<16 {
                guard let frame = plan.encode(index, packs, count: state.count(index)) else {
                    continue
                }
                state.noteSent(index)
                sent += Int(frame.length) / 8
            }
            for index in 0..<6 {
                if let frame = plain.encode(index, bank) { sent += frame.length > 0 ? 1 : 0 }
            }
        }
        let made = callocations_of_thread() - before
        #expect(sent == 700)
        #expect(made == 0)
        guard before >= 0 else { return }  // a sanitizer owns the allocator
        let kept = Array(0..<sent)
        #expect(callocations_of_thread() - before > 0, "the counter is blind")
        #expect(kept.count == 700)
    }
}
