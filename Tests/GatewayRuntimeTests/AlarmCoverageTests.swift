import Bank
import CANBus
import CANProfile
import PackMap
import Quantities
import Testing

@testable import GatewayRuntime

/// Whatever any shipped map can raise, every shipped profile can say (rule 4).
@Suite struct AlarmCoverageTests {
    struct Alarm: Hashable, CustomStringConvertible {
        let kind: AlarmKind
        let level: AlarmChange.Level
        var description: String { "\(level).\(kind.code)" }
    }

    /// What an inverter cannot be told by a bit, with the reason; none so far.
    private static let exceptions: [String: (alarms: Set<String>, reason: String)] = [:]

    /// Profiles that tell one level for all alarms: a fault takes the place of a protection.
    private static let levelsOnly: Set<String> = ["megarevo-1.0"]

    /// Protections and faults in the flag words of all shipped maps.
    private static func raised() throws -> [Alarm: [String]] {
        var found: [Alarm: [String]] = [:]
        for id in ShippedSet.mapIDs {
            for alarm in try ShippedSet.map(id).plan.alarms {
                found[alarm, default: []].append(id)
            }
        }
        return found
    }

    @Test(arguments: MatrixCase.variants(packs: 1))
    func `every protection and fault of any pack changes a bit of some frame`(_ row: MatrixCase)
        throws
    {
        let profile = try row.load()
        let pardoned = Self.exceptions[row.name]?.alarms ?? []
        let raised = try Self.raised()
        #expect(raised.count > 30)
        for (alarm, maps) in raised {
            let isShown = !AlarmBits.masks(alarm.kind, alarm.level, profile).isEmpty
            #expect(
                isShown != pardoned.contains(alarm.description),
                "\(alarm) of \(maps.prefix(3).joined(separator: ", "))")
        }
    }

    /// A bit that flips the wrong way would hide the alarm of a pack that joins another's.
    @Test(arguments: ShippedSet.profileIDs)
    func `an alarm that joins others takes none of their bits back`(_ id: String) throws {
        guard !Self.levelsOnly.contains(id) else { return }
        let profile = try ShippedSet.profile(id)
        let alarms = try Self.raised().keys.sorted { $0.description < $1.description }
        var all = BankValues.everyday
        all[.alarmLevel] = 3
        for alarm in alarms {
            if alarm.level == .protection { all.protections.insert(alarm.kind) }
            if alarm.level == .fault { all.faults.insert(alarm.kind) }
        }
        var bits: [CANIdentifier: UInt64] = [:]
        var calm: [CANIdentifier: UInt64] = [:]
        for index in profile.plan.frames.indices {
            var quiet = BankValues.everyday
            quiet[.alarmLevel] = 0
            if let frame = profile.plan.encode(index, all) { bits[frame.identifier] = frame.bits }
            if let frame = profile.plan.encode(index, quiet) { calm[frame.identifier] = frame.bits }
        }
        for alarm in alarms {
            for (id, mask) in AlarmBits.masks(alarm.kind, alarm.level, profile) {
                let flipped = bits[id, default: 0] ^ calm[id, default: 0]
                #expect(flipped & mask != 0, "\(alarm) in \(id)")
            }
        }
    }
}

extension ReadPlan {
    /// Protections and faults that its flag words can raise.
    var alarms: Set<AlarmCoverageTests.Alarm> {
        Set(
            rules.compactMap { rule in
                switch rule.meaning {
                case .protection(let kind): AlarmCoverageTests.Alarm(kind: kind, level: .protection)
                case .fault(let kind): AlarmCoverageTests.Alarm(kind: kind, level: .fault)
                case .warning, .state: nil
                }
            })
    }
}
