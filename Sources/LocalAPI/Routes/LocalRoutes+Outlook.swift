import History
import Telemetry
import Views

extension LocalRoutes {
    @Sendable static func outlook(
        _ request: LocalRequest, _ id: String, _ core: LocalCore
    ) throws(LocalProblem) -> LocalOutcome {
        try seen(id, core)
        try refuse(request.parameters)
        let now = core.house.uptime
        let means = core.ring.windows(pack: 0, .current, now: now, offset: 0)
            .filter { $0.start >= now.addingSaturated(-Outlook.span) }
            .compactMap { $0.values[.current]?.mean }
        let isLive = Freshness(made: core.moment.made, .trusted, now: core.house.wall) == .live
        let outlook = Outlook(bank: isLive ? core.moment.bank : nil, currents: means)
        return .answer(
            LocalAnswer(bytes: outlook.bytes(id, made: isLive ? core.moment.made : nil)))
    }
}

/// What the bank is about to do, by the current of the last quarter of an hour, and what holds it back.
struct Outlook {
    /// How far back the current is looked at, ms.
    static let span: Int64 = 900_000

    /// Which way charge goes; nil when nothing new tells.
    let flow: ChargeFlow?
    /// Until full or empty; nil when that cannot be told.
    let runTime: RunTime?
    private let bank: BankSample?

    /// `currents` are the means of the last minutes, mA.
    init(bank: BankSample?, currents: [Int64]) {
        self.bank = bank
        flow = bank?.milliamperes.map { ChargeFlow(current: Int64($0), full: bank?.full) }
        let time = bank.flatMap { bank in
            bank.remaining.flatMap { remaining in
                bank.full.flatMap { full in
                    RunTime(remaining: remaining, full: full, currents: currents)
                }
            }
        }
        // none is promised when the battery turned since
        let isSame = flow == (time?.goal == .full ? .charging : .discharging)
        runTime = isSame ? time : nil
    }

    /// The document, as the fleet writes it.
    func bytes(_ gateway: String, made: Int64?) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.member("gateway", gateway)
            writer.moment("made", unixMilliseconds: made)
            writer.member("state", flow?.rawValue ?? "unknown")
            range("to_full_min", .full, to: &writer)
            range("to_empty_min", .empty, to: &writer)
            LiveDocument.limit(
                "charge_limit", bank?.chargeCurrent, bank?.chargeRule ?? "", bank?.chargePack,
                bank?.chargeCell, to: &writer)
            LiveDocument.limit(
                "discharge_limit", bank?.dischargeCurrent, bank?.dischargeRule ?? "",
                bank?.dischargePack, bank?.dischargeCell, to: &writer)
        }
        return writer.bytes
    }

    private func range(
        _ name: StaticString, _ goal: RunTime.Goal, to writer: inout JSONWriter
    ) {
        writer.name(name)
        guard let runTime, runTime.goal == goal else { return writer.null() }
        writer.array { writer in
            writer.integer(runTime.shortest)
            writer.integer(runTime.longest)
        }
    }
}
