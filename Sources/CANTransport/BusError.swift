import Glibc

/// Why a CAN bus cannot be used.
package enum BusError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An interface name that no interface can have.
    case badInterfaceName(String)
    /// A bit rate outside the adapter's table.
    case badBitRate(Int)
    /// The kernel has no SocketCAN.
    case noSocketCAN
    /// There is no such interface.
    case noInterface(String)
    /// There is no such device file.
    case noDevice(String)
    /// The device file is no serial device, or its driver lacks the rate.
    case notSerial(String, baud: Int)
    /// The process may not open it.
    case notPermitted(String)
    /// Another process holds the adapter.
    case busy(String)
    /// The bus is off, and the process may not restart the interface.
    case cannotRestart(String, code: Int32)
    /// The adapter refused a command of its set-up.
    case adapterRefused(device: String, command: String)
    /// The adapter refuses every frame.
    case adapterStuck(String)
    /// Anything else the system reported.
    case system(operation: String, name: String, code: Int32)

    /// The sentence for the person who reads it.
    package var description: String {
        switch self {
        case .badInterfaceName(let name):
            "expected a CAN interface name of 1 to 15 characters without '/', found '\(name)'"
        case .badBitRate(let rate):
            "expected a CAN bit rate of 10, 20, 50, 100, 125, 250, 500, 800 or 1000 kbit/s, "
                + "found \(rate) bit/s"
        case .noSocketCAN:
            "cannot open a CAN socket: this kernel has no SocketCAN (modules 'can' and 'can_raw')"
        case .noInterface(let name):
            "cannot open CAN interface '\(name)': there is none of that name; 'ip link' lists them"
        case .noDevice(let path):
            "cannot open CAN adapter '\(path)': no such device; stable names are listed in "
                + "/dev/serial/by-id"
        case .notSerial(let path, let baud):
            "cannot open CAN adapter '\(path)': it is no serial device that does \(baud) baud"
        case .notPermitted(let name):
            "cannot open '\(name)': permission denied; is the user in the group 'dialout'?"
        case .busy(let path): "cannot open CAN adapter '\(path)': another process is using it"
        case .cannotRestart(let name, let code):
            "CAN interface '\(name)' is bus-off and cannot be restarted: \(Self.text(code)); "
                + "give the interface a restart-ms or the process CAP_NET_ADMIN"
        case .adapterRefused(let device, let command):
            "CAN adapter '\(device)' refused '\(command)'"
        case .adapterStuck(let device):
            "CAN adapter '\(device)' has refused every frame for 2 s; is the bus connected?"
        case .system(let operation, let name, let code):
            "cannot \(operation) '\(name)': \(Self.text(code))"
        }
    }

    private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
