import Modbus

/// How bytes are framed on a line.
package enum LineFraming: Hashable, Sendable {
    /// RTU bytes on a serial wire.
    case rtu
    /// RTU bytes through a serial server.
    case rtuOverTCP
    /// Modbus TCP.
    case tcp
}

/// How an exchange ended.
package enum ExchangeOutcome: Sendable {
    /// The unit answered with these data bytes.
    case reply(FrameBytes)
    /// The unit refused.
    case exception(ModbusException)
    /// Nothing came in time.
    case timeout
    /// An answer came, damaged.
    case checkFailed
    /// Another unit answered.
    case wrongUnit(UnitID)
    /// The gateway is stopping.
    case stopped
    /// The device or connection is gone; the line must be opened anew.
    case lost(LineError)
}
