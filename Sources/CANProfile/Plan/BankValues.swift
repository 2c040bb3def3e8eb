import Bank

/// A bank state flattened for encoding: plain numbers, alarm bits and short texts.
///
/// The lists are made once: ``take(_:_:)`` and ``copy(_:)`` change them in place, so that a bridge that
/// keeps its values allocates nothing. In line they would be copied, all four kilobytes, for every
/// frame that is encoded.
package struct BankValues: Sendable {
    /// Those of the bank, then those of each pack; `Int32.min` is unknown.
    private var numbers = [Int32](
        repeating: .min, count: BankValue.bankCount + PackTable.maximumPacks * BankValue.packCount)
    /// Warnings, protections and faults of each pack.
    private var packAlarms = [UInt64](repeating: 0, count: PackTable.maximumPacks * 3)
    private var packSerials = [SerialNumber](
        repeating: SerialNumber(), count: PackTable.maximumPacks)
    /// Warnings of any pack and of the gateway.
    package var warnings: AlarmSet = []
    /// Protections of any pack.
    package var protections: AlarmSet = []
    /// Faults of any pack.
    package var faults: AlarmSet = []
    /// The first known serial number of the bank.
    package var serial = SerialNumber()
    /// The gateway's own name.
    package var gateway = SerialNumber()

    /// Nothing known.
    package init() {}

    /// Forgets every number; alarms and texts stay.
    mutating func forgetNumbers() {
        for index in numbers.indices { numbers[index] = .min }
    }

    /// Becomes equal to other values without allocating, as assigning them would.
    package mutating func copy(_ other: BankValues) {
        for index in numbers.indices { numbers[index] = other.numbers[index] }
        for index in packAlarms.indices { packAlarms[index] = other.packAlarms[index] }
        for index in packSerials.indices { packSerials[index] = other.packSerials[index] }
        (warnings, protections, faults) = (other.warnings, other.protections, other.faults)
        (serial, gateway) = (other.serial, other.gateway)
    }

    /// A value of the bank in its own unit; nil is unknown.
    ///
    /// A value of a pack reads and writes the first pack.
    package subscript(value: BankValue) -> Int32? {
        get { known(Int(value.rawValue)) }
        set { numbers[Int(value.rawValue)] = newValue ?? .min }
    }

    /// A value of the pack at `position` (0…15) in its own unit; nil is unknown.
    package subscript(value: BankValue, pack position: Int) -> Int32? {
        get { Self.place(value, position).flatMap { known($0) } }
        set { if let place = Self.place(value, position) { numbers[place] = newValue ?? .min } }
    }

    private static func place(_ value: BankValue, _ position: Int) -> Int? {
        guard value.isOfPack, position >= 0, position < PackTable.maximumPacks else { return nil }
        return Int(value.rawValue) + position * BankValue.packCount
    }

    private func known(_ index: Int) -> Int32? {
        let number = numbers[index]
        return number == .min ? nil : number
    }

    /// As the encoder reads it, with `offset` for the pack; `Int32.min` is unknown.
    @inline(__always)
    func raw(_ source: UInt8, _ offset: Int) -> Int32 {
        let index = Int(source)
        return numbers[index < BankValue.bankCount ? index : index + offset]
    }

    /// The alarms of the pack at `position` (0…15).
    package func alarms(
        pack position: Int
    ) -> (warnings: AlarmSet, protections: AlarmSet, faults: AlarmSet) {
        guard position >= 0, position < PackTable.maximumPacks else { return ([], [], []) }
        return (
            AlarmSet(rawValue: packAlarms[position * 3]),
            AlarmSet(rawValue: packAlarms[position * 3 + 1]),
            AlarmSet(rawValue: packAlarms[position * 3 + 2])
        )
    }

    /// Sets the alarms of the pack at `position` (0…15).
    package mutating func setAlarms(
        pack position: Int, warnings: AlarmSet, protections: AlarmSet, faults: AlarmSet
    ) {
        guard position >= 0, position < PackTable.maximumPacks else { return }
        packAlarms[position * 3] = warnings.rawValue
        packAlarms[position * 3 + 1] = protections.rawValue
        packAlarms[position * 3 + 2] = faults.rawValue
    }

    /// The serial number of the pack at `position` (0…15); unknown is empty.
    package func packSerial(_ position: Int) -> SerialNumber {
        position >= 0 && position < PackTable.maximumPacks ? packSerials[position] : SerialNumber()
    }

    /// Sets the serial number of the pack at `position` (0…15).
    package mutating func setPackSerial(_ position: Int, to serial: SerialNumber) {
        guard position >= 0, position < PackTable.maximumPacks else { return }
        packSerials[position] = serial
    }
}
