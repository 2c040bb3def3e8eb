import Telemetry

/// What a plan would do.
package struct RolloutPreview: Sendable {
    /// The hours of one zone.
    package struct ZoneHours: Hashable, Sendable {
        /// The zone's IANA name, and how many gateways are in it.
        package let zone: String, gateways: Int
        /// Unix time in milliseconds when its window is open next, after the start of the rollout.
        package let opens: Int64
    }

    /// Gateways that get it.
    package let sites: [Site]
    /// How many gateways each wave has.
    package let waves: [Int]
    /// Gateways of the first wave.
    package let firstWave: [String]
    /// Gateways that the target takes and that are left out: those that run the set, those of another
    /// model than it is for, and those that are in another rollout, with its name.
    package let current: [String], misfits: [String], busy: [String: String]
    /// Gateways that get it and have never measured, or of which no earlier set is known.
    package let unseen: Int, withoutReturn: Int
    /// When windows open, by zone.
    package let hours: [ZoneHours]
    /// Why it cannot be made; empty when it can.
    package let faults: [String]

    /// Looks at what is known of all gateways.
    init(
        _ plan: RolloutPlan, sites all: [Site], busy: [String: String], at now: Int64,
        _ clock: ZoneClock
    ) {
        let taken = all.filter { plan.target.takes($0) }
        func isCurrent(_ site: Site) -> Bool {
            site.set == plan.set.set && site.version == plan.set.version
        }
        func fits(_ site: Site) -> Bool {
            // a gateway that does not say what it is checks that itself
            plan.set.hardware.isEmpty || site.model.isEmpty
                || plan.set.hardware.contains(site.model)
        }
        current = taken.filter(isCurrent).map(\.id)
        misfits = taken.filter { !isCurrent($0) && !fits($0) }.map(\.id)
        let wanted = taken.filter { !isCurrent($0) && fits($0) }
        self.busy = Dictionary(
            wanted.compactMap { site in busy[site.id].map { (site.id, $0) } }
        ) { $1 }
        let sites = wanted.filter { busy[$0.id] == nil }
        self.sites = sites
        waves = Waves.sizes(plan.waves, of: sites.count)
        firstWave = Array(
            Waves.order(sites, of: plan.id, first: plan.first).prefix(waves.first ?? 0))
        unseen = sites.count { $0.profile.isEmpty }
        withoutReturn = plan.fallback == nil ? sites.count { $0.version.isEmpty } : 0
        let zones = Dictionary(grouping: sites) { $0.zone.isEmpty ? plan.zone : $0.zone }
        let start = max(now, plan.start)
        hours = zones.map { zone, sites in
            ZoneHours(
                zone: zone, gateways: sites.count,
                opens: plan.window?.nextOpening(in: zone, after: start, clock) ?? start)
        }.sorted { ($0.opens, $0.zone) < ($1.opens, $1.zone) }
        let reasons = [
            (current.count, RolloutRefusal.leftCurrent), (misfits.count, .leftMisfits),
            (self.busy.count, .leftBusy),
        ].filter { $0.0 > 0 }.map { $0.1.filled(["count": $0.0]) }.joined(separator: ", ")
        faults = Self.faults(plan, all, taken: taken.count, left: sites, reasons, clock)
    }

    private static func faults(
        _ plan: RolloutPlan, _ all: [Site], taken: Int, left: [Site], _ reasons: String,
        _ clock: ZoneClock
    ) -> [String] {
        var faults: [String] = []
        if !SetRelease.isName(plan.id) {
            faults.append(RolloutRefusal.nameWrong.filled(["found": plan.id]))
        }
        let known = Set(all.map(\.id))
        for gateway in plan.target.gateways where !known.contains(gateway) {
            faults.append(RolloutRefusal.gatewayAbsent.filled(["gateway": gateway]))
        }
        if all.isEmpty {
            faults.append(RolloutRefusal.noGateways.filled())
        } else if left.isEmpty, faults.isEmpty {
            faults.append(
                taken == 0
                    ? RolloutRefusal.noneTaken.filled(["count": all.count])
                    : RolloutRefusal.noneLeft.filled(["count": taken, "reason": reasons]))
        }
        if !clock.knows(plan.zone) {
            faults.append(
                RolloutRefusal.zoneUnknown.filled([
                    "found": plan.zone, "expected": ZoneClock.expected,
                ]))
        }
        for zone in Set(left.map(\.zone)).sorted() where !zone.isEmpty && !clock.knows(zone) {
            let site = left.first { $0.zone == zone }?.id ?? ""
            faults.append(RolloutRefusal.gatewayZone.filled(["gateway": site, "found": zone]))
        }
        if plan.fallback?.isSame(as: plan.set) == true {
            faults.append(RolloutRefusal.sameSet.filled())
        }
        return faults
    }
}
