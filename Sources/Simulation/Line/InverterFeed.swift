/// Reads the current of a simulated inverter from its control socket.
enum InverterFeed {
    /// Amperes through the bank as the inverter drives it, positive charges; nil when there is no
    /// inverter to ask, or it does not answer within 50 ms: packs must not wait for it.
    static func current(at path: String) -> Double? {
        guard let answer = try? ControlClient.tell("current", path: path, milliseconds: 50) else {
            return nil
        }
        return Double(answer)
    }
}
