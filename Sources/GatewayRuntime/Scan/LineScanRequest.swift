import GatewaySettings
import Modbus
import PackMap
import Quantities
import SerialPort

/// How a serial line can be set; several maps share one.
struct LineRate: Hashable, Sendable, CustomStringConvertible {
    /// Bits per second.
    var baud: Int
    var parity: MapLine.Parity
    /// 1 or 2.
    var stopBits: Int

    /// `9600 8N1`.
    var description: String {
        let letter =
            switch parity {
            case .none: "N"
            case .even: "E"
            case .odd: "O"
            }
        return "\(baud) 8\(letter)\(stopBits)"
    }

    /// The settings of a port at this rate.
    func settings(_ device: String) -> SerialSettings {
        let parity: SerialSettings.Parity =
            switch parity {
            case .none: .none
            case .even: .even
            case .odd: .odd
            }
        return SerialSettings(path: device, baud: baud, parity: parity, stopBits: stopBits)
    }
}

/// Where packs are looked for.
enum LinePlace: Sendable, CustomStringConvertible {
    /// A serial device by its path.
    case serial(String)
    /// A serial server or Modbus TCP unit.
    case network(HostAndPort)

    /// The path, or `host:port` as configurations write it.
    var description: String {
        switch self {
        case .serial(let path): path
        case .network(let address):
            address.host.contains(":")
                ? "[\(address.host)]:\(address.port)" : "\(address.host):\(address.port)"
        }
    }
}

/// What a scan of lines looks for: every map at its own rate, every unit id it may have.
struct LineScanRequest: Sendable {
    var places: [LinePlace]
    /// The maps to try, the likeliest first.
    var maps: [PackMap]
    /// Rates to use instead of those of the maps; empty uses the maps'.
    var bauds: [Int] = []
    /// Unit ids to ask instead of those of the maps; empty uses the maps'.
    var units: [UInt8] = []
    /// How long to listen at each rate before anything is sent.
    var listen = TimeSpan.seconds(2)
    /// Goes on with other rates and maps after packs were found.
    var isThorough = false

    /// How many unit ids of a map are asked: as many as one gateway looks after.
    private static let mostUnits = 16

    /// The rates to try, in the order of the maps.
    var rates: [LineRate] {
        var rates: [LineRate] = []
        for rate in maps.flatMap(rates(of:)) where !rates.contains(rate) { rates.append(rate) }
        return rates
    }

    /// The rates at which a map is tried.
    func rates(of map: PackMap) -> [LineRate] {
        let chosen = bauds.isEmpty ? [map.line.baud] : bauds
        return chosen.map {
            LineRate(baud: $0, parity: map.line.parity, stopBits: map.line.stopBits)
        }
    }

    /// The unit ids at which a map is tried: those its packs may have, at most 16.
    func units(of map: PackMap) -> [UInt8] {
        guard units.isEmpty else {
            return units.filter { map.unitRules.refusal(of: Int($0)) == nil }
        }
        let rules = map.unitRules
        let first = rules.first == 0 && rules.last == 247 ? 1 : rules.first
        return (first...max(first, rules.last)).filter { rules.refusal(of: $0) == nil }
            .prefix(Self.mostUnits).map { UInt8(clamping: $0) }
    }

    /// Pairs of map and unit in the order in which they are asked: the first unit of each map, then
    /// the second of each, because racks are numbered from their lowest address.
    func candidates(at rate: LineRate?) -> [(map: PackMap, unit: UInt8)] {
        let fitting = maps.filter { map in rate.map { rates(of: map).contains($0) } ?? true }
        let longest = fitting.map { units(of: $0).count }.max() ?? 0
        return (0..<longest).flatMap { step in
            fitting.compactMap { map in
                let units = units(of: map)
                return step < units.count ? (map, units[step]) : nil
            }
        }
    }
}

extension LineTiming {
    /// The timing of a map's exchanges at a rate; `extraMilliseconds` for serial servers.
    init(_ line: MapLine, at rate: LineRate?, extraMilliseconds: Int = 0) {
        let bits = 9 + (line.parity == .none ? 0 : 1) + line.stopBits
        self.init(
            baud: rate?.baud ?? line.baud, bitsPerCharacter: bits,
            gapMilliseconds: line.gapMilliseconds,
            turnRoundMilliseconds: line.turnRoundMilliseconds + extraMilliseconds,
            timeoutMilliseconds: line.timeoutMilliseconds)
    }
}
