/// Electric potential in millivolts.
package struct Voltage: FixedPoint {
    /// Millivolts.
    package let units: Int32

    /// Makes a voltage from millivolts.
    package init(units: Int32) { self.units = units }

    /// Makes a voltage from millivolts.
    package static func millivolts(_ value: Int32) -> Voltage { Voltage(units: value) }

    /// Millivolts.
    package var millivolts: Int32 { units }
}

/// Electric current through the battery terminals in milliamperes.
///
/// Positive charges the battery, negative discharges it. Pack maps, CAN profiles and payloads
/// convert to this sign at their own edge; nothing in between flips it. Limits are magnitudes:
/// a charge limit and a discharge limit are both positive.
package struct Current: FixedPoint {
    /// Milliamperes; positive charges.
    package let units: Int32

    /// Makes a current from milliamperes.
    package init(units: Int32) { self.units = units }

    /// Makes a current from milliamperes.
    package static func milliamperes(_ value: Int32) -> Current { Current(units: value) }

    /// Milliamperes; positive charges.
    package var milliamperes: Int32 { units }
}

/// Electric charge (capacity) in milliampere hours.
package struct Charge: FixedPoint {
    /// Milliampere hours.
    package let units: Int32

    /// Makes a charge from milliampere hours.
    package init(units: Int32) { self.units = units }

    /// Makes a charge from milliampere hours.
    package static func milliampereHours(_ value: Int32) -> Charge { Charge(units: value) }

    /// Milliampere hours.
    package var milliampereHours: Int32 { units }
}

/// Temperature in tenths of a degree Celsius.
package struct Temperature: FixedPoint {
    /// Tenths of a degree Celsius.
    package let units: Int32

    /// Makes a temperature from tenths of a degree Celsius.
    package init(units: Int32) { self.units = units }

    /// Makes a temperature from tenths of a degree Celsius.
    package static func decidegrees(_ value: Int32) -> Temperature { Temperature(units: value) }

    /// Tenths of a degree Celsius.
    package var decidegrees: Int32 { units }
}

/// A share in hundredths of a percent; 10000 is the whole.
package struct Percentage: FixedPoint {
    /// Hundredths of a percent.
    package let units: Int32

    /// Makes a share from hundredths of a percent.
    package init(units: Int32) { self.units = units }

    /// Makes a share from hundredths of a percent.
    package static func hundredths(_ value: Int32) -> Percentage { Percentage(units: value) }

    /// Hundredths of a percent.
    package var hundredths: Int32 { units }
}
