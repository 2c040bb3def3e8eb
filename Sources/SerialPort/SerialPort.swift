import CLinux
import Glibc

/// How a serial device is opened.
package struct SerialSettings: Hashable, Sendable {
    /// Parity of a character.
    package enum Parity: Int32, Sendable {
        case none = 0
        case even = 1
        case odd = 2
    }

    /// Whether the driver switches the RS-485 transmitter.
    package enum RS485: Hashable, Sendable { case off, auto, on }

    /// The device; the names below `/dev/serial/by-id/` survive replugging.
    package var path: String
    /// Bits per second, a standard rate.
    package var baud: Int
    /// Parity.
    package var parity: Parity
    /// 1 or 2.
    package var stopBits: Int
    /// RS-485 direction switching.
    package var rs485: RS485

    /// Names a device and its line settings; 8 data bits always, as RTU demands.
    package init(
        path: String, baud: Int, parity: Parity = .none, stopBits: Int = 1, rs485: RS485 = .auto
    ) {
        self.path = path
        self.baud = baud
        self.parity = parity
        self.stopBits = stopBits
        self.rs485 = rs485
    }

    /// Start, 8 data, parity and stop bits.
    package var bitsPerCharacter: Int { 9 + (parity == .none ? 0 : 1) + stopBits }
}

/// Opens serial devices.
package enum SerialPort {
    /// Opens a device raw and exclusively.
    package static func open(_ settings: SerialSettings) throws(LineError) -> ByteStream {
        let outcome = clinux_serial_open(
            settings.path, UInt32(max(0, settings.baud)), settings.parity.rawValue,
            Int32(settings.stopBits))
        if outcome == -ENOTTY {
            throw LineError(.unsupported, "'\(settings.path)' is not a serial device")
        }
        if outcome == -EINVAL {
            throw LineError(
                .unsupported,
                "'\(settings.path)' cannot do \(settings.baud) baud with these settings")
        }
        guard outcome >= 0 else { throw .system("open", settings.path, code: -outcome) }
        let stream = ByteStream(descriptor: outcome, name: settings.path)
        try setRS485(stream, settings)
        return stream
    }

    private static func setRS485(
        _ stream: ByteStream, _ settings: SerialSettings
    ) throws(LineError) {
        guard settings.rs485 != .off else { return }
        let outcome = clinux_serial_rs485(stream.descriptor, 1)
        if outcome < 0, settings.rs485 == .on {
            throw LineError(
                .unsupported,
                "'\(settings.path)' has no RS-485 mode in its driver (rs485 = \"on\"): "
                    + "\(String(cString: strerror(-outcome))); adapters that switch by themselves "
                    + "need rs485 = \"auto\"")
        }
    }
}
