import Bank
import CANBus
import CANProfile
import GatewaySettings
import Modbus
import PackMap
import ProfileSet
import Quantities
import SerialPort

/// A configuration joined with the maps and the profile it names, out of a set that has proved
/// itself: everything that can be checked before a device is opened.
struct GatewayPlan: Sendable {
    let configuration: GatewayConfiguration
    let lines: [LineSetup]
    let profile: CANProfile
    /// Frames of other battery families, which tell of a wrong setting.
    let foreign: ForeignFrames
    private(set) var bank: BankConfiguration
    /// The version of the fleet's document in the configuration; nil when there is none.
    private(set) var version: Int?
    /// What the fleet asked for and the site holds back.
    private(set) var held: [HeldSetting] = []
    /// The set they come from, `base 1.0.0, release 1`.
    let profileSet: String
    /// One hash for each map and for the profile, by id: what changes between sets begins anew.
    private(set) var marks: [SetPart: String] = [:]

    /// Proves what the configuration uses of the set and takes it; throws every fault.
    ///
    /// The whole set is proved by its author and before a gateway goes over to it. At a start only
    /// what is used counts: a house must not stay dark because of a map it does not have.
    init(_ configuration: GatewayConfiguration) throws {
        let part = SetPart(
            maps: configuration.lines.map(\.map), profiles: [configuration.inverter.profile])
        let store = try ProfileStore(path: configuration.profilesPath, part: part)
        let profile = try store.profile(
            configuration.inverter.profile, quirks: configuration.inverter.quirks)
        try self.init(
            configuration, profile: profile, foreign: store.current.foreign,
            profileSet: store.current.words
        ) { name in try store.map(name) }
        for one in Self.parts(configuration) { marks[one] = store.current.fingerprint(of: one) }
    }

    /// Each map and the profile by itself.
    private static func parts(_ configuration: GatewayConfiguration) -> [SetPart] {
        let maps = Set(configuration.lines.map(\.map)).map { SetPart(maps: [$0], profiles: []) }
        return maps + [SetPart(maps: [], profiles: [configuration.inverter.profile])]
    }

    /// The same configuration with the set of another folder; throws every fault.
    func using(profiles path: String) throws -> GatewayPlan {
        var configuration = configuration
        configuration.profilesPath = path
        var plan = try GatewayPlan(configuration)
        plan.version = version
        plan.held = held
        plan.bank.remoteCeilings = bank.remoteCeilings
        return plan
    }

    /// The same with what the fleet said of it: its ceilings show as the fleet's (rule 9).
    ///
    /// `profiles` is the folder of an assigned set, nil for the one that the configuration names.
    init(_ layers: LayeredConfiguration, profiles: String? = nil) throws {
        var configuration = layers.configuration
        if let profiles { configuration.profilesPath = profiles }
        try self.init(configuration)
        version = layers.version
        held = layers.held
        let ceilings: [(String, RemoteCeilings)] = [
            ("charge_current_limit_a", .chargeCurrent),
            ("discharge_current_limit_a", .dischargeCurrent),
            ("charge_voltage_limit_v", .chargeVoltage),
            ("discharge_voltage_limit_v", .dischargeVoltage),
            ("pack_charge_current_limit_a", .packChargeCurrent),
            ("pack_discharge_current_limit_a", .packDischargeCurrent),
        ]
        for (key, ceiling) in ceilings where layers.layer(of: "bank.\(key)") == .remote {
            bank.remoteCeilings.insert(ceiling)
        }
    }

    /// Joins what is proved already with the configuration; throws every disagreement.
    init(
        _ configuration: GatewayConfiguration, profile: CANProfile, foreign: ForeignFrames,
        profileSet: String, map: (String) throws -> PackMap
    ) throws {
        self.configuration = configuration
        self.profile = profile
        self.foreign = foreign
        self.profileSet = profileSet
        if profile.isExperimental, !configuration.allowsExperimental {
            throw ProfileStoreError(
                description:
                    "inverter profile '\(profile.id)' comes from one unconfirmed source; it is used with 'experimental = true' below [profiles]"
            )
        }
        var setups: [LineSetup] = []
        var bank = BankConfiguration()
        var position = 0
        var faults: [String] = []
        for settings in configuration.lines {
            let map = try map(settings.map)
            faults += Self.faults(settings, map, configuration)
            setups.append(LineSetup(settings, map: map, firstPosition: position))
            for index in settings.units.indices where position + index < PackTable.maximumPacks {
                bank.packs[position + index] = map.limits
            }
            position += settings.units.count
        }
        guard faults.isEmpty else { throw GatewayPlanError(faults: faults) }
        lines = setups
        bank.apply(configuration.bank)
        self.bank = bank
    }

    /// What forbids a map on its line.
    private static func faults(
        _ line: LineSettings, _ map: PackMap, _ configuration: GatewayConfiguration
    ) -> [String] {
        var faults: [String] = []
        if map.isExperimental, !configuration.allowsExperimental {
            faults.append(
                "map '\(map.id)' is known from one implementation only; set 'profiles.experimental' "
                    + "to true to use it")
        }
        for unit in line.units {
            if let reason = map.unitRules.refusal(of: unit) {
                faults.append("map '\(map.id)': \(reason)")
            }
        }
        if map.plan.isRelative, line.baseAddress == nil {
            faults.append(
                "map '\(map.id)' has relative addresses; 'base_address' is missing, expected where "
                    + "they begin")
        } else if !map.plan.isRelative, line.baseAddress != nil {
            faults.append("map '\(map.id)' has its own addresses; 'base_address' is not for it")
        }
        if line.framing == .tcp, map.plan.blocks.contains(where: { !$0.isOrdinary }) {
            faults.append(
                "map '\(map.id)' has requests that Modbus TCP does not carry; a serial server with "
                    + "framing = \"rtu-over-tcp\" does")
        }
        return faults.map { "line '\(line.name)': \($0)" }
    }

    /// How many packs are configured.
    var packCount: Int { lines.reduce(0) { $0 + $1.units.count } }

    /// What a missing keep-alive does here; nil leaves it to the profile.
    var keepAliveAction: KeepAliveAction? {
        switch configuration.inverter.keepAlive {
        case .profile: nil
        case .off: .off
        case .report: .report
        case .stop: .stop
        }
    }
}

/// Why a configuration and its maps do not fit together; all faults at once.
struct GatewayPlanError: Error, CustomStringConvertible {
    /// One sentence for each fault.
    let faults: [String]

    var description: String { faults.joined(separator: "\n") }
}

extension BankConfiguration {
    /// Takes the installer's settings over.
    mutating func apply(_ settings: BankSettings) {
        chargeCurrentCeiling = settings.chargeCurrentLimit.map(Current.init(units:))
        dischargeCurrentCeiling = settings.dischargeCurrentLimit.map(Current.init(units:))
        chargeVoltageCeiling = settings.chargeVoltageLimit.map(Voltage.init(units:))
        dischargeVoltageFloor = settings.dischargeVoltageLimit.map(Voltage.init(units:))
        packChargeCurrentCeiling = settings.packChargeCurrentLimit.map(Current.init(units:))
        packDischargeCurrentCeiling = settings.packDischargeCurrentLimit.map(Current.init(units:))
        minimumPacks = settings.minimumPacks
        startWait = .seconds(Int64(settings.startWaitSeconds))
        valueLimit = .seconds(Int64(settings.valueLimitSeconds))
        cellLimit = .seconds(Int64(settings.cellLimitSeconds))
        riseMilliamperesPerSecond = settings.riseMilliamperesPerSecond
    }
}

extension LineSetup {
    /// Joins a line's settings with what its map asks for.
    init(_ settings: LineSettings, map: PackMap, firstPosition: Int) {
        let parity: SerialSettings.Parity =
            switch settings.parity.map(\.rawValue) ?? map.line.parity.rawValue {
            case "even": .even
            case "odd": .odd
            default: .none
            }
        let rs485: SerialSettings.RS485 =
            switch settings.rs485 {
            case .off: .off
            case .auto: .auto
            case .on: .on
            }
        let serial = SerialSettings(
            path: settings.device ?? "", baud: settings.baud ?? map.line.baud, parity: parity,
            stopBits: settings.stopBits ?? map.line.stopBits, rs485: rs485)
        name = settings.name
        endpoint =
            settings.address.flatMap(HostAndPort.init).map(Endpoint.tcp) ?? .serial(serial)
        framing =
            switch settings.framing {
            case .rtu: .rtu
            case .tcp: .tcp
            case .rtuOverTCP: .rtuOverTCP
            }
        self.map = map
        plan = map.plan.relocated(to: UInt16(clamping: settings.baseAddress ?? 0))
        units = settings.units.map { UnitID(UInt8(clamping: $0)) }
        self.firstPosition = firstPosition
        timing = LineTiming(
            baud: serial.baud, bitsPerCharacter: serial.bitsPerCharacter,
            gapMilliseconds: settings.framing == .tcp ? 0 : map.line.gapMilliseconds,
            turnRoundMilliseconds: map.line.turnRoundMilliseconds
                + (settings.address == nil ? 0 : 200),
            timeoutMilliseconds: settings.replyTimeoutMilliseconds ?? map.line.timeoutMilliseconds)
        cycle = .milliseconds(Int64(settings.cycleMilliseconds))
        listen = .milliseconds(Int64(settings.listenMilliseconds))
        isFollowing = settings.mode == .listen
    }
}
