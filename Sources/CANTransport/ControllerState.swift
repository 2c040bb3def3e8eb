/// Follows a CAN controller through the error frames of its driver; performs nothing.
///
/// The bits are those of `linux/can/error.h`.
struct ControllerState: Hashable, Sendable {
    /// `active`, `warning`, `passive` or `busOff`.
    private(set) var state = BusState.active

    /// Takes in an error frame: `identifier` without its flags, `detail` the second data byte.
    mutating func handle(errorClass identifier: UInt32, controllerDetail detail: UInt8) {
        if identifier & ErrorClass.restarted != 0 { state = .active }
        if identifier & ErrorClass.controller != 0, state != .busOff { apply(detail) }
        if identifier & ErrorClass.busOff != 0 { state = .busOff }
    }

    /// A data frame has arrived: whatever was said before, the controller is on the bus.
    mutating func handleReception() {
        if state == .busOff { state = .active }
    }

    /// The interface was switched off and on, which clears the controller's counters.
    mutating func handleRestart() { state = .active }

    private mutating func apply(_ detail: UInt8) {
        if detail & ControllerDetail.passive != 0 {
            state = .passive
        } else if detail & ControllerDetail.warning != 0 {
            state = .warning
        } else if detail & ControllerDetail.active != 0 {
            state = .active
        }
    }
}

/// Bits of an error frame's identifier.
private enum ErrorClass {
    static let controller: UInt32 = 0x004
    static let busOff: UInt32 = 0x040
    static let restarted: UInt32 = 0x100
}

/// Bits of the second data byte, valid with `ErrorClass.controller`; receive and transmit together.
private enum ControllerDetail {
    static let warning: UInt8 = 0x0C
    static let passive: UInt8 = 0x30
    static let active: UInt8 = 0x40
}
