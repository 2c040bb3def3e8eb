import CANBus
import CANProfile
import PackMap
import SerialPort
import Telemetry

/// All that a scan found, as text, as JSON and as the beginning of a configuration.
struct ScanReport: Sendable {
    var lines: [LineFinding] = []
    var buses: [BusFinding] = []
    /// The folder of the profile set that was used.
    var profilesPath: String

    /// Whether a pack or an inverter was found.
    var foundSomething: Bool {
        lines.contains { !$0.packs.isEmpty } || buses.contains { !$0.fits.isEmpty }
    }
}

extension LineFraming {
    /// The word in configurations.
    var words: String {
        switch self {
        case .rtu: "rtu"
        case .rtuOverTCP: "rtu-over-tcp"
        case .tcp: "tcp"
        }
    }
}

// MARK: text

extension ScanReport {
    /// For people, one paragraph for each place.
    var text: String {
        var rows: [String] = []
        for line in lines { rows += Self.rows(of: line) }
        for bus in buses { rows += Self.rows(of: bus) }
        return rows.joined(separator: "\n") + "\n"
    }

    private static func rows(of line: LineFinding) -> [String] {
        let how = line.rate?.description ?? line.framing.words
        var rows = [line.packs.isEmpty ? "\(line.place): no packs" : "\(line.place), \(how):"]
        if !line.trouble.isEmpty { rows.append("  \(line.trouble)") }
        for pack in line.packs { rows += self.rows(of: pack) }
        return rows
    }

    private static func rows(of pack: FoundPack) -> [String] {
        let best = pack.best
        guard best.certainty > .answers else {
            return ["  unit \(best.unit): answers, but as \(best.map.id) it \(best.trouble)"]
        }
        var facts: [String] = []
        if let voltage = best.reading.voltage?.millivolts {
            facts.append("\(voltage / 1000).\(voltage % 1000 / 100) V")
        }
        if let charge = best.reading.stateOfCharge?.units {
            facts.append("\(charge / 100) %")
        }
        if best.cells > 0 { facts.append("\(best.cells) cells") }
        let serial = best.identity.serial.text
        if !serial.isEmpty { facts.append("serial \(serial)") }
        var rows = [
            "  unit \(best.unit): answers as \(best.map.id) (\(best.certainty.rawValue)): "
                + facts.joined(separator: ", ")
        ]
        if !pack.others.isEmpty {
            rows.append("    fits as well: \(pack.others.joined(separator: ", "))")
        }
        if best.map.isExperimental {
            rows.append("    this map is experimental: it needs experimental = true in [profiles]")
        }
        return rows
    }

    private static func rows(of bus: BusFinding) -> [String] {
        let rate = bus.bitRate.map { ", \($0 / 1000) kbit/s" } ?? ""
        let count = bus.traffic.frames.count
        var rows = ["\(bus.place)\(rate): \(count == 0 ? "silence" : "\(count) identifiers")"]
        if !bus.trouble.isEmpty { rows.append("  \(bus.trouble)") }
        for heard in bus.traffic.sorted {
            let period = heard.periodMilliseconds.map { " every \($0) ms" } ?? ""
            rows.append("  \(heard.last.compactHex)  \(heard.count) times\(period)")
        }
        rows += bus.foreign.map { "  \($0)" }
        if bus.hasBattery {
            rows.append(
                "  a battery or another gateway speaks on this bus already; only one may: take it off "
                    + "before the gateway is connected")
        }
        rows += fitRows(bus.fits)
        return rows
    }

    private static func fitRows(_ fits: [ProfileFit]) -> [String] {
        guard let best = fits.first else { return [] }
        let equal = fits.filter { $0.isAsGood(as: best) }
        guard equal.count > 1 else { return ["  fits \(best.profile): \(best.title)"] }
        return [
            "  fits, and cannot be told apart by what was heard: "
                + equal.map(\.profile).joined(separator: ", "),
            "  choose by the battery type that is set in the inverter",
        ]
    }
}

// MARK: JSON

extension ScanReport {
    /// One JSON document.
    var json: String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("lines")
            writer.array { writer in for line in lines { Self.write(line, to: &writer) } }
            writer.name("buses")
            writer.array { writer in for bus in buses { Self.write(bus, to: &writer) } }
        }
        writer.endLine()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func write(_ line: LineFinding, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("place")
            writer.string(line.place.description)
            writer.name("baud")
            if let rate = line.rate { writer.integer(rate.baud) } else { writer.null() }
            writer.name("framing")
            writer.string(line.framing.words)
            writer.name("trouble")
            writer.string(line.trouble)
            writer.name("packs")
            writer.array { writer in for pack in line.packs { write(pack, to: &writer) } }
        }
    }

    private static func write(_ pack: FoundPack, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("unit")
            writer.integer(pack.best.unit)
            writer.name("map")
            writer.string(pack.best.map.id)
            writer.name("certainty")
            writer.string(pack.best.certainty.rawValue)
            writer.name("also_fits")
            writer.array { writer in for map in pack.others { writer.string(map) } }
            writer.name("trouble")
            writer.string(pack.best.trouble)
            writer.name("serial")
            writer.string(pack.best.identity.serial.text)
            writer.name("cells")
            writer.integer(pack.best.cells)
            writer.name("voltage_v")
            if let voltage = pack.best.reading.voltage?.millivolts {
                writer.decimal(Int64(voltage), decimals: 3)
            } else {
                writer.null()
            }
            writer.name("soc_pct")
            if let charge = pack.best.reading.stateOfCharge?.units {
                writer.decimal(Int64(charge), decimals: 2)
            } else {
                writer.null()
            }
        }
    }

    private static func write(_ bus: BusFinding, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("place")
            writer.string(bus.place.description)
            writer.name("bit_rate")
            if let rate = bus.bitRate { writer.integer(rate) } else { writer.null() }
            writer.name("trouble")
            writer.string(bus.trouble)
            writer.name("frames")
            writer.array { writer in
                for heard in bus.traffic.sorted {
                    writer.object { writer in
                        writer.name("last")
                        writer.string(heard.last.compactHex)
                        writer.name("count")
                        writer.integer(heard.count)
                    }
                }
            }
            writer.name("foreign")
            writer.array { writer in for words in bus.foreign { writer.string(words) } }
            writer.name("battery_present")
            writer.bool(bus.hasBattery)
            writer.name("fits")
            writer.array { writer in
                let best = bus.fits.first
                for fit in bus.fits where best?.isAsGood(as: fit) ?? false {
                    writer.string(fit.profile)
                }
            }
        }
    }
}
