import History
import Telemetry
import Views

extension LocalRoutes {
    @Sendable static func outlook(
        _ request: LocalRequest, _ id: String, _ core: LocalCore
    ) throws(LocalProblem) -> LocalOutcome {
        guard id == core.house.gateway else { throw LocalProblem.absent }
        try refuse(request.parameters)
        let now = core.house.uptime
        let windows = core.ring.windows(pack: 0, .current, now: now, offset: 0)
        let recent = windows.filter { $0.start > now - Outlook.span && $0.samples > 0 }
        let isLive =
            Freshness(made: core.moment.made, .trusted, now: core.house.wall) == .live
        let outlook = Outlook(
            isLive ? core.moment.bank : nil, currents: recent.compactMap { $0.values[.current] })
        return .answer(LocalAnswer(bytes: outlook.bytes(isLive ? core.moment.bank : nil)))
    }
}

/// What the bank is about to do, by the current of the last quarter of an hour.
///
/// A range and no moment, because the load of a house changes; none at all while next to nothing flows.
struct Outlook {
    /// How far back the current is looked at, ms.
    static let span: Int64 = 900_000
    /// What is left is not told beyond two days, min.
    private static let longest: Int64 = 2880

    private(set) var state = "unknown"
    private(set) var toFull: ClosedRange<Int64>?
    private(set) var toEmpty: ClosedRange<Int64>?

    /// `currents` are those of the last minutes, oldest first, mA.
    init(_ bank: BankSample?, currents: [QuantityStatistics]) {
        guard let bank, let now = bank.milliamperes else { return }
        var all = currents
        let mean: Int64
        if let first = all.first {
            for next in all.dropFirst() { all[0].join(next) }
            mean = all.first?.mean ?? first.mean
        } else {
            mean = Int64(now)
        }
        // a hundredth of the capacity in an hour is rest
        let rest = max(500, (bank.full ?? 0) / 100)
        guard abs(mean) > rest || abs(Int64(now)) > rest else {
            state = "idle"
            return
        }
        state = now > 0 ? "charging" : "discharging"
        guard (now > 0) == (mean > 0), let left = bank.remaining, let full = bank.full, full > 0
        else { return }
        let charge = now > 0 ? max(0, full - left) : max(0, left)
        let range = Self.minutes(charge, abs(Int64(now)), abs(mean))
        if now > 0 { toFull = range } else { toEmpty = range }
    }

    /// From the faster to the slower of two currents, in steps of five minutes.
    private static func minutes(_ charge: Int64, _ one: Int64, _ other: Int64)
        -> ClosedRange<Int64>?
    {
        func time(_ current: Int64) -> Int64? {
            let (product, isHuge) = charge.multipliedReportingOverflow(by: 60)
            return current > 0 && !isHuge ? product / current : nil
        }
        guard let fast = time(max(one, other)), let slow = time(min(one, other)), fast <= longest
        else { return nil }
        return fast / 5 * 5...min(longest, (max(fast, slow) + 4) / 5 * 5)
    }

    /// The document, as the fleet writes it.
    func bytes(_ bank: BankSample?) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.member("state", state)
            Self.write("to_full_min", toFull, to: &writer)
            Self.write("to_empty_min", toEmpty, to: &writer)
            LiveDocument.limit(
                "charge_limit", bank?.chargeCurrent, bank?.chargeRule ?? "", bank?.chargePack,
                bank?.chargeCell, to: &writer)
            LiveDocument.limit(
                "discharge_limit", bank?.dischargeCurrent, bank?.dischargeRule ?? "",
                bank?.dischargePack, bank?.dischargeCell, to: &writer)
        }
        return writer.bytes
    }

    private static func write(
        _ name: StaticString, _ range: ClosedRange<Int64>?, to writer: inout JSONWriter
    ) {
        writer.name(name)
        guard let range else { return writer.null() }
        writer.array { writer in
            writer.integer(range.lowerBound)
            writer.integer(range.upperBound)
        }
    }
}
