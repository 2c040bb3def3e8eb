import Bank

/// A bank state flattened for encoding: plain numbers, alarm bits and short texts.
///
/// The numbers are on the heap: an array inside the value would be copied to the stack, three
/// kilobytes, before each look into it. Making or changing a copy allocates, encoding does not.
package struct BankValues: Sendable {
    /// Those of the bank, then those of each pack in turn; `Int32.min` is unknown.
    private var numbers = [Int32](
        repeating: .min, count: BankValue.bankCount + 16 * BankValue.packCount)
    /// Warnings, protections and faults of each pack in turn.
    private var packAlarms = [UInt64](repeating: 0, count: 48)
    private var packSerials: InlineArray<16, SerialNumber> = .init(repeating: SerialNumber())
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
