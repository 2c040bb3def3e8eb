import Bank
import Quantities
import TestKit

/// A bank whose values are a function of who it belongs to and of the time.
///
/// No state goes from one record to the next, so a record can be written again for each sending and
/// a gateway needs no memory for its packs. Current swings with the hours and the minutes, charge
/// and cell voltages follow, and each pack and cell has an offset of its own.
struct FleetBank {
    private static let cells = 16
    private static let probes = 4
    private static let capacity: Int32 = 100_000
    private static let chargeLimit: Int32 = 50_000
    private static let dischargeLimit: Int32 = 100_000

    /// What the packs say.
    private(set) var packs: PackTable
    /// What a gateway makes of it.
    private(set) var state = BankState()
    private var totals = PackTotals()

    /// A bank of `count` packs, held to 1...16.
    init(packs count: Int) {
        packs = PackTable(count: count)
        state.mode = .running
        state.packsConfigured = UInt8(packs.count)
        state.packsOnline = UInt8(packs.count)
        for position in 0..<packs.count { state.packStatus[position] = .online }
    }

    /// Takes on the values of a gateway at a wall time in milliseconds, its clock being at `now`.
    mutating func show(_ identity: FleetIdentity, wallMilliseconds: Int64, now: Instant) {
        let phase = Double(identity.seed % 1000) / 1000
        let seconds = Double(wallMilliseconds % 86_400_000) / 1000
        let day = sineOfTurns(seconds / 86_400 + phase)
        let minute = sineOfTurns(seconds / 300 + phase * 7)
        let moment = Moment(
            current: Int32(12_000 * day + 3_000 * minute), charge: 5500 - Int32(3500 * day),
            warmth: 220 + Int32(40 * day), now: now)
        totals = PackTotals()
        var generator = SeededGenerator(seed: identity.seed)
        var noise = SeededGenerator(seed: identity.seed ^ UInt64(bitPattern: wallMilliseconds))
        for position in 0..<packs.count {
            fill(position, moment, own: generator.next(), noise: noise.next())
        }
        sumUp(moment)
    }

    /// What all packs have in common.
    private struct Moment {
        /// Of one pack, mA.
        let current: Int32
        /// 0.01 %.
        let charge: Int32
        /// 0.1 °C.
        let warmth: Int32
        let now: Instant
    }

    /// `own` tells packs apart for good, `noise` changes from record to record.
    private mutating func fill(_ position: Int, _ moment: Moment, own: UInt64, noise: UInt64) {
        let stamp = moment.now + .milliseconds(-200 - Int64(noise % 1800))
        let charge = moment.charge + Int32(own % 300)
        let cell = 3_200 + charge / 100 + moment.current / 800
        let warmth = moment.warmth + Int32(own >> 8 % 20)
        var sum: Int32 = 0
        var slot = packs[position]
        slot.serialNumber = SerialNumber(text: "SIM\(own % 1_000_000_007)")
        for index in 0..<Self.cells {
            let bits = own >> UInt64(index * 2) & 7 + noise >> UInt64(index * 3) & 3
            let millivolts = cell + Int32(bits)
            sum += millivolts
            slot.reading.setCell(index, millivolts: UInt16(clamping: millivolts))
            totals.cells.add(millivolts, pack: position, cell: index)
        }
        for index in 0..<Self.probes {
            let value = warmth + Int32(own >> UInt64(20 + index * 4) & 15)
            slot.reading.setProbe(index, decidegrees: Int16(clamping: value))
            totals.probes.add(value, pack: position, cell: index)
        }
        let current = moment.current + Int32(noise >> 32 % 200)
        let health = 9700 + Int32(own % 300)
        let cycles = 100 + Int32(own % 900)
        slot.reading.set(.voltage, to: sum, at: stamp)
        slot.reading.set(.current, to: current, at: stamp)
        slot.reading.set(.stateOfCharge, to: charge, at: stamp)
        slot.reading.set(.stateOfHealth, to: health, at: stamp)
        slot.reading.set(.remainingCapacity, to: charge * (Self.capacity / 10_000), at: stamp)
        slot.reading.set(.fullCapacity, to: Self.capacity, at: stamp)
        slot.reading.set(.cycles, to: cycles, at: stamp)
        slot.reading.set(.chargeCurrentLimit, to: Self.chargeLimit, at: stamp)
        slot.reading.set(.dischargeCurrentLimit, to: Self.dischargeLimit, at: stamp)
        slot.reading.set(.mosfetTemperature, to: warmth + abs(current) / 200, at: stamp)
        slot.reading.set(.ambientTemperature, to: warmth + 20, at: stamp)
        mark(&slot.reading, current: current, at: stamp)
        packs[position] = slot
        totals.voltage += sum
        totals.current += current
        totals.charge += charge
        totals.health += health
        totals.mostCycles = max(totals.mostCycles, cycles)
    }

    private func mark(_ reading: inout PackReading, current: Int32, at stamp: Instant) {
        reading.cellsStamp = stamp
        reading.probesStamp = stamp
        reading.flagsStamp = stamp
        reading.knownStates = [
            .charging, .discharging, .chargeMOSFETOn, .dischargeMOSFETOn,
        ]
        reading.states = [
            .chargeMOSFETOn, .dischargeMOSFETOn, current > 0 ? .charging : .discharging,
        ]
        reading.setFlagWord(0, to: current > 0 ? 0x0301 : 0x0302)
    }

    /// What a gateway would make of the packs, roughly.
    private mutating func sumUp(_ moment: Moment) {
        let count = Int32(packs.count)
        state.takenAt = moment.now
        state.sequence += 1
        state.voltage = .millivolts(totals.voltage / count)
        state.current = .milliamperes(totals.current)
        state.stateOfCharge = Percentage(units: totals.charge / count)
        state.stateOfHealth = Percentage(units: totals.health / count)
        state.remainingCapacity = .milliampereHours(totals.charge * (Self.capacity / 10_000))
        state.fullCapacity = .milliampereHours(Self.capacity * count)
        state.cycles = totals.mostCycles
        state.temperatureMean = .decidegrees(moment.warmth + 15)
        state.temperatureMaximum = totals.probes.highest.extreme()
        state.temperatureMinimum = totals.probes.lowest.extreme()
        state.cellMaximum = totals.cells.highest.extreme()
        state.cellMinimum = totals.cells.lowest.extreme()
        let reason = LimitReason(.packLimit)
        state.chargeVoltage = Limit(.millivolts(56_000), reason)
        state.dischargeVoltage = Limit(.millivolts(46_000), reason)
        state.chargeCurrent = Limit(.milliamperes(Self.chargeLimit * count), reason)
        state.dischargeCurrent = Limit(.milliamperes(Self.dischargeLimit * count), reason)
        state.chargeEnabled = true
        state.dischargeEnabled = true
    }
}

/// What is gathered of the packs while they are filled; sums in the units of their signals.
private struct PackTotals {
    var voltage: Int32 = 0
    var current: Int32 = 0
    var charge: Int32 = 0
    var health: Int32 = 0
    var mostCycles: Int32 = 0
    var cells = PlacedRange()
    var probes = PlacedRange()
}

/// The highest and the lowest of many values with their places.
///
/// `Extremes` of the bank is generic, and from another module every call of it looks its types up;
/// 320 values of a record took as long so as the values themselves.
private struct PlacedRange {
    struct Place {
        var value: Int32
        var pack = 0
        var cell = 0

        func extreme<Quantity: FixedPoint>() -> Extreme<Quantity> {
            Extreme(Quantity(units: value), pack: UInt8(pack + 1), cell: UInt8(cell + 1))
        }
    }

    var highest = Place(value: .min)
    var lowest = Place(value: .max)

    mutating func add(_ value: Int32, pack: Int, cell: Int) {
        if value > highest.value { highest = Place(value: value, pack: pack, cell: cell) }
        if value < lowest.value { lowest = Place(value: value, pack: pack, cell: cell) }
    }
}
