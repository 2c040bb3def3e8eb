import Bank
import CANBus
import CANProfile
import TestKit
import Testing

/// A profile of one or a few frames, written in the test that needs it.
struct VocabularyFixture {
    var layout: String
    var frames: String
    var more = ""

    var stop = "\"stop\": { \"limits\": \"zero_currents\", \"silence_after_s\": 60 }"

    var text: String {
        """
        { "schema": "amphora/inverter-profile/v1", "id": "x", "title": "X", "confidence": "single",
          "sources": ["none"], "bus": { "bit_rate": 500000 },
          "frames": [ \(frames) ],
          \(stop)\(more.isEmpty ? "" : ",")
          \(more) }
        """
    }

    /// One message M of eight bytes with these signals and entries.
    init(_ signals: [String], _ entries: String, more: String = "", frame: String = "") {
        layout =
            "BO_ 1 M: 8 A\n" + signals.map { " SG_ \($0) [0|0] \"\" B\n" }.joined()
        frames = "{ \"message\": \"M\", \(frame) \"signals\": { \(entries) } }"
        self.more = more
    }

    init(layout: String, frames: String, more: String = "") {
        (self.layout, self.frames, self.more) = (layout, frames, more)
    }

    func load(_ quirks: [String] = []) throws(CANProfileError) -> CANProfile {
        try CANProfile.load(
            profile: Array(text.utf8), layout: Array(layout.utf8), name: "x", quirks: quirks)
    }

    /// The faults without the file and line in front.
    var faults: [String] {
        do {
            _ = try load()
            return []
        } catch {
            return error.faults.map { fault in
                fault.firstRange(of: ": ").map { String(fault[$0.upperBound...]) } ?? fault
            }
        }
    }
}

extension CANProfile {
    /// One full cycle in the form of candump.
    func cycle(_ values: BankValues) -> [String] {
        plan.frames.indices.compactMap { plan.encode($0, values)?.compactHex }
    }
}
