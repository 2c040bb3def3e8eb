import Glibc
import SerialPort
import TestKit
import Testing

@Suite struct SerialPortTests {
    private func settings(
        baud: Int, parity: SerialSettings.Parity = .none, stopBits: Int = 1
    ) throws -> termios {
        let pty = try Pty()
        let stream = try SerialPort.open(
            SerialSettings(path: pty.path, baud: baud, parity: parity, stopBits: stopBits))
        return try withExtendedLifetime(stream) { try pty.settings() }
    }

    @Test(
        arguments: [
            (1200, B1200), (2400, B2400), (4800, B4800), (9600, B9600), (19_200, B19200),
            (38_400, B38400), (57_600, B57600), (115_200, B115200), (230_400, B230400),
        ])
    func `every standard rate reaches the driver`(baud: Int, code: Int32) throws {
        var settings = try settings(baud: baud)
        #expect(cfgetospeed(&settings) == speed_t(code))
        #expect(cfgetispeed(&settings) == speed_t(code))
    }

    @Test func `a port is raw with eight data bits and no flow control`() throws {
        let settings = try settings(baud: 9600)
        let cooked = tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        #expect(settings.c_lflag & cooked == 0)
        #expect(settings.c_iflag & tcflag_t(IXON | IXOFF | ICRNL | INLCR | ISTRIP) == 0)
        #expect(settings.c_oflag & tcflag_t(OPOST) == 0)
        #expect(settings.c_cflag & tcflag_t(CSIZE) == tcflag_t(CS8))
        #expect(settings.c_cflag & tcflag_t(CLOCAL | CREAD) == tcflag_t(CLOCAL | CREAD))
    }

    // A pseudo-terminal keeps the stop bits and the kind of parity, but never lets parity be on.
    @Test func `parity and stop bits reach the driver`() throws {
        #expect(try settings(baud: 9600).c_cflag & tcflag_t(CSTOPB | PARODD) == 0)
        #expect(try settings(baud: 9600, stopBits: 2).c_cflag & tcflag_t(CSTOPB) != 0)
        #expect(try settings(baud: 9600, parity: .odd).c_cflag & tcflag_t(PARODD) != 0)
        #expect(try settings(baud: 9600, parity: .even).c_cflag & tcflag_t(PARODD) == 0)
    }

    @Test func `a character is counted with its parity and stop bits`() {
        func bits(_ parity: SerialSettings.Parity, _ stopBits: Int) -> Int {
            SerialSettings(path: "", baud: 9600, parity: parity, stopBits: stopBits)
                .bitsPerCharacter
        }
        #expect(bits(.none, 1) == 10)
        #expect(bits(.none, 2) == 11)
        #expect(bits(.even, 1) == 11)
        #expect(bits(.odd, 2) == 12)
    }

    private func failure(
        _ path: String, baud: Int = 9600, rs485: SerialSettings.RS485 = .auto
    ) -> LineError? {
        do {
            _ = try SerialPort.open(SerialSettings(path: path, baud: baud, rs485: rs485))
            return nil
        } catch {
            return error
        }
    }

    @Test func `a missing device is reported with where to look`() {
        let error = failure("/dev/no-such-port")
        #expect(error?.kind == .notFound)
        #expect(
            error?.description
                == "cannot open '/dev/no-such-port': No such file or directory; "
                + "stable names are listed in /dev/serial/by-id")
    }

    @Test func `a device one may not open is reported with the group that may`() {
        let error = failure("/proc/sys/kernel/ostype")
        #expect(error?.kind == .notPermitted)
        #expect(
            error?.description
                == "cannot open '/proc/sys/kernel/ostype': Permission denied; "
                + "is the user in the group 'dialout'?")
    }

    @Test func `a file that is no serial device is refused`() {
        let error = failure("/dev/null")
        #expect(error?.kind == .unsupported)
        #expect(error?.description == "'/dev/null' is not a serial device")
    }

    @Test func `a rate no driver knows is refused`() throws {
        let pty = try Pty()
        let error = failure(pty.path, baud: 9601)
        #expect(error?.kind == .unsupported)
        #expect(error?.description == "'\(pty.path)' cannot do 9601 baud with these settings")
        #expect(failure(pty.path, baud: -1)?.kind == .unsupported)
    }

    @Test func `a port in use is refused until it is closed`() throws {
        let pty = try Pty()
        do {
            let first = try SerialPort.open(SerialSettings(path: pty.path, baud: 9600))
            let error = failure(pty.path)
            #expect(error?.kind == .busy)
            #expect(
                error?.description == "cannot open '\(pty.path)': another process is using it")
            withExtendedLifetime(first) {}
        }
        #expect(failure(pty.path) == nil)
    }

    @Test func `a driver without RS-485 mode is refused only when the mode is demanded`() throws {
        let pty = try Pty()
        #expect(failure(pty.path, rs485: .auto) == nil)
        #expect(failure(pty.path, rs485: .off) == nil)
        let error = failure(pty.path, rs485: .on)
        #expect(error?.kind == .unsupported)
        #expect(
            error?.description
                == "'\(pty.path)' has no RS-485 mode in its driver (rs485 = \"on\"): "
                + "Inappropriate ioctl for device; adapters that switch by themselves need "
                + "rs485 = \"auto\"")
    }

    @Test func `what came before the port was opened is not read`() throws {
        let pty = try Pty()
        try pty.write([1, 2, 3])
        let stream = try SerialPort.open(SerialSettings(path: pty.path, baud: 9600))
        #expect(try stream.read { _ in true } == 0)
        try pty.write([4])
        var bytes: [UInt8] = []
        _ = Patience.wait(2_000) {
            _ = try? stream.read { byte in
                bytes.append(byte)
                return true
            }
            return bytes.isEmpty ? nil : true
        }
        #expect(bytes == [4])
    }
}
