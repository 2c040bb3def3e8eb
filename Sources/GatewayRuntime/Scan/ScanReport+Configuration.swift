import CANProfile
import PackMap

extension ScanReport {
    /// The beginning of a configuration with the packs and the inverter that were found.
    ///
    /// What the scan cannot know stands as a comment.
    func configuration(gateway: String) -> String {
        var rows = [
            "# Written by 'amphora-gateway scan'. Look it over, add what is missing, then:",
            "#   amphora-gateway config check --config FILE",
            "gateway = \(Self.quoted(gateway))",
            "",
            "[profiles]",
            "path = \(Self.quoted(profilesPath))",
        ]
        let maps = lines.flatMap(\.packs).filter { $0.best.certainty > .answers }.map(\.best.map)
        if maps.contains(where: \.isExperimental) { rows.append("experimental = true") }
        for line in lines { rows += Self.rows(of: line) }
        rows += inverterRows()
        return rows.joined(separator: "\n") + "\n"
    }

    /// One table for each map on a line: a line's packs normally share one.
    private static func rows(of line: LineFinding) -> [String] {
        var rows: [String] = []
        var maps: [PackMap] = []
        for pack in line.packs
        where pack.best.certainty > .answers && !maps.contains(where: { $0.id == pack.best.map.id })
        {
            maps.append(pack.best.map)
        }
        for map in maps {
            let units = line.packs.filter { $0.best.map.id == map.id }.map(\.best.unit)
            rows += ["", "[[line]]"]
            switch line.place {
            case .serial(let device): rows.append("device = \(quoted(device))")
            case .network(let address):
                rows.append("address = \(quoted(LinePlace.network(address).description))")
                rows.append("framing = \(quoted(line.framing.words))")
            }
            if let baud = line.rate?.baud, baud != map.line.baud { rows.append("baud = \(baud)") }
            rows.append("map = \(quoted(map.id))")
            rows.append("units = [\(units.map(String.init).joined(separator: ", "))]")
        }
        return rows
    }

    private func inverterRows() -> [String] {
        guard let bus = buses.first(where: { !$0.fits.isEmpty }), let best = bus.fits.first else {
            return ["", "# No inverter was heard. Choose a profile: amphora-gateway profile list"]
        }
        let equal = bus.fits.filter { $0.isAsGood(as: best) }.map(\.profile)
        var rows = ["", "[inverter]"]
        if equal.count > 1 {
            rows.append("# fits as well: \(equal.dropFirst().joined(separator: ", "))")
        }
        rows.append("profile = \(Self.quoted(best.profile))")
        switch bus.place {
        case .socketCAN(let interface):
            rows += ["transport = \"socketcan\"", "interface = \(Self.quoted(interface))"]
        case .slcan(let device):
            rows += ["transport = \"slcan\"", "device = \(Self.quoted(device))"]
        }
        return rows
    }

    /// A TOML string: quotes, backslashes and control characters escaped.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
