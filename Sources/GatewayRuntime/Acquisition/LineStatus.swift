import Bank
import Modbus
import PackMap
import Quantities

/// How one line and the units on it are doing, for `watch` and for support.
struct LineStatus: Sendable {
    /// What the line is doing.
    enum State: String, Sendable { case opening, listening, polling, lost, stopped }

    /// How one unit is doing.
    struct Unit: Sendable {
        var unit: UInt8
        var position: Int
        var state = UnitState.unknown
        var statistics = ExchangeStatistics()
        /// What was wrong last, in words; empty while all is well.
        var trouble = ""
    }

    /// The line's name in the configuration.
    var name: String
    /// The device or endpoint.
    var endpoint: String
    /// The pack map.
    var map: String
    var state = State.opening
    /// Why the line is lost, or what was heard on it; empty while all is well.
    var trouble = ""
    var units: [Unit]
    /// From the first to the last exchange of the last cycle.
    var cycle = TimeSpan.zero
    /// The time the last cycle's exchanges would take on a perfect wire.
    var wireTime = TimeSpan.zero
    /// Bytes that belonged to no frame.
    var strayBytes: UInt64 = 0
}

extension LineStatus {
    /// A line that was not opened yet.
    init(_ setup: LineSetup) {
        self.init(
            name: setup.name, endpoint: setup.endpointName, map: setup.map.id,
            units: setup.units.enumerated().map {
                Unit(unit: $1.rawValue, position: setup.firstPosition + $0)
            })
    }
}
