/// What can be wrong with a pack or with the bank, in one vocabulary for every brand.
///
/// The raw value is the bit in an ``AlarmSet`` and is stored and sent; numbers are never reused.
package enum AlarmKind: UInt8, CaseIterable, Sendable {
    case cellOvervoltage = 0
    case cellUndervoltage = 1
    case packOvervoltage = 2
    case packUndervoltage = 3
    case chargeOvercurrent = 4
    case dischargeOvercurrent = 5
    case shortCircuit = 6
    case chargerOvervoltage = 7
    case chargeOvertemperature = 8
    case dischargeOvertemperature = 9
    case chargeUndertemperature = 10
    case dischargeUndertemperature = 11
    case ambientOvertemperature = 12
    case ambientUndertemperature = 13
    case mosfetOvertemperature = 14
    case stateOfChargeLow = 15
    case cellImbalance = 16
    case temperatureImbalance = 17
    case chargeMOSFETFault = 18
    case dischargeMOSFETFault = 19
    case temperatureSensorFault = 20
    case voltageSensorFault = 21
    case currentSensorFault = 22
    case cellFault = 23
    case frontEndFault = 24
    case internalCommunicationFault = 25
    case heaterFault = 26
    case senseWireFault = 27
    case reverseConnection = 28
    case shutdownSwitch = 29
    case fireGas = 30
    case memoryFault = 31
    case otherFault = 32
    /// Found by the gateway: a configured pack does not answer.
    case packSilent = 48
    /// Found by the gateway: a pack answers with impossible values.
    case packImplausible = 49
    /// Found by the gateway: two unit ids report one serial number.
    case duplicateSerialNumber = 50
    /// Found by the gateway: a unit id reports another serial number than before.
    case packReplaced = 51
    /// Found by the gateway: somebody else polls the line.
    case foreignMaster = 52
    /// Found by the gateway: the inverter's keep-alive stopped.
    case inverterSilent = 53
    /// Found by the gateway: the CAN controller is off the bus or its interface is gone.
    case busDown = 54
    /// Found by the gateway: the inverter asks to stop, or for something else its profile names.
    case inverterRequest = 55
}

/// A set of alarm kinds at one level.
package struct AlarmSet: OptionSet, Hashable, Sendable {
    /// Bit n stands for the kind with raw value n.
    package let rawValue: UInt64

    /// Makes a set from its bits.
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Makes the set of one kind.
    package init(_ kind: AlarmKind) { rawValue = 1 << UInt64(kind.rawValue) }

    /// Whether the kind is raised.
    package func contains(_ kind: AlarmKind) -> Bool {
        rawValue & (1 << UInt64(kind.rawValue)) != 0
    }

    /// Raises one kind.
    package mutating func insert(_ kind: AlarmKind) { self = union(AlarmSet(kind)) }
}

/// States a pack reports that are no alarms.
package struct PackStates: OptionSet, Hashable, Sendable {
    /// One bit for each state below.
    package let rawValue: UInt32

    /// Makes a set from its bits.
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let charging = PackStates(rawValue: 1 << 0)
    package static let discharging = PackStates(rawValue: 1 << 1)
    package static let chargeMOSFETOn = PackStates(rawValue: 1 << 2)
    package static let dischargeMOSFETOn = PackStates(rawValue: 1 << 3)
    package static let chargeLimiterOn = PackStates(rawValue: 1 << 4)
    package static let heaterOn = PackStates(rawValue: 1 << 5)
    package static let full = PackStates(rawValue: 1 << 6)
    package static let standby = PackStates(rawValue: 1 << 7)
    package static let poweredOff = PackStates(rawValue: 1 << 8)
    package static let forceCharge = PackStates(rawValue: 1 << 9)
    package static let fullChargeRequest = PackStates(rawValue: 1 << 10)
    package static let floating = PackStates(rawValue: 1 << 11)
}
