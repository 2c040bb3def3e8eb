import CANTransport
import Logging

/// The file of every frame, where the configuration asks for one.
extension Gateway {
    /// The file, opened with its first frames; nil when none is asked for.
    func canFile() -> CandumpFile? {
        let settings = plan.configuration.inverter
        guard let path = settings.log else { return nil }
        let name = settings.transport == .socketCAN ? settings.interface : "slcan0"
        return CandumpFile(
            path: path, interface: name, maximumBytes: settings.logSizeMegabytes << 20)
    }

    /// Writes what the bus left since the last time.
    func drainCANLog(_ file: CandumpFile?) {
        guard let file, let canLog else { return }
        do {
            _ = try canLog.drain(to: file)
        } catch {
            log.warning("CAN log not written", metadata: ["reason": "\(error)"])
        }
    }
}
