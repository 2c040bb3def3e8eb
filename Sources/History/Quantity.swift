/// What history keeps of a bank or a pack, each in whole numbers of its unit.
package enum Quantity: String, Hashable, Sendable, CaseIterable {
    /// Power, mW; positive charges.
    case power = "power_mw"
    /// Voltage, mV.
    case voltage = "voltage_mv"
    /// Current, mA; positive charges.
    case current = "current_ma"
    /// State of charge, 0.01 %.
    case charge = "soc_cpct"
    /// Mean cell temperature, 0.1 °C.
    case temperature = "temperature_ddegc"
    /// Highest less lowest cell voltage, mV; that of a bank spans its packs.
    case spread = "spread_mv"
    /// How far the cell furthest from the mean of its pack is from it, mV; not known of a bank.
    case deviation = "deviation_mv"
}

/// Lowest, highest, sum, count and last of a quantity within a window.
package struct QuantityStatistics: Hashable, Sendable {
    package var minimum: Int64, maximum: Int64, sum: Int64, count: Int64, last: Int64

    /// Those of one value.
    package init(_ value: Int64) {
        minimum = value
        maximum = value
        sum = value
        count = 1
        last = value
    }

    /// Joins the parts.
    package init(minimum: Int64, maximum: Int64, sum: Int64, count: Int64, last: Int64) {
        self.minimum = minimum
        self.maximum = maximum
        self.sum = sum
        self.count = count
        self.last = last
    }

    /// The mean of the samples, rounded to the nearest whole number.
    package var mean: Int64 {
        guard count > 0 else { return last }
        let half = sum < 0 ? -(count / 2) : count / 2
        return sum.addingSaturated(half) / count
    }

    /// Takes in what was measured after.
    package mutating func join(_ later: Self) {
        minimum = min(minimum, later.minimum)
        maximum = max(maximum, later.maximum)
        sum = sum.addingSaturated(later.sum)
        count = count.addingSaturated(later.count)
        last = later.last
    }
}

/// Statistics of each quantity that is known.
package struct QuantityTable: Hashable, Sendable {
    private var columns: [QuantityStatistics?] = []

    /// Nothing known.
    package init() {}

    /// Those of a quantity; nil while it is not known.
    package subscript(quantity: Quantity) -> QuantityStatistics? {
        get { columns.isEmpty ? nil : columns[quantity.place] }
        set {
            if columns.isEmpty {
                guard newValue != nil else { return }
                columns = Array(repeating: nil, count: Quantity.allCases.count)
            }
            columns[quantity.place] = newValue
        }
    }

    /// Takes in a value that was measured after the others.
    mutating func add(_ value: Int64, to quantity: Quantity) {
        if columns.isEmpty {
            columns = Array(repeating: nil, count: Quantity.allCases.count)
        }
        if columns[quantity.place] == nil {
            columns[quantity.place] = QuantityStatistics(value)
        } else {
            columns[quantity.place]?.join(QuantityStatistics(value))
        }
    }

    mutating func join(_ later: Self) {
        guard !later.columns.isEmpty else { return }
        guard !columns.isEmpty else {
            columns = later.columns
            return
        }
        for place in columns.indices {
            guard let other = later.columns[place] else { continue }
            if columns[place] == nil {
                columns[place] = other
            } else {
                columns[place]?.join(other)
            }
        }
    }

    package static func == (one: Self, other: Self) -> Bool {
        Quantity.allCases.allSatisfy { one[$0] == other[$0] }
    }

    package func hash(into hasher: inout Hasher) {
        for quantity in Quantity.allCases { hasher.combine(self[quantity]) }
    }
}

extension Quantity {
    var place: Int {
        switch self {
        case .power: 0
        case .voltage: 1
        case .current: 2
        case .charge: 3
        case .temperature: 4
        case .spread: 5
        case .deviation: 6
        }
    }
}
