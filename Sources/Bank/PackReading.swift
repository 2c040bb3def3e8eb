import Quantities

/// The latest known values of one pack, each with the time it was read.
///
/// A fixed block of integers without heap, so that a whole bank is copied between threads by
/// value. Values that were never read, or that the pack marked as not available, are `nil`.
package struct PackReading: Sendable {
    /// The most cells one pack can have here.
    package static var maximumCells: Int { 32 }
    /// The most temperature probes one pack can have here.
    package static var maximumProbes: Int { 16 }
    /// How many requests the cells, or the probes, of one pack can be spread over.
    package static var maximumParts: Int { 4 }
    /// The most raw flag words kept for display.
    package static var maximumFlagWords: Int { 24 }

    private var values: InlineArray<21, Int32>
    private var stamps: InlineArray<21, Instant>
    private var cellMillivolts: InlineArray<32, UInt16>
    private var probeDecidegrees: InlineArray<16, Int16>
    private var rawFlagWords: InlineArray<24, UInt16>
    private var readFlagWords: UInt32 = 0
    private var cellPartStamps: InlineArray<4, Instant>
    private var probePartStamps: InlineArray<4, Instant>

    /// How many cells the pack has; zero until the cells were read.
    package private(set) var cellCount: UInt8 = 0
    /// How many probe places the map knows; some may be absent.
    package private(set) var probeCount: UInt8 = 0
    /// How many raw flag words the map keeps.
    package private(set) var flagWordCount: UInt8 = 0

    /// When alarms and states were last read.
    package var flagsStamp: Instant = .never

    /// Warnings the pack reports: a limit is near.
    package var warnings: AlarmSet = []
    /// Protections the pack reports: it has already acted.
    package var protections: AlarmSet = []
    /// Faults the pack reports: something is broken.
    package var faults: AlarmSet = []
    /// States the pack reports.
    package var states: PackStates = []
    /// Which states the map can report at all; a state outside this set is unknown, not false.
    package var knownStates: PackStates = []
    /// Bit n set: cell n + 1 is being balanced.
    package var balancing: UInt32 = 0

    /// A reading in which nothing is known.
    package init() {
        values = .init(repeating: .min)
        stamps = .init(repeating: .never)
        cellMillivolts = .init(repeating: 0)
        probeDecidegrees = .init(repeating: .min)
        rawFlagWords = .init(repeating: 0)
        cellPartStamps = .init(repeating: .never)
        probePartStamps = .init(repeating: .never)
    }

    /// The value in the signal's unit, or `nil` when it is not known.
    package subscript(signal: PackSignal) -> Int32? {
        let value = values[Int(signal.rawValue)]
        return value == .min ? nil : value
    }

    /// When the signal was last read, or `never`.
    package func stamp(of signal: PackSignal) -> Instant { stamps[Int(signal.rawValue)] }

    /// Stores a value read at `instant`; `nil` says the pack itself calls it not available.
    package mutating func set(_ signal: PackSignal, to value: Int32?, at instant: Instant) {
        values[Int(signal.rawValue)] = value ?? .min
        stamps[Int(signal.rawValue)] = instant
    }

    /// The voltage of cell `index` (from 0), or `nil` when absent or unknown.
    package func cell(_ index: Int) -> Voltage? {
        guard index >= 0, index < Int(cellCount), cellMillivolts[index] > 0 else { return nil }
        return .millivolts(Int32(cellMillivolts[index]))
    }

    /// Stores the voltage of cell `index` (from 0) in mV; zero marks an absent cell.
    package mutating func setCell(_ index: Int, millivolts: UInt16) {
        guard index >= 0, index < Self.maximumCells else { return }
        cellMillivolts[index] = millivolts
        if index >= Int(cellCount) { cellCount = UInt8(index + 1) }
    }

    /// Drops cells beyond `count`, for maps that report how many are fitted.
    package mutating func limitCells(to count: Int) {
        cellCount = UInt8(max(0, min(count, Self.maximumCells)))
    }

    /// The temperature of probe `index` (from 0), or `nil` when absent or unknown.
    package func probe(_ index: Int) -> Temperature? {
        guard index >= 0, index < Int(probeCount), probeDecidegrees[index] != .min else {
            return nil
        }
        return .decidegrees(Int32(probeDecidegrees[index]))
    }

    /// Stores the temperature of probe `index` (from 0) in 0.1 °C; `nil` marks an absent probe.
    package mutating func setProbe(_ index: Int, decidegrees: Int16?) {
        guard index >= 0, index < Self.maximumProbes else { return }
        probeDecidegrees[index] = decidegrees ?? .min
        if index >= Int(probeCount) { probeCount = UInt8(index + 1) }
    }

    /// Drops probes beyond `count`, for maps that report how many are fitted.
    package mutating func limitProbes(to count: Int) {
        probeCount = UInt8(max(0, min(count, Self.maximumProbes)))
    }

    /// The raw contents of flag word `index` (from 0) as the pack sent it.
    package func flagWord(_ index: Int) -> UInt16 {
        index >= 0 && index < Self.maximumFlagWords ? rawFlagWords[index] : 0
    }

    /// Whether flag word `index` (from 0) was ever read.
    package func hasFlagWord(_ index: Int) -> Bool {
        index >= 0 && index < Self.maximumFlagWords && readFlagWords >> UInt32(index) & 1 != 0
    }

    /// Stores the raw contents of flag word `index` (from 0).
    package mutating func setFlagWord(_ index: Int, to word: UInt16) {
        guard index >= 0, index < Self.maximumFlagWords else { return }
        rawFlagWords[index] = word
        readFlagWords |= 1 << UInt32(index)
        if index >= Int(flagWordCount) { flagWordCount = UInt8(index + 1) }
    }
}

extension PackReading {
    /// When the cells were last read; of several parts, when the one was that waits longest.
    ///
    /// A part is what one request reads. One that was never read does not count.
    package var cellsStamp: Instant {
        get { Self.oldest(cellPartStamps) }
        set { cellPartStamps = Self.only(newValue) }
    }

    /// When the probes were last read; of several parts as with the cells.
    package var probesStamp: Instant {
        get { Self.oldest(probePartStamps) }
        set { probePartStamps = Self.only(newValue) }
    }

    /// When one part (from 0) of the cells was last read.
    package func cellsStamp(part: Int) -> Instant { cellPartStamps[Self.held(part)] }

    /// When one part (from 0) of the probes was last read.
    package func probesStamp(part: Int) -> Instant { probePartStamps[Self.held(part)] }

    /// Notes that one part (from 0) of the cells was read.
    package mutating func stampCells(part: Int, at instant: Instant) {
        cellPartStamps[Self.held(part)] = instant
    }

    /// Notes that one part (from 0) of the probes was read.
    package mutating func stampProbes(part: Int, at instant: Instant) {
        probePartStamps[Self.held(part)] = instant
    }

    private static func held(_ part: Int) -> Int { max(0, min(part, maximumParts - 1)) }

    private static func only(_ instant: Instant) -> InlineArray<4, Instant> {
        var stamps = InlineArray<4, Instant>(repeating: .never)
        stamps[0] = instant
        return stamps
    }

    private static func oldest(_ stamps: InlineArray<4, Instant>) -> Instant {
        var oldest = Instant.never
        for part in 0..<maximumParts where stamps[part] != .never {
            if oldest == .never || stamps[part] < oldest { oldest = stamps[part] }
        }
        return oldest
    }
}

extension PackReading {
    /// Terminal voltage.
    package var voltage: Voltage? { self[.voltage].map(Voltage.init(units:)) }
    /// Terminal current, positive charges.
    package var current: Current? { self[.current].map(Current.init(units:)) }
    /// State of charge.
    package var stateOfCharge: Percentage? { self[.stateOfCharge].map(Percentage.init(units:)) }
    /// State of health.
    package var stateOfHealth: Percentage? { self[.stateOfHealth].map(Percentage.init(units:)) }
    /// Charge left.
    package var remainingCapacity: Charge? { self[.remainingCapacity].map(Charge.init(units:)) }
    /// Charge when full.
    package var fullCapacity: Charge? { self[.fullCapacity].map(Charge.init(units:)) }
}
