import Views

// What a store keeps of a record is what users are shown of it; a gateway shows the same without a store.

/// The bank as a whole at one moment.
package typealias BankSample = Views.BankSample
/// One pack at one moment.
package typealias PackSample = Views.PackSample
/// How a record's time is known.
package typealias TimeQuality = Views.TimeQuality
