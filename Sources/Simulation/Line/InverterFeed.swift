/// Reads the current of a simulated inverter from its control socket.
enum InverterFeed {
    /// Amperes through the bank as the inverter drives it, positive charges; nil when there is no
    /// inverter to ask.
    static func current(at path: String) -> Double? {
        guard let answer = try? ControlClient.tell("current", path: path) else { return nil }
        return Double(answer)
    }
}
