import Bank
import CANBus
import CANProfile
import Glibc
import Quantities

/// Encodes the six frames of the Pylontech profile over and over, with 64 states.
///
/// `Encode PROFILE-JSON FRAMES-DBC SETS` prints one JSON object: nanoseconds of processor time for a
/// frame, frames encoded and a sum over their bits.
@main struct Encode {
    static func main() throws {
        let words = CommandLine.arguments
        guard words.count == 4, let sets = Int(words[3]), sets > 0 else {
            print("usage: Encode PROFILE-JSON FRAMES-DBC SETS")
            exit(2)
        }
        let profile = try CANProfile.load(
            profile: try read(words[1]), layout: try read(words[2]), name: "bench")
        let plan = profile.plan
        let states = (0..<64).map { round in
            var values = steady
            change(&values, Int32(round))
            return values
        }
        var sum: UInt64 = 0
        var frames = 0
        let began = nanoseconds()
        for values in states {
            for _ in 0..<(sets / states.count) {
                for index in plan.frames.indices {
                    guard let frame = plan.encode(index, values) else { continue }
                    sum &+= frame.bits
                    frames += 1
                }
            }
        }
        let cost = Double(nanoseconds() - began) / Double(max(1, frames))
        print("{\"enc_ns_frame\":\(cost),\"frames\":\(frames),\"check\":\(sum % 1_000_003)}")
        exit(frames == sets / states.count * states.count * plan.frames.count ? 0 : 1)
    }

    /// What does not change between two rounds.
    static var steady: BankValues {
        var values = BankValues()
        for value in BankValue.allCases { values[value] = 0 }
        values[.stateOfHealth] = 9_900
        values[.chargeEnabled] = 1
        values[.dischargeEnabled] = 1
        return values
    }

    /// The numbers that the peers change, too.
    static func change(_ values: inout BankValues, _ round: Int32) {
        let millivolts = 52_000 + round % 97 * 100
        values[.chargeVoltageLimit] = millivolts
        values[.chargeCurrentLimit] = millivolts
        values[.dischargeCurrentLimit] = millivolts
        values[.dischargeVoltageLimit] = millivolts - 8_000
        values[.stateOfCharge] = round % 101 * 100
        values[.voltage] = millivolts
        values[.current] = -millivolts
        values[.temperatureMean] = millivolts / 200
        values[.packsOnline] = round % 17
        values[.forceCharge] = round & 1
        values.protections = AlarmSet(rawValue: UInt64(round & 1))
        values.warnings = AlarmSet(rawValue: UInt64(round & 2) << 24)
    }

    static func nanoseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)  // other programs do not count
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }

    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw Missing(path: path) }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }

    struct Missing: Error { let path: String }
}
