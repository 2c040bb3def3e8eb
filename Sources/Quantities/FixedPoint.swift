/// A physical quantity kept as a whole number of one small unit.
///
/// Integers make sums exact and comparisons meaningful, and need no floating point unit. All
/// arithmetic saturates: a value from a wire can be absurd, and an absurd sum must stay absurd
/// rather than wrap round to something plausible or stop the program.
package protocol FixedPoint: Comparable, Hashable, Sendable {
    /// The number of units; the concrete type names the unit.
    var units: Int32 { get }

    /// Makes a quantity from a number of units.
    init(units: Int32)
}

extension FixedPoint {
    /// The quantity of size zero.
    package static var zero: Self { Self(units: 0) }

    /// The sum, held at the ends of the range instead of wrapping.
    package static func + (left: Self, right: Self) -> Self {
        Self(units: left.units.addingSaturated(right.units))
    }

    /// The difference, held at the ends of the range instead of wrapping.
    package static func - (left: Self, right: Self) -> Self {
        Self(units: left.units.subtractingSaturated(right.units))
    }

    /// Orders by size, sign included.
    package static func < (left: Self, right: Self) -> Bool { left.units < right.units }
}

extension Int32 {
    /// The nearest value of this type to a wider number.
    package init(saturating value: Int64) {
        self = value > Int64(Int32.max) ? .max : value < Int64(Int32.min) ? .min : Int32(value)
    }

    /// The sum, held at the ends of the range.
    package func addingSaturated(_ other: Int32) -> Int32 {
        Int32(saturating: Int64(self) + Int64(other))
    }

    /// The difference, held at the ends of the range.
    package func subtractingSaturated(_ other: Int32) -> Int32 {
        Int32(saturating: Int64(self) - Int64(other))
    }
}

extension Int64 {
    /// The quotient rounded to the nearest whole number, halves away from zero.
    ///
    /// `divisor` must be positive; the callers pass constants or counts they have checked.
    package func dividedRounding(by divisor: Int64) -> Int64 {
        let half = divisor / 2
        return self < 0 ? (self &- half) / divisor : (self &+ half) / divisor
    }
}
