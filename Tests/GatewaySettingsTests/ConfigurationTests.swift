import Testing

@testable import GatewaySettings

@Suite struct ConfigurationTests {
    let good = """
        gateway = "gw-1"

        [[line]]
        device = "/dev/ttyUSB0"
        map = "pace-v1.3"
        units = [1, 2]

        [inverter]
        profile = "pylontech-lv-1.2"
        """

    private func faults(_ text: String) -> [String] {
        do {
            _ = try GatewayConfiguration.parse(text, path: "gateway.toml")
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test func `a small file leaves every other key at its default`() throws {
        let configuration = try GatewayConfiguration.parse(good, path: "gateway.toml")
        #expect(configuration.gateway == "gw-1")
        #expect(configuration.lines.count == 1)
        #expect(configuration.lines[0].name == "line-1")
        #expect(configuration.lines[0].framing == .rtu)
        #expect(configuration.lines[0].listenMilliseconds == 3000)
        #expect(configuration.bank.minimumPacks == 1)
        #expect(configuration.telemetry.intervalSeconds == 10)
        #expect(configuration.mqtt == nil)
    }

    @Test func `an unknown key is a fault with its line and the nearest known key`() {
        let text = good.replacing("units = [1, 2]", with: "units = [1, 2]\nbuad = 9600")
        #expect(
            faults(text) == [
                "line 7: 'line[0].buad' is not a known key, did you mean 'line[0].baud'?"
            ])
    }

    @Test func `all faults are listed, not only the first`() {
        let text = """
            gateway = "GW 1"
            [[line]]
            device = "/dev/ttyUSB0"
            baud = 9601
            map = ""
            units = [1, 1, 300]
            [bank]
            minimum_packs = 20
            [inverter]
            transport = "carrier pigeon"
            """
        #expect(
            faults(text) == [
                "line 1: 'gateway' is 'GW 1', allowed 1 to 64 characters of a…z, 0…9 and -",
                "line 4: 'line[0].baud' is 9601, allowed 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400",
                "line 5: 'line[0].map' is empty",
                "line 6: 'line[0].units' contains 300, allowed 0…247",
                "line 6: 'line[0].units' names a unit id twice",
                "line 8: 'bank.minimum_packs' is 20, allowed 1…16",
                "line 9: 'inverter.profile' is missing, expected a text",
                "line 10: 'inverter.transport' is 'carrier pigeon', allowed 'socketcan', 'slcan'",
            ])
    }

    @Test func `a syntax error names its line`() {
        let found = faults("gateway = \"gw-1\"\n[[line]\n")
        #expect(found == ["line 2: column 8: expected ']]', found the end of the line"])
    }

    @Test func `a value of the wrong type says what was expected`() {
        let text = good.replacing("device = \"/dev/ttyUSB0\"", with: "device = 5")
        #expect(
            faults(text) == [
                "line 4: 'line[0].device' is a whole number, expected a text in quotes",
                "line 4: 'line[0]' needs a 'device' or an 'address'",
            ])
    }

    @Test func `a line has a device or an address, not both`() {
        let text = good.replacing(
            "device = \"/dev/ttyUSB0\"", with: "device = \"/dev/ttyUSB0\"\naddress = \"h:502\"")
        #expect(faults(text).contains { $0.contains("has both 'device' and 'address'") })
    }

    @Test func `a serial server defaults to RTU bytes over TCP`() throws {
        let text = good.replacing(
            "device = \"/dev/ttyUSB0\"", with: "address = \"192.168.1.20:502\"")
        let configuration = try GatewayConfiguration.parse(text, path: "gateway.toml")
        #expect(configuration.lines[0].framing == .rtuOverTCP)
        #expect(configuration.lines[0].listenMilliseconds == 0)
    }

    @Test func `a line that listens is no Modbus TCP`() throws {
        #expect(try GatewayConfiguration.parse(good, path: "gateway.toml").lines[0].mode == .poll)
        let listening = good.replacing("units =", with: "mode = \"listen\"\nunits =")
        #expect(
            try GatewayConfiguration.parse(listening, path: "gateway.toml").lines[0].mode == .listen
        )
        let server = listening.replacing(
            "device = \"/dev/ttyUSB0\"", with: "address = \"192.168.1.20:502\"")
        #expect(faults(server).isEmpty)
        #expect(
            faults(server.replacing("[inverter]", with: "framing = \"tcp\"\n[inverter]")) == [
                "line 6: 'line[0].mode' is 'listen', but Modbus TCP gives nobody the answers to another master; expected a serial 'device' or framing = \"rtu-over-tcp\""
            ])
        #expect(
            faults(good.replacing("units =", with: "mode = \"sniff\"\nunits =")) == [
                "line 6: 'line[0].mode' is 'sniff', allowed 'poll', 'listen'"
            ])
    }

    @Test func `more than sixteen packs are refused`() {
        let text = good.replacing("[1, 2]", with: "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]")
        #expect(faults(text) == ["line 3: 17 packs on all lines together, allowed at most 16"])
    }

    @Test func `the local app is off unless told, and listens on an address in figures`() throws {
        #expect(try GatewayConfiguration.parse(good, path: "gateway.toml").local == nil)
        let text = good + "\n[local]\nlisten = \"[::]:8080\"\n"
        let local = try GatewayConfiguration.parse(text, path: "gateway.toml").local
        #expect(local?.listen == HostAndPort("[::]:8080"))
        #expect(local?.passwordFile == "/var/lib/amphora/local/password")
        for wrong in ["8080", "0.0.0.0", "0.0.0.0:0", "house.lan:8080", ":8080"] {
            let found = faults(good + "\n[local]\nlisten = \"\(wrong)\"\n")
            #expect(found.count == 1 && found[0].contains("'local.listen' is '\(wrong)'"))
        }
        let found = faults(
            good + "\n[local]\nnames = [\"a:80\"]\npassword_file = \"password\"\nport = 80\n")
        #expect(found.count == 4, "\(found)")
    }

    @Test func `a password never appears in a description`() throws {
        let text = good + "\n[mqtt]\nhost = \"h\"\nusername = \"u\"\npassword = \"hunter2\"\n"
        let configuration = try GatewayConfiguration.parse(text, path: "gateway.toml")
        #expect(!"\(configuration)".contains("hunter2"))
        #expect(configuration.mqtt?.password.revealed == "hunter2")
    }

    @Test func `decimal limits become thousandths of their unit`() throws {
        let text = good + "\n[bank]\ncharge_current_limit_a = 99.5\ncharge_voltage_limit_v = 56\n"
        let configuration = try GatewayConfiguration.parse(text, path: "gateway.toml")
        #expect(configuration.bank.chargeCurrentLimit == 99_500)
        #expect(configuration.bank.chargeVoltageLimit == 56_000)
    }

    @Test(arguments: [
        ("192.168.1.20:502", "192.168.1.20", 502), ("[fe80::1]:1502", "fe80::1", 1502),
        ("server.lan:1", "server.lan", 1),
    ]) func `an endpoint is a host and a port`(text: String, host: String, port: Int) {
        #expect(HostAndPort(text)?.host == host)
        #expect(HostAndPort(text)?.port == UInt16(port))
    }

    @Test(arguments: ["", "host", ":502", "host:", "host:0", "host:70000", "host:x"])
    func `half an endpoint is none`(text: String) {
        #expect(HostAndPort(text) == nil)
    }

    @Test func `random damage to a good file is refused or read, never worse`() {
        var generator = SystemRandomNumberGenerator()
        let bytes = Array(good.utf8)
        for _ in 0..<2000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                damaged[Int.random(in: damaged.indices, using: &generator)] = .random(
                    in: 0...255, using: &generator)
            }
            _ = try? GatewayConfiguration.parse(
                damaged, path: "gateway.toml")
        }
    }
}
