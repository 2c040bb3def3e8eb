import FleetStore

private enum PackMember: String, CaseIterable {
    case pack, serial, status
    case age = "age_ms"
    case voltage = "voltage_v"
    case current = "current_a"
    case stateOfCharge = "soc_pct"
    case stateOfHealth = "soh_pct"
    case remaining = "remaining_ah"
    case full = "full_ah"
    case cycles
    case chargeLimit = "charge_current_limit_a"
    case dischargeLimit = "discharge_current_limit_a"
    case mosfetTemperature = "mosfet_temperature_c"
    case ambientTemperature = "ambient_temperature_c"
    case cells = "cells_mv"
    case probes = "probes_c"
    case balancing
    case chargeSwitch = "charge_switch"
    case dischargeSwitch = "discharge_switch"
    case warnings, protections, faults
    case flagWords = "flag_words"
}

private enum AgeMember: String, CaseIterable { case values, cells, flags }

extension RecordReader {
    private static let packTable = MemberTable<PackMember>()
    private static let ageTable = MemberTable<AgeMember>()
    private static let states = ["waiting", "online", "silent", "implausible"]
    private static let ages: ClosedRange<Int64> = 0...largest

    /// Reads 1 to 16 packs of different numbers; gives them in the order of their numbers.
    mutating func readPacks() throws(RecordFault) -> [PackSample] {
        let list = position
        try beginList()
        var packs: [PackSample] = []
        packs.reserveCapacity(16)
        var seen: UInt32 = 0
        var isAscending = true
        while try nextElement(packs.count, most: 16) {
            let start = position
            let pack = try readPack()
            let bit = UInt32(1) << UInt32(pack.pack)
            guard seen & bit == 0 else {
                throw .expected("a pack other than number \(pack.pack)", at: start)
            }
            if seen > bit { isAscending = false }
            seen |= bit
            packs.append(pack)
        }
        guard !packs.isEmpty else { throw .expected("at least one pack", at: list) }
        if !isAscending { packs.sort { $0.pack < $1.pack } }
        return packs
    }

    private mutating func readPack() throws(RecordFault) -> PackSample {
        var pack = PackSample(pack: 0)
        var object = try begin(Self.packTable)
        while let member = try next(&object) {
            switch member {
            case .pack: pack.pack = Int32(truncatingIfNeeded: try integer(1...16))
            case .serial: pack.serial = try takeNull() ? nil : string()
            case .status: pack.status = try word(Self.states)
            case .age: pack.ageMilliseconds = try age()
            case .voltage: pack.millivolts = try optionalInt32(3)
            case .current: pack.milliamperes = try optionalInt32(3)
            case .stateOfCharge: pack.stateOfCharge = try optionalInt32(2)
            case .stateOfHealth: pack.stateOfHealth = try optionalInt32(2)
            case .remaining: pack.remaining = try optionalInt32(3)
            case .full: pack.full = try optionalInt32(3)
            case .cycles: pack.cycles = try optionalInt32(0)
            case .chargeLimit, .dischargeLimit: _ = try optionalInt32(3)
            case .mosfetTemperature: pack.mosfetTemperature = try optionalInt32(1)
            case .ambientTemperature: pack.ambientTemperature = try optionalInt32(1)
            case .cells: pack.cells = try values(0, 0...Int64(Int16.max), most: 32)
            case .probes: pack.probes = try values(1, Int64(Int16.min)...Int64(Int16.max), most: 16)
            case .balancing: pack.balancing = try integer(0...Int64(UInt32.max))
            case .chargeSwitch: pack.chargeSwitch = try takeNull() ? nil : bool()
            case .dischargeSwitch: pack.dischargeSwitch = try takeNull() ? nil : bool()
            case .warnings: pack.warnings = try codes()
            case .protections: pack.protections = try codes()
            case .faults: pack.faults = try codes()
            case .flagWords: try skipFlagWords()
            }
        }
        return pack
    }

    /// Reads the ages; that of the values is kept.
    private mutating func age() throws(RecordFault) -> Int64? {
        var values: Int64?
        var object = try begin(Self.ageTable)
        while let member = try next(&object) {
            let age = try optionalDecimal(0, Self.ages)
            if member == .values { values = age }
        }
        return values
    }

    /// Reads a list of numbers that 16 bits hold.
    private mutating func values(
        _ decimals: Int, _ range: ClosedRange<Int64>, most: Int
    ) throws(RecordFault) -> [Int16?] {
        try beginList()
        var values: [Int16?] = []
        values.reserveCapacity(most / 2)
        while try nextElement(values.count, most: most) {
            values.append(
                try optionalDecimal(decimals, range).map { Int16(truncatingIfNeeded: $0) })
        }
        return values
    }

    /// Reads the flags as the pack sent them; their meaning is in the alarms already.
    private mutating func skipFlagWords() throws(RecordFault) {
        try beginList()
        var count = 0
        while try nextElement(count, most: 24) {
            _ = try integer(0...0xFFFF)
            count += 1
        }
    }
}
