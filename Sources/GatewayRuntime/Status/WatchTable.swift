/// Lays a status document out for a terminal of 80 columns: bank, limits with reasons, one row a
/// pack, then what is wrong.
struct WatchTable {
    let status: WatchedStatus
    let hasColor: Bool

    /// The whole text.
    func render() -> String {
        var lines: [String] = []
        let bank = status.bank
        lines.append(
            "\(status.gateway)  up \(Self.duration(status.uptime_s))  bank \(mark(bank.mode, good: "running"))"
                + "  packs \(bank.packs_online)/\(bank.packs_configured)"
                + "  \(number(bank.voltage_v, 2)) V  \(number(bank.current_a, 1)) A"
                + "  \(number(bank.power_w, 0)) W  SoC \(number(bank.soc_pct, 1)) %")
        lines.append(
            limit("charge   ", status.limits.charge_voltage_v, status.limits.charge_current_a))
        lines.append(
            limit("discharge", status.limits.discharge_voltage_v, status.limits.discharge_current_a)
        )
        lines.append(
            "inverter  \(status.inverter.profile)\(quirks), bus \(mark(status.inverter.bus, good: "active")), "
                + "keep-alive \(status.inverter.keep_alive), \(status.inverter.frames_sent) frames sent"
        )
        lines.append(
            "uplink    \(mark(status.link.state, good: "connected")), \(status.outbox.depth) waiting, "
                + "\(status.outbox.acknowledged) acknowledged\(stored), \(status.outbox.lost) lost")
        lines.append("")
        lines.append(
            "PACK  SERIAL            STATUS       VOLT   AMPERE   SOC %  CELLS mV     °C    AGE s")
        for pack in status.packs { lines.append(row(pack)) }
        let troubles = self.troubles()
        if !troubles.isEmpty { lines.append("") }
        lines += troubles
        return lines.joined(separator: "\n") + "\n"
    }

    /// `, 12 stored by the fleet`, or nothing where there is no fleet.
    private var stored: String {
        guard let stored = status.outbox.stored, stored > 0 else { return "" }
        return ", \(stored) stored by the fleet"
    }

    /// ` with quirk-a, quirk-b`, or nothing.
    private var quirks: String {
        guard let quirks = status.bridge.quirks, !quirks.isEmpty else { return "" }
        return " with \(quirks.joined(separator: ", "))"
    }

    private func limit(
        _ name: String, _ voltage: WatchedStatus.Limit, _ current: WatchedStatus.Limit
    ) -> String {
        "\(name) \(number(voltage.value, 1)) V, \(number(current.value, 1)) A  (\(Self.reason(current)))"
    }

    private static func reason(_ limit: WatchedStatus.Limit) -> String {
        var text = limit.rule.replacing("_", with: " ")
        if limit.pack > 0 { text += ", pack \(limit.pack)" }
        if limit.cell > 0 { text += ", cell \(limit.cell)" }
        return text
    }

    private func row(_ pack: WatchedStatus.Pack) -> String {
        let cells = pack.cells_mv.compactMap { $0 }
        let range = cells.isEmpty ? "–" : "\(cells.min() ?? 0)…\(cells.max() ?? 0)"
        let hottest = pack.probes_c.compactMap { $0 }.max()
        let age = pack.age_ms.values.map { number(Double($0) / 1000, 1) } ?? "–"
        let status = Self.pad(pack.status, 11)
        return Self.pad("\(pack.pack)", 4, right: true) + "  " + Self.pad(pack.serial ?? "–", 16)
            + "  "
            + (pack.status == "online" ? status : emphasize(status))
            + Self.pad(number(pack.voltage_v, 2), 6, right: true)
            + Self.pad(number(pack.current_a, 2), 9, right: true)
            + Self.pad(number(pack.soc_pct, 1), 8, right: true) + "  "
            + Self.pad(range, 11) + Self.pad(number(hottest, 1), 5, right: true)
            + Self.pad(age, 9, right: true)
    }

    /// One line for each thing a person could look after.
    private func troubles() -> [String] {
        var lines: [String] = []
        for line in status.lines where !line.trouble.isEmpty {
            lines.append("! line \(line.name) (\(line.endpoint)): \(line.trouble)")
        }
        for line in status.lines {
            for unit in line.units where !unit.trouble.isEmpty {
                lines.append(
                    "! pack \(unit.pack) (unit \(unit.unit) on \(line.name)): \(unit.trouble)")
            }
        }
        for pack in status.packs {
            let alarms =
                pack.faults.map { "fault \($0)" } + pack.protections.map { "protection \($0)" }
                + pack.warnings.map { "warning \($0)" }
            if !alarms.isEmpty {
                lines.append("! pack \(pack.pack): \(alarms.joined(separator: ", "))")
            }
        }
        if !status.bridge.problem.isEmpty { lines.append("! CAN: \(status.bridge.problem)") }
        if let requests = status.bridge.inverter_requests, !requests.isEmpty {
            lines.append("! inverter: asks for '\(requests)'")
        }
        if let foreign = status.bridge.foreign_traffic, !foreign.isEmpty {
            lines.append("! CAN: \(foreign)")
        }
        if status.inverter.keep_alive == "silent" {
            lines.append("! inverter: its keep-alive is missing")
        }
        if !status.outbox.problem.isEmpty { lines.append("! outbox: \(status.outbox.problem)") }
        if !status.link.problem.isEmpty { lines.append("! broker: \(status.link.problem)") }
        for alarm in (status.identity?.alarms ?? []) + (status.update?.alarms ?? []) {
            lines.append("! \(alarm.code.replacing("_", with: " ")): \(alarm.text)")
        }
        return lines
    }

    private func mark(_ word: String, good: String) -> String {
        word == good ? word : emphasize(word)
    }

    private func emphasize(_ text: String) -> String {
        hasColor ? "\u{1B}[1;31m\(text)\u{1B}[0m" : text
    }

    /// A number with fixed decimals, or a dash when unknown.
    private func number(_ value: Double?, _ decimals: Int) -> String {
        guard let value, value.isFinite, abs(value) < 1e12 else { return "–" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let rounded = Int64((abs(value) * scale).rounded())
        var digits = String(rounded)
        while digits.count <= decimals { digits = "0" + digits }
        let sign = value < 0 && rounded != 0 ? "-" : ""
        guard decimals > 0 else { return sign + digits }
        let cut = digits.index(digits.endIndex, offsetBy: -decimals)
        return sign + digits[..<cut] + "." + digits[cut...]
    }

    private static func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(0, width - text.count))
        return right ? spaces + text : text + spaces
    }

    private static func duration(_ seconds: Int64) -> String {
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min" }
        return seconds < 86_400 ? "\(seconds / 3600) h" : "\(seconds / 86_400) d"
    }
}
