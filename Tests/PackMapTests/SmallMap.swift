import Bank
import Modbus
import PackMap
import Quantities
import Testing

/// Documents of maps that show one word each.
enum SmallMap {
    /// Eight registers from 100 with voltage, current and state of charge in the first three.
    static func text(
        id: String = "small", head: String = "",
        blocks: String =
            #"{ "name": "live", "function": 3, "address": 100, "count": 8, "required": true }"#,
        voltage: String = #"{ "at": 100, "scale": 0.01 }"#,
        current: String = #"{ "at": 101, "type": "i16", "scale": 0.01 }"#,
        charge: String = #"{ "at": 102 }"#, signals: String = "", more: String = ""
    ) -> String {
        """
        { "schema": "amphora/pack-map/v1", "id": "\(id)", "title": "Small", "confidence": "vendor",
          "sources": ["a test"], \(head)
          "blocks": [ \(blocks) ],
          "signals": {
            "voltage": \(voltage),
            "current": \(current),
            "state_of_charge": \(charge)\(signals.isEmpty ? "" : ",\n    " + signals)
          }\(more.isEmpty ? "" : ",\n  " + more) }
        """
    }

    static func load(_ text: String) throws(PackMapError) -> PackMap {
        try PackMap.load(Array(text.utf8), name: "m")
    }

    /// The faults of a document; none when it loads.
    static func faults(_ text: String, resolve: (String) -> [UInt8]? = { _ in nil }) -> [String] {
        do {
            _ = try PackMap.load(Array(text.utf8), name: "m", resolve: resolve)
            return []
        } catch {
            return error.faults
        }
    }

    static func bytes(_ hex: String) -> [UInt8] {
        PackVectors.bytes(hex: hex.replacing("\n", with: " ")) ?? []
    }
}

/// Holds that a pack whose values are all at their extremes can be put into registers and asked for.
func expectExtremesFit(_ plan: ReadPlan) throws {
    for extreme in [Int32.min + 1, -1, 0, 1, Int32.max] {
        var reading = PackReading()
        for signal in PackSignal.allCases {
            reading.set(signal, to: extreme, at: Instant(nanoseconds: 0))
        }
        reading.setCell(31, millivolts: UInt16(clamping: extreme))
        reading.setProbe(15, decidegrees: Int16(clamping: extreme))
        let image = plan.encode(reading, identity: PackIdentity())
        for block in plan.blocks {
            let request = try #require(block.request(to: UnitID(1)))
            #expect(throws: Never.self) { try image.reply(to: request).get() }
        }
    }
}
