import Telemetry

/// The newest sample of a bank and its packs, with its age.
///
/// Values that tell how things are now stand under `live`, those that do not under `last_known`, and never
/// the same in both: who reads `live` alone cannot take an old value for a new one.
package struct LiveDocument {
    private let gateway: String
    private let made: Int64?
    private let quality: TimeQuality
    private let bank: BankSample?
    private let packs: [PackSample]
    private let now: Int64

    /// What was measured at a Unix time in milliseconds, nil when nothing was; `now` is one too.
    package init(
        gateway: String, made: Int64?, quality: TimeQuality, bank: BankSample?,
        packs: [PackSample], now: Int64
    ) {
        self.gateway = gateway
        self.made = made
        self.quality = quality
        self.bank = bank
        self.packs = packs
        self.now = now
    }

    /// The document, JSON.
    package var bytes: [UInt8] {
        let freshness = Freshness(made: made, quality, now: now)
        let age = made.map { Freshness.age(made: $0, now: now) }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("gateway", gateway)
            writer.moment("made", unixMilliseconds: made)
            writer.member("age_ms", age)
            writer.member("freshness", freshness.rawValue)
            writer.name("live")
            Self.write(freshness == .live ? bank : nil, to: &writer)
            writer.name("last_known")
            Self.write(freshness == .live ? nil : bank, to: &writer)
            writer.name("packs")
            writer.array { writer in
                for pack in packs {
                    Self.write(pack, age: age ?? 0, isLive: freshness == .live, to: &writer)
                }
            }
        }
        return writer.bytes
    }

    /// Writes a bank; null when there is none.
    package static func write(_ bank: BankSample?, to writer: inout JSONWriter) {
        guard let bank else { return writer.null() }
        writer.object { writer in
            writer.member("mode", bank.mode)
            writer.member("packs_configured", bank.packsConfigured)
            writer.member("packs_online", bank.packsOnline)
            writer.member("voltage_v", bank.millivolts, decimals: 3)
            writer.member("current_a", bank.milliamperes, decimals: 3)
            writer.member("power_w", bank.watts)
            writer.member("soc_pct", bank.stateOfCharge, decimals: 2)
            writer.member("soh_pct", bank.stateOfHealth, decimals: 2)
            writer.member("remaining_ah", bank.remaining, decimals: 3)
            writer.member("full_ah", bank.full, decimals: 3)
            writer.member("temperature_mean_c", bank.temperatureMean, decimals: 1)
            writer.member("temperature_max_c", bank.temperatureMaximum, decimals: 1)
            writer.member("temperature_min_c", bank.temperatureMinimum, decimals: 1)
            writer.member("cell_max_mv", bank.cellMaximum)
            writer.member("cell_min_mv", bank.cellMinimum)
            limit(
                "charge_limit", bank.chargeCurrent, bank.chargeRule, bank.chargePack,
                bank.chargeCell, to: &writer)
            limit(
                "discharge_limit", bank.dischargeCurrent, bank.dischargeRule, bank.dischargePack,
                bank.dischargeCell, to: &writer)
            writer.codes("warnings", bank.warnings)
            writer.codes("protections", bank.protections)
            writer.codes("faults", bank.faults)
        }
    }

    /// Writes a current limit with the rule that set it; null where either is not known.
    package static func limit(
        _ name: StaticString, _ current: Int32?, _ rule: String, _ pack: Int32?, _ cell: Int32?,
        to writer: inout JSONWriter
    ) {
        writer.name(name)
        guard let current, !rule.isEmpty else { return writer.null() }
        writer.object { writer in
            writer.member("current_a", current, decimals: 3)
            writer.member("rule", rule)
            writer.member("pack", pack)
            writer.member("cell", cell)
        }
    }

    /// `age` is that of the record; the values of a pack may be older than it.
    private static func write(
        _ pack: PackSample, age: Int64, isLive: Bool, to writer: inout JSONWriter
    ) {
        let total = pack.ageMilliseconds.map { own in
            let (sum, isHuge) = own.addingReportingOverflow(age)
            return isHuge ? Int64.max : max(0, sum)
        }
        let isLive =
            isLive && pack.status == "online" && total.map { $0 <= Freshness.longest } == true
        writer.object { writer in
            writer.member("pack", pack.pack)
            writer.member("serial", pack.serial)
            writer.member("status", pack.status)
            writer.member("age_ms", total)
            writer.name("live")
            values(isLive ? pack : nil, to: &writer)
            writer.name("last_known")
            values(isLive || total == nil ? nil : pack, to: &writer)
        }
    }

    /// Writes what a pack measured; null when there is nothing.
    package static func values(_ pack: PackSample?, to writer: inout JSONWriter) {
        guard let pack else { return writer.null() }
        writer.object { writer in
            writer.member("voltage_v", pack.millivolts, decimals: 3)
            writer.member("current_a", pack.milliamperes, decimals: 3)
            writer.member("soc_pct", pack.stateOfCharge, decimals: 2)
            writer.member("soh_pct", pack.stateOfHealth, decimals: 2)
            writer.member("remaining_ah", pack.remaining, decimals: 3)
            writer.member("full_ah", pack.full, decimals: 3)
            writer.member("cycles", pack.cycles)
            writer.name("cells_mv")
            writer.array { writer in
                for cell in pack.cells {
                    if let cell { writer.integer(cell) } else { writer.null() }
                }
            }
            writer.name("probes_c")
            writer.array { writer in
                for probe in pack.probes {
                    if let probe {
                        writer.decimal(Int64(probe), decimals: 1)
                    } else {
                        writer.null()
                    }
                }
            }
            writer.member("mosfet_c", pack.mosfetTemperature, decimals: 1)
            writer.member("ambient_c", pack.ambientTemperature, decimals: 1)
            writer.codes("warnings", pack.warnings)
            writer.codes("protections", pack.protections)
            writer.codes("faults", pack.faults)
        }
    }
}
