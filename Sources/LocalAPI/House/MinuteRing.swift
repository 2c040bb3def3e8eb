import History
import Views

/// The last 24 hours of the bank and its packs in minutes, in a memory of fixed size.
///
/// Minutes are counted on the monotonic clock and shown by the wall clock as it is when they are asked for, so a
/// clock that is set late mends what was measured before. 16 packs take 4 MB.
struct MinuteRing {
    /// A day.
    static let minutes = 1440
    private static let length = HistoryTier.minute.milliseconds

    /// One quantity in one minute.
    private struct Cell {
        var sum: Int64 = 0
        var minimum: Int32 = 0, maximum: Int32 = 0, last: Int32 = 0, count: Int32 = 0
    }

    private let packs: Int
    /// The minute that each place holds; -1 while it holds none.
    private var held = [Int64](repeating: -1, count: minutes)
    /// By series (0 is the bank), quantity and place.
    private var cells: [Cell]
    /// By series and place: looks at which the pack did not answer.
    private var silent: [UInt8]
    private var first: Int64?

    /// Room for so many packs, 1 to 16.
    init(packs: Int) {
        self.packs = min(max(packs, 1), 16)
        let series = self.packs + 1
        cells = Array(
            repeating: Cell(), count: series * Quantity.allCases.count * Self.minutes)
        silent = Array(repeating: 0, count: series * Self.minutes)
    }

    /// The oldest time that is kept, ms of the monotonic clock; nil while there is none.
    func keptFrom(now: Int64) -> Int64? {
        first.map { max($0, (now / Self.length - Int64(Self.minutes) + 1) * Self.length) }
    }

    /// Takes in how things were at a time of the monotonic clock, ms.
    mutating func add(_ moment: HouseMoment, at time: Int64) {
        guard let bank = moment.bank, time >= 0 else { return }
        let minute = time / Self.length
        let place = Int(minute % Int64(Self.minutes))
        if held[place] != minute { clear(place, for: minute) }
        first = first ?? time
        add(HistorySample(bank, at: time), series: 0, place)
        for pack in moment.packs where (1...packs).contains(Int(pack.pack)) {
            add(HistorySample(pack, at: time), series: Int(pack.pack), place)
        }
    }

    private func index(_ series: Int, _ quantity: Int, _ place: Int) -> Int {
        (series * Quantity.allCases.count + quantity) * Self.minutes + place
    }

    private mutating func clear(_ place: Int, for minute: Int64) {
        held[place] = minute
        for series in 0...packs {
            silent[series * Self.minutes + place] = 0
            for quantity in Quantity.allCases.indices {
                cells[index(series, quantity, place)] = Cell()
            }
        }
    }

    private mutating func add(_ sample: HistorySample, series: Int, _ place: Int) {
        guard sample.isOnline else {
            let at = series * Self.minutes + place
            silent[at] = silent[at] == .max ? .max : silent[at] + 1
            return
        }
        for (number, quantity) in Quantity.allCases.enumerated() {
            guard let value = sample.value(quantity) else { continue }
            let value32 = Int32(clamping: value)
            let at = index(series, number, place)
            var cell = cells[at]
            cell.minimum = cell.count == 0 ? value32 : min(cell.minimum, value32)
            cell.maximum = cell.count == 0 ? value32 : max(cell.maximum, value32)
            cell.last = value32
            cell.sum = cell.sum.addingSaturated(Int64(value32))
            cell.count = cell.count == .max ? .max : cell.count + 1
            cells[at] = cell
        }
    }

    /// The minutes that are kept of the bank (0) or a pack, oldest first, by the wall clock.
    ///
    /// `now` is the monotonic clock, ms, and `offset` what makes it a Unix time.
    func windows(
        pack: Int, _ quantity: Quantity, now: Int64, offset: Int64
    ) -> [RollUp] {
        guard (0...packs).contains(pack),
            let number = Quantity.allCases.firstIndex(of: quantity), now >= 0
        else { return [] }
        let newest = now / Self.length
        return (0..<Int64(Self.minutes)).reversed().compactMap { back in
            let minute = newest - back
            guard minute >= 0 else { return nil }
            let place = Int(minute % Int64(Self.minutes))
            guard held[place] == minute else { return nil }
            let start = (minute * Self.length).addingSaturated(offset)
            var window = RollUp(start: start)
            window.silent = Int64(silent[pack * Self.minutes + place])
            let cell = cells[index(pack, number, place)]
            guard cell.count > 0 else { return window }
            window.samples = Int64(cell.count)
            window.first = RecordMoment(time: start, epoch: 0, sequence: minute)
            let end = min(start.addingSaturated(Self.length - 1), now.addingSaturated(offset))
            window.last = RecordMoment(time: end, epoch: 0, sequence: minute)
            window.values[quantity] = QuantityStatistics(
                minimum: Int64(cell.minimum), maximum: Int64(cell.maximum), sum: cell.sum,
                count: Int64(cell.count), last: Int64(cell.last))
            return window
        }
    }
}

extension HistorySample {
    /// What history keeps of a bank.
    init(_ bank: BankSample, at time: Int64) {
        self.init(moment: RecordMoment(time: time, epoch: 0, sequence: 0))
        millivolts = bank.millivolts.map(Int64.init)
        milliamperes = bank.milliamperes.map(Int64.init)
        milliwatts = bank.watts.map { Int64($0) * 1000 }
        charge = bank.stateOfCharge.map(Int64.init)
        temperature = bank.temperatureMean.map(Int64.init)
        if let high = bank.cellMaximum, let low = bank.cellMinimum, high >= low {
            spread = Int64(high) - Int64(low)
        }
        derivePower()
    }

    /// What history keeps of a pack.
    init(_ pack: PackSample, at time: Int64) {
        self.init(moment: RecordMoment(time: time, epoch: 0, sequence: 0))
        isOnline = pack.status == "online"
        millivolts = pack.millivolts.map(Int64.init)
        milliamperes = pack.milliamperes.map(Int64.init)
        charge = pack.stateOfCharge.map(Int64.init)
        let probes = pack.probes.compactMap { $0 }.map(Int64.init)
        if !probes.isEmpty { temperature = probes.reduce(0, +) / Int64(probes.count) }
        deriveSpread(cells: pack.cells)
        derivePower()
    }
}
