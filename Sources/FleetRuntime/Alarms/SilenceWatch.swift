import FleetStore
import Telemetry

/// Finds gateways that nothing is heard of, and those that are heard again.
///
/// A gateway stores what it measures while it is offline, so what counts is when its newest measurement was
/// made: a backlog that comes in from a while ago ends no silence until the present is reached.
struct SilenceWatch {
    /// After so long without a measurement a gateway counts as silent, ms.
    let limit: Int64

    /// What the fleet has to say now.
    ///
    /// `newest` says when each gateway measured last, `silent` which of them have an open alarm. `devices`
    /// are the gateways that belong to the fleet, or nothing where none was ever added: one that was removed
    /// is missed by nobody.
    func words(
        newest: [(gateway: String, made: Int64)], silent: Set<String>, devices: Set<String>,
        now: Int64
    ) -> [AlarmWord] {
        newest.compactMap { gateway, made in
            let belongs = devices.isEmpty || devices.contains(gateway)
            let isSilent = belongs && made < now - limit
            guard isSilent != silent.contains(gateway) else { return nil }
            let last = RFC3339.text(unixMilliseconds: made)
            let subject = AlarmSubject(
                gateway: gateway, code: AlarmWord.silentGateway, level: "warning", pack: 0)
            let text =
                isSilent
                ? "nothing measured since \(last) has come"
                : belongs ? "measured at \(last)" : "it belongs to the fleet no more"
            return AlarmWord(
                subject, isSilent ? .raised : .cleared, made: now, author: "fleet", text: text)
        }
    }
}
