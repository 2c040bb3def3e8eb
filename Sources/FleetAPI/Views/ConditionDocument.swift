import FleetStore
import History
import Telemetry

/// How a bank and its packs got older in the last year.
struct ConditionDocument {
    let gateway: String
    let newest: NewestSample?
    let bank: BatteryCondition?
    /// What each pack said last, and how it got older.
    var packs: [(newest: PackSample, condition: BatteryCondition?)] = []

    var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("gateway", gateway)
            writer.moment("made", unixMilliseconds: newest?.bank.timeMilliseconds)
            writer.name("bank")
            if let bank {
                writer.object { writer in
                    writer.member("soh_pct", newest?.bank.sample.stateOfHealth, decimals: 2)
                    Self.write(bank, to: &writer)
                }
            } else {
                writer.null()
            }
            writer.name("packs")
            writer.array { writer in for pack in packs { Self.write(pack, to: &writer) } }
        }
        return writer.bytes
    }

    private static func write(
        _ pack: (newest: PackSample, condition: BatteryCondition?), to writer: inout JSONWriter
    ) {
        var cells = HistorySample(moment: RecordMoment(time: 0, epoch: 0, sequence: 0))
        cells.deriveSpread(cells: pack.newest.cells)
        writer.object { writer in
            writer.member("pack", pack.newest.pack)
            writer.member("serial", pack.newest.serial)
            writer.member("soh_pct", pack.newest.stateOfHealth, decimals: 2)
            writer.member("spread_mv", cells.spread)
            writer.member("deviation_mv", cells.deviation)
            write(pack.condition, to: &writer)
        }
    }

    private static func write(_ condition: BatteryCondition?, to writer: inout JSONWriter) {
        // 0.01 % a day, with a thousandth of a percent a year; mV a day, with a hundredth of one a year
        trend(
            "health_trend", "per_year_pct", condition?.health, factor: 10, decimals: 3, to: &writer)
        trend(
            "imbalance_trend", "per_year_mv", condition?.imbalance, factor: 100, decimals: 2,
            to: &writer)
        writer.member("cycles", condition?.cycles.counted)
        writer.member("full_cycles", condition?.cycles.equivalentHundredths, decimals: 2)
    }

    private static func trend(
        _ name: StaticString, _ unit: StaticString, _ trend: Trend?, factor: Double, decimals: Int,
        to writer: inout JSONWriter
    ) {
        writer.name(name)
        guard let trend, let change = Int64(exactly: (trend.perDay * 365 * factor).rounded()) else {
            return writer.null()
        }
        writer.object { writer in
            writer.member(unit, change, decimals: decimals)
            writer.member("days", trend.days)
        }
    }
}
