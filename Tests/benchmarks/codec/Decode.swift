import Bank
import Glibc
import Modbus
import PackMap
import Quantities

/// Decodes plausible blocks of the maps named on the command line, and one of 40 registers.
///
/// Prints one JSON object a line: block, registers and nanoseconds of processor time.
@main struct Decode {
    static func main() throws {
        for path in CommandLine.arguments.dropFirst() {
            let bytes = try read(path)
            let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
                .joined(separator: "/")
            let map = try PackMap.load(bytes, name: path) { try? read("\(folder)/\($0).json") }
            for block in map.plan.blocks.indices {
                show("\(map.id) \(map.blockNames[block])", map, block)
            }
            guard map.id == "pace-v1.3" else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            let wide = text.split(separator: "\"count\": 13").joined(
                separator: "\"count\": 40, \"fixed\": true")
            let name = "40 registers: 26 values, 4 probes and 4 flag words"
            show(name, try PackMap.load(Array(wide.utf8), name: "wide"), 0)
        }
    }

    /// Says nothing of a block that takes no made-up values.
    static func show(_ name: String, _ map: PackMap, _ block: Int) {
        let cost = time(map, block: block)
        guard cost.isFinite else { return }
        let registers = map.plan.blocks[block].count
        print("{\"block\":\"\(name)\",\"registers\":\(registers),\"ns\":\(cost)}")
    }

    /// The best of seven rounds, in nanoseconds of processor time for one block.
    static func time(_ map: PackMap, block: Int) -> Double {
        let plan = map.plan
        let image = plan.encode(healthy(map), identity: PackIdentity())
        guard let request = plan.blocks[block].request(to: UnitID(1)),
            case .success(let data) = image.reply(to: request)
        else { return .infinity }
        let repeats = 50_000
        var reading = PackReading()
        var identity = PackIdentity()
        var best = Double.infinity
        for _ in 0..<7 {
            let began = nanoseconds()
            for round in 0..<repeats {
                let verdict = plan.decode(
                    block: block, data, at: Instant(nanoseconds: Int64(round)), into: &reading,
                    identity: &identity)
                guard verdict == .accepted else { return .infinity }
            }
            best = min(best, Double(nanoseconds() - began) / Double(repeats))
        }
        return best
    }

    /// A pack that the gate of its map lets through.
    static func healthy(_ map: PackMap) -> PackReading {
        let now = Instant(nanoseconds: 0)
        var reading = PackReading()
        for word in MapWords.signals {
            let natural: Int32 =
                word.name.hasSuffix("voltage_limit") || word.signal == .voltage ? 53 : 20
            reading.set(word.signal, to: natural * Int32(word.factor), at: now)
        }
        reading.set(.voltage, to: Int32(map.seriesCells) * 3300, at: now)
        for signal in [PackSignal.cellVoltageMean, .cellVoltageMaximum, .cellVoltageMinimum] {
            reading.set(signal, to: 3300, at: now)
        }
        for cell in 0..<map.seriesCells { reading.setCell(cell, millivolts: 3300) }
        for probe in 0..<8 { reading.setProbe(probe, decidegrees: 215) }
        return reading
    }

    static func nanoseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)  // other programs do not count
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }

    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw Missing(path: path) }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }

    struct Missing: Error { let path: String }
}
