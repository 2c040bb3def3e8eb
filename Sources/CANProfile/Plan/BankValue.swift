import Bank
import Quantities

/// The values of the bank that a profile may put into a frame.
///
/// The raw value is the place in ``BankValues``.
package enum BankValue: UInt8, CaseIterable, Sendable {
    /// mV
    case voltage
    /// mA, positive charges
    case current
    /// 0.1 °C
    case temperatureMean, temperatureMaximum, temperatureMinimum
    /// 0.01 %
    case stateOfCharge, stateOfHealth
    /// mAh
    case remainingCapacity, fullCapacity
    /// count
    case cycles
    /// mV
    case chargeVoltageLimit, dischargeVoltageLimit
    /// mA, never negative
    case chargeCurrentLimit, dischargeCurrentLimit
    /// 0 or 1
    case chargeEnabled, dischargeEnabled, forceCharge, fullChargeRequest
    /// count
    case packsConfigured, packsOnline, packsOffline, packsChargeBlocked, packsDischargeBlocked
    /// mV
    case cellMaximum, cellMinimum
    /// number from 1
    case cellMaximumPack, cellMaximumCell, cellMinimumPack, cellMinimumCell

    /// How many there are.
    package static var count: Int { 29 }
}

/// A bank state flattened for encoding: plain numbers and alarm bits, no heap.
package struct BankValues: Sendable {
    private var numbers: InlineArray<29, Int32> = .init(repeating: .min)
    /// Warnings of any pack and of the gateway.
    package var warnings: AlarmSet = []
    /// Protections of any pack.
    package var protections: AlarmSet = []
    /// Faults of any pack.
    package var faults: AlarmSet = []

    /// Nothing known.
    package init() {}

    /// A value in its own unit; nil is unknown.
    package subscript(value: BankValue) -> Int32? {
        get {
            let number = numbers[Int(value.rawValue)]
            return number == .min ? nil : number
        }
        set { numbers[Int(value.rawValue)] = newValue ?? .min }
    }

    /// As the encoder reads it: `Int32.min` is unknown.
    @inline(__always)
    func raw(_ index: UInt8) -> Int32 { numbers[Int(index)] }

    /// Takes what a state knows.
    package init(_ state: BankState) {
        self[.voltage] = state.voltage?.units
        self[.current] = state.current?.units
        self[.temperatureMean] = state.temperatureMean?.units
        self[.temperatureMaximum] = state.temperatureMaximum?.value.units
        self[.temperatureMinimum] = state.temperatureMinimum?.value.units
        self[.stateOfCharge] = state.stateOfCharge?.units
        self[.stateOfHealth] = state.stateOfHealth?.units
        self[.remainingCapacity] = state.remainingCapacity?.units
        self[.fullCapacity] = state.fullCapacity?.units
        self[.cycles] = state.cycles
        setLimits(state)
        self[.packsConfigured] = Int32(state.packsConfigured)
        self[.packsOnline] = Int32(state.packsOnline)
        self[.packsOffline] = Int32(state.packsConfigured) - Int32(state.packsOnline)
        self[.packsChargeBlocked] = Int32(state.packsChargeBlocked)
        self[.packsDischargeBlocked] = Int32(state.packsDischargeBlocked)
        self[.cellMaximum] = state.cellMaximum?.value.units
        self[.cellMaximumPack] = state.cellMaximum.map { Int32($0.pack) }
        self[.cellMaximumCell] = state.cellMaximum.map { Int32($0.cell) }
        self[.cellMinimum] = state.cellMinimum?.value.units
        self[.cellMinimumPack] = state.cellMinimum.map { Int32($0.pack) }
        self[.cellMinimumCell] = state.cellMinimum.map { Int32($0.cell) }
        warnings = state.warnings
        protections = state.protections
        faults = state.faults
    }

    /// A voltage limit of zero means that no pack ever told one.
    private mutating func setLimits(_ state: BankState) {
        if state.chargeVoltage.value > .zero {
            self[.chargeVoltageLimit] = state.chargeVoltage.value.units
            self[.dischargeVoltageLimit] = state.dischargeVoltage.value.units
        }
        self[.chargeCurrentLimit] = state.chargeCurrent.value.units
        self[.dischargeCurrentLimit] = state.dischargeCurrent.value.units
        self[.chargeEnabled] = state.chargeEnabled ? 1 : 0
        self[.dischargeEnabled] = state.dischargeEnabled ? 1 : 0
        self[.forceCharge] = state.forceCharge ? 1 : 0
        self[.fullChargeRequest] = state.fullChargeRequest ? 1 : 0
    }
}
