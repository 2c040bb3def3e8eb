import FleetStore
import StrictJSON

/// Reads from the store what rollouts have to know of gateways.
struct FleetKnowledge {
    let store: any RolloutStore

    /// Alarms of so many days before a gateway is told are nothing new afterwards, ms.
    private static let memory: Int64 = 7 * 86_400_000
    /// Samples or events looked at for one gateway, at most.
    private static let most = 20_000

    /// All gateways that are known as devices or have measured, ordered by id.
    func sites() throws(FleetStoreError) -> [Site] {
        var sites: [String: Site] = [:]
        for device in try store.devices() {
            var site = Site(id: device.id)
            (site.group, site.tags) = (device.group, device.tags)
            (site.model, site.region, site.zone) = (device.model, device.region, device.zone)
            sites[device.id] = site
        }
        for bank in try store.currentBanks() {
            sites[bank.key.gateway, default: Site(id: bank.key.gateway)].profile =
                bank.sample.profile
        }
        for event in try store.newestEvents(code: ReceivedReport.Kind.good.rawValue) {
            guard let detail = event.sample.detail,
                var root = JSONSection(parsing: Array(detail.utf8), faults: FaultList()),
                sites[event.key.gateway] != nil
            else { continue }
            sites[event.key.gateway]?.set = root.string("set") ?? ""
            sites[event.key.gateway]?.version = root.string("version") ?? ""
        }
        return sites.values.sorted { $0.id < $1.id }
    }

    /// The newest measurement of each gateway.
    func banks() throws(FleetStoreError) -> [String: BankView] {
        let banks = try store.currentBanks()
        return Dictionary(banks.map { ($0.key.gateway, BankView($0)) }) { $1 }
    }

    /// What a gateway measured in a span, and the protections and faults raised since it began.
    func evidence(
        of gateway: String, from: Int64, now: Int64
    ) throws(FleetStoreError) -> (banks: [BankView], raised: Set<String>) {
        let samples = try store.bankSamples(
            gateway: gateway, from: from, to: now + 1, limit: Self.most)
        return (samples.map { BankView($0) }, try raised(by: gateway, from: from, to: now + 1))
    }

    /// Protections and faults that a gateway raised in the days before.
    func raisedBefore(_ now: Int64, by gateway: String) throws(FleetStoreError) -> Set<String> {
        try raised(by: gateway, from: now - Self.memory, to: now)
    }

    private func raised(
        by gateway: String, from: Int64, to: Int64
    ) throws(FleetStoreError) -> Set<String> {
        let events = try store.events(gateway: gateway, from: from, to: to, limit: Self.most)
        return Set(
            events.map(\.sample).filter {
                $0.change == "raised" && ["protection", "fault"].contains($0.level)
            }.map(\.code))
    }

    /// The set that a gateway last called good, as far as a rollout brought it there, by gateway.
    ///
    /// What it was assigned and never called good is nothing to go back to.
    func running(
        _ gateways: [String], plans: (String) throws(FleetStoreError) -> RolloutPlan?
    ) throws(FleetStoreError) -> [String: SetRelease] {
        let good = try newest(.good)
        let reverted = try newest(.reverted)
        var running: [String: SetRelease] = [:]
        for gateway in gateways {
            guard let report = good[gateway] else { continue }
            let attempts = try store.attempts(of: gateway)
            guard let found = attempts.first(where: { $0.rollout == report.rollout }) else {
                continue
            }
            let before = try? SetRelease(parsing: Array(found.attempt.previous.utf8))
            let hasReverted = reverted[gateway].map {
                $0.release == report.release && $0.timeMilliseconds >= report.timeMilliseconds
            }
            if report.release == found.attempt.release, hasReverted != true {
                running[gateway] = try plans(report.rollout)?.set
            } else {
                let fallback = try plans(report.rollout)?.fallback
                running[gateway] = before ?? fallback
            }
        }
        return running
    }

    private func newest(
        _ kind: ReceivedReport.Kind
    ) throws(FleetStoreError) -> [String: ReceivedReport] {
        let events = try store.newestEvents(code: kind.rawValue)
        return Dictionary(events.compactMap { ReceivedReport($0) }.map { ($0.gateway, $0) }) { $1 }
    }
}
