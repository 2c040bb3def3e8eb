import Bank
import CANBus
import CANProfile
import Modbus
import PackMap
import Quantities
import SerialPort

/// A configuration joined with the maps and the profile it names, out of a set that has proved
/// itself: everything that can be checked before a device is opened.
struct GatewayPlan {
    let configuration: GatewayConfiguration
    let lines: [LineSetup]
    let profile: CANProfile
    /// Frames of other battery families, which tell of a wrong setting.
    let foreign: ForeignFrames
    let bank: BankConfiguration
    /// The set they come from, `base 1.0.0, release 1`.
    let profileSet: String

    /// Proves the set and takes maps and profile; throws all faults of a set that has any.
    init(_ configuration: GatewayConfiguration) throws {
        self.configuration = configuration
        let store = try ProfileStore(path: configuration.profilesPath)
        profileSet = store.current.words
        profile = try store.profile(
            configuration.inverter.profile, quirks: configuration.inverter.quirks)
        if profile.isExperimental, !configuration.experimentalProfiles {
            throw ProfileStoreError(
                description:
                    "inverter profile '\(profile.id)' comes from one unconfirmed source; it is used with 'experimental = true' below [profiles]"
            )
        }
        foreign = store.current.foreign
        var setups: [LineSetup] = []
        var bank = BankConfiguration()
        var position = 0
        for settings in configuration.lines {
            let map = try store.map(settings.map)
            setups.append(LineSetup(settings, map: map, firstPosition: position))
            for index in settings.units.indices where position + index < PackTable.maximumPacks {
                bank.packs[position + index] = map.limits
            }
            position += settings.units.count
        }
        lines = setups
        bank.apply(configuration.bank)
        self.bank = bank
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
    }
}
