import FleetStore

private enum TelemetryMember: String, CaseIterable {
    case schema, gateway, epoch
    case sequence = "seq"
    case time, outbox, bank, limits, alarms, inverter, packs
}

private enum BankMember: String, CaseIterable {
    case mode
    case configured = "packs_configured"
    case online = "packs_online"
    case voltage = "voltage_v"
    case current = "current_a"
    case power = "power_w"
    case stateOfCharge = "soc_pct"
    case stateOfHealth = "soh_pct"
    case remaining = "remaining_ah"
    case full = "full_ah"
    case cycles
    case temperatureMean = "temperature_mean_c"
    case temperatureMaximum = "temperature_max_c"
    case temperatureMinimum = "temperature_min_c"
    case cellMaximum = "cell_max_mv"
    case cellMinimum = "cell_min_mv"
}

private enum ExtremeMember: String, CaseIterable { case value, pack, cell }

private enum LimitsMember: String, CaseIterable {
    case chargeVoltage = "charge_voltage_v"
    case dischargeVoltage = "discharge_voltage_v"
    case chargeCurrent = "charge_current_a"
    case dischargeCurrent = "discharge_current_a"
    case chargeEnabled = "charge_enabled"
    case dischargeEnabled = "discharge_enabled"
    case forceCharge = "force_charge"
    case fullChargeRequest = "full_charge_request"
}

private enum LimitMember: String, CaseIterable { case value, rule, pack, cell }
private enum AlarmsMember: String, CaseIterable { case warnings, protections, faults }

private enum InverterMember: String, CaseIterable {
    case profile
    case keepAlive = "keep_alive"
    case bus
    case framesSent = "frames_sent"
    case framesReceived = "frames_received"
}

extension RecordReader {
    private static let telemetryTable = MemberTable<TelemetryMember>(optional: [.outbox])
    private static let bankTable = MemberTable<BankMember>()
    private static let extremeTable = MemberTable<ExtremeMember>()
    private static let limitsTable = MemberTable<LimitsMember>()
    private static let limitTable = MemberTable<LimitMember>()
    private static let alarmsTable = MemberTable<AlarmsMember>()
    private static let inverterTable = MemberTable<InverterMember>()
    private static let modes = ["starting", "running", "stopped"]
    private static let keepAlives = ["unseen", "present", "silent"]
    private static let buses = ["active", "warning", "passive", "bus_off", "down", "removed"]
    /// Beyond it a sum of capacities is a fault of whoever made it, in mAh either way.
    private static let capacities: ClosedRange<Int64> = -1_000_000_000_000...1_000_000_000_000

    /// Reads a record of schema `amphora/telemetry/v1`.
    mutating func telemetry(from gateway: String) throws(RecordFault) -> FleetRecord {
        var head = RecordHead()
        var bank = BankSample()
        var packs: [PackSample] = []
        var object = try begin(Self.telemetryTable)
        while let member = try next(&object) {
            switch member {
            case .schema: _ = try readText("a text")
            case .gateway: try self.gateway(gateway)
            case .epoch: head.epoch = try number()
            case .sequence: head.sequence = try number()
            case .time: head.clock = try clock()
            case .bank: try readBank(&bank)
            case .limits: try readLimits(&bank)
            case .alarms: try readAlarms(&bank)
            case .inverter: try readInverter(&bank)
            case .packs: packs = try readPacks()
            case .outbox: head.outbox = try outbox()
            }
        }
        return head.record(from: gateway, .telemetry(bank, packs))
    }

    private mutating func readBank(_ bank: inout BankSample) throws(RecordFault) {
        var object = try begin(Self.bankTable)
        while let member = try next(&object) {
            switch member {
            case .mode: bank.mode = try word(Self.modes)
            case .configured: bank.packsConfigured = Int32(try integer(1...16))
            case .online: bank.packsOnline = Int32(try integer(0...16))
            case .voltage: bank.millivolts = try optionalInt32(3)
            case .current: bank.milliamperes = try optionalInt32(3)
            case .power: bank.watts = try optionalInt32(0)
            case .stateOfCharge: bank.stateOfCharge = try optionalInt32(2)
            case .stateOfHealth: bank.stateOfHealth = try optionalInt32(2)
            case .remaining: bank.remaining = try optionalDecimal(3, Self.capacities)
            case .full: bank.full = try optionalDecimal(3, Self.capacities)
            case .cycles: _ = try optionalInt32(0)
            case .temperatureMean: bank.temperatureMean = try optionalInt32(1)
            case .temperatureMaximum: bank.temperatureMaximum = try extreme(1)
            case .temperatureMinimum: bank.temperatureMinimum = try extreme(1)
            case .cellMaximum: bank.cellMaximum = try extreme(0)
            case .cellMinimum: bank.cellMinimum = try extreme(0)
            }
        }
    }

    /// Reads a highest or lowest value; where it was measured is told by the packs themselves.
    private mutating func extreme(_ decimals: Int) throws(RecordFault) -> Int32? {
        if try takeNull() { return nil }
        var value: Int32 = 0
        var object = try begin(Self.extremeTable)
        while let member = try next(&object) {
            switch member {
            case .value: value = try int32(decimals)
            case .pack: _ = try integer(1...16)
            case .cell: _ = try integer(0...32)
            }
        }
        return value
    }

    private mutating func int32(_ decimals: Int, from low: Int64 = Int64(Int32.min))
        throws(RecordFault)
        -> Int32
    {
        Int32(truncatingIfNeeded: try decimal(decimals, low...Int64(Int32.max)))
    }

    private mutating func readLimits(_ bank: inout BankSample) throws(RecordFault) {
        var object = try begin(Self.limitsTable)
        while let member = try next(&object) {
            switch member {
            case .chargeVoltage: bank.chargeVoltage = try limit().value
            case .dischargeVoltage: bank.dischargeVoltage = try limit().value
            case .chargeCurrent:
                let limit = try limit()
                bank.chargeCurrent = limit.value
                (bank.chargePack, bank.chargeCell) = (limit.pack, limit.cell)
                bank.chargeRule = String(decoding: bytes[limit.rule], as: UTF8.self)
            case .dischargeCurrent:
                let limit = try limit()
                bank.dischargeCurrent = limit.value
                (bank.dischargePack, bank.dischargeCell) = (limit.pack, limit.cell)
                bank.dischargeRule = String(decoding: bytes[limit.rule], as: UTF8.self)
            case .chargeEnabled, .dischargeEnabled, .forceCharge, .fullChargeRequest:
                _ = try bool()
            }
        }
    }

    /// Reads a limit, the place of the name of the rule that set it, and what that looked at.
    private mutating func limit() throws(RecordFault) -> (
        value: Int32, rule: Range<Int>, pack: Int32?, cell: Int32?
    ) {
        var value: Int32 = 0
        var rule = 0..<0
        var (pack, cell): (Int32, Int32) = (0, 0)
        var object = try begin(Self.limitTable)
        while let member = try next(&object) {
            switch member {
            case .value: value = try int32(3, from: 0)
            case .rule: rule = try code()
            case .pack: pack = Int32(try integer(0...16))
            case .cell: cell = Int32(try integer(0...32))
            }
        }
        // 0 is the bank as a whole, or the pack
        return (value, rule, pack > 0 ? pack : nil, cell > 0 ? cell : nil)
    }

    private mutating func readAlarms(_ bank: inout BankSample) throws(RecordFault) {
        var object = try begin(Self.alarmsTable)
        while let member = try next(&object) {
            switch member {
            case .warnings: bank.warnings = try codes()
            case .protections: bank.protections = try codes()
            case .faults: bank.faults = try codes()
            }
        }
    }

    /// Reads a list of codes, each once, joined by commas.
    mutating func codes() throws(RecordFault) -> String {
        try beginList()
        var places: [Range<Int>] = []
        while try nextElement(places.count, most: 64) {
            let start = position
            let code = try code()
            guard !places.contains(where: { bytes[$0] == bytes[code] }) else {
                throw .expected("a code that has not come before", at: start)
            }
            places.append(code)
        }
        guard !places.isEmpty else { return "" }
        var joined: [UInt8] = []
        for place in places {
            if !joined.isEmpty { joined.append(UInt8(ascii: ",")) }
            joined += bytes[place]
        }
        return String(decoding: joined, as: UTF8.self)
    }

    private mutating func readInverter(_ bank: inout BankSample) throws(RecordFault) {
        var object = try begin(Self.inverterTable)
        while let member = try next(&object) {
            switch member {
            case .profile: bank.profile = try string()
            case .keepAlive: bank.keepAlive = try word(Self.keepAlives)
            case .bus: bank.bus = try word(Self.buses)
            case .framesSent: bank.framesSent = try integer(0...Self.largest)
            case .framesReceived: bank.framesReceived = try integer(0...Self.largest)
            }
        }
    }
}
