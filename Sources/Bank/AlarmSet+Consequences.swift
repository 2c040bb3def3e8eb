extension AlarmSet {
    /// Protections and faults with which a pack must not be charged.
    package static let blockingCharge: AlarmSet = [
        of(.cellOvervoltage), of(.packOvervoltage), of(.chargeOvercurrent),
        of(.chargerOvervoltage), of(.chargeOvertemperature), of(.chargeUndertemperature),
        of(.chargeMOSFETFault), blockingBoth,
    ]

    /// Protections and faults with which a pack must not be discharged.
    package static let blockingDischarge: AlarmSet = [
        of(.cellUndervoltage), of(.packUndervoltage), of(.dischargeOvercurrent),
        of(.dischargeOvertemperature), of(.dischargeUndertemperature),
        of(.dischargeMOSFETFault), blockingBoth,
    ]

    /// What ends both: the pack is hot, shorted, or can no longer see its own cells.
    private static let blockingBoth: AlarmSet = [
        of(.shortCircuit), of(.mosfetOvertemperature), of(.ambientOvertemperature),
        of(.ambientUndertemperature), of(.cellFault), of(.frontEndFault),
        of(.temperatureSensorFault), of(.voltageSensorFault), of(.currentSensorFault),
        of(.senseWireFault), of(.reverseConnection), of(.shutdownSwitch), of(.fireGas),
        of(.internalCommunicationFault),
    ]

    private static func of(_ kind: AlarmKind) -> AlarmSet { AlarmSet(kind) }
}
