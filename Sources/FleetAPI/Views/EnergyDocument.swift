import History
import Telemetry

/// What flowed into a battery and out of it, period by period.
struct EnergyDocument {
    /// The most periods of an answer.
    static let mostPeriods = 1000

    let gateway: String
    /// From 1; 0 is the bank.
    let pack: Int32
    let by: CalendarPeriod
    /// The zone whose days these are.
    let zone: String
    let periods: [EnergyPeriod]
    /// What the battery holds when full, µWh; nil when that is not known.
    let capacity: Int64?

    /// How far back an answer goes when nobody says, ms.
    static func usual(_ period: CalendarPeriod) -> Int64 {
        switch period {
        case .day: 7 * 86_400_000
        case .month: 365 * 86_400_000
        case .year: 5 * 365 * 86_400_000
        }
    }

    var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("gateway", gateway)
            writer.member("pack", pack)
            writer.member("by", by.rawValue)
            writer.member("zone", zone)
            writer.name("items")
            writer.array { writer in
                for period in periods {
                    writer.object { writer in
                        writer.moment("start", unixMilliseconds: period.from)
                        writer.moment("end", unixMilliseconds: period.to)
                        write(period.energy, covered: period.covered, to: &writer)
                    }
                }
            }
            let all = periods.reduce(Energy()) { $0 + $1.energy }
            let covered = periods.reduce(Int64(0)) { $0.addingSaturated($1.covered) }
            writer.name("total")
            writer.object { write(all, covered: covered, to: &$0) }
        }
        return writer.bytes
    }

    private func write(_ energy: Energy, covered: Int64, to writer: inout JSONWriter) {
        // what nothing is known of is not nought
        let isKnown = covered > 0
        let cycles = capacity.map {
            CycleCount.hundredths(discharged: energy.discharged, capacity: $0)
        }
        // 3,600 mJ are a thousandth of a watt hour
        writer.member("charged_wh", isKnown ? energy.charged / 3600 : nil, decimals: 3)
        writer.member("discharged_wh", isKnown ? energy.discharged / 3600 : nil, decimals: 3)
        writer.member("full_cycles", isKnown ? cycles : nil, decimals: 2)
        writer.member("covered_s", covered / 1000)
    }
}
