import Testing

@testable import GatewaySettings

@Suite struct LayeredConfigurationTests {
    let file = """
        gateway = "house-1"
        [[line]]
        device = "/dev/ttyUSB0"
        map = "pace-v1.3"
        units = [1, 2]
        [bank]
        charge_current_limit_a = 50
        discharge_voltage_limit_v = 46
        minimum_packs = 2
        [inverter]
        profile = "pylontech-lv-1.2"
        keep_alive = "report"
        [mqtt]
        host = "broker.lan"
        username = "house-1"
        password = "geheim"
        """

    private func layered(_ config: String) throws -> LayeredConfiguration {
        let text =
            #"{"schema":1,"version":7,"device":"house-1","issued":"2026-11-24T13:05:00Z","config":\#(config)}"#
        return try LayeredConfiguration(
            file: Array(file.utf8), path: "gateway.toml", document: Array(text.utf8))
    }

    @Test func `the fleet goes over the file and the file over what is built in`() throws {
        let layers = try layered(#"{"telemetry":{"interval_s":60},"mqtt":{"host":"other"}}"#)
        #expect(layers.version == 7)
        #expect(layers.configuration.telemetry.intervalSeconds == 60)
        #expect(layers.layer(of: "telemetry.interval_s") == .remote)
        #expect(layers.configuration.mqtt?.host == "other")
        #expect(layers.configuration.mqtt?.username == "house-1")
        #expect(layers.layer(of: "mqtt.username") == .file)
        #expect(layers.configuration.mqtt?.window == 100)
        #expect(layers.layer(of: "mqtt.window") == .builtIn)
        #expect(layers.held.isEmpty)
    }

    @Test func `the fleet's lines replace those of the file whole`() throws {
        let layers = try layered(
            #"{"line":[{"address":"10.0.0.2:502","map":"jk-pb","units":[4,5,6]}]}"#)
        #expect(layers.configuration.lines.count == 1)
        #expect(layers.configuration.lines[0].device == nil)
        #expect(layers.configuration.lines[0].units == [4, 5, 6])
        #expect(layers.layer(of: "line[0].map") == .remote)
    }

    @Test(
        "rule 2: the more careful value counts in every direction",
        arguments: [
            // key, the fleet's value, what counts, whether it is held back
            ("charge_current_limit_a", "100", "50", true),
            ("charge_current_limit_a", "40.5", "40.5", false),
            ("discharge_current_limit_a", "80", "80", false),
            ("charge_voltage_limit_v", "55", "55", false),
            ("discharge_voltage_limit_v", "45", "46", true),
            ("discharge_voltage_limit_v", "47", "47", false),
            ("pack_charge_current_limit_a", "20", "20", false),
            ("pack_discharge_current_limit_a", "20", "20", false),
            ("minimum_packs", "1", "2", true),
            ("start_wait_s", "10", "30", true), ("start_wait_s", "60", "60", false),
            ("value_limit_s", "20", "10", true), ("value_limit_s", "5", "5", false),
            ("cell_limit_s", "90", "60", true), ("cell_limit_s", "30", "30", false),
            ("rise_a_per_s", "50", "5", true), ("rise_a_per_s", "1.5", "1.5", false),
        ])
    func carefulness(key: String, asked: String, kept: String, isHeld: Bool) throws {
        let layers = try layered(#"{"bank":{"\#(key)":\#(asked)}}"#)
        let shown = layers.configuration.shown.first { $0.key == "bank.\(key)" }
        #expect(shown?.value.text == kept)
        #expect(layers.held.map(\.key) == (isHeld ? ["bank.\(key)"] : []))
        #expect((layers.layer(of: "bank.\(key)") == .remote) == !isHeld)
    }

    @Test(arguments: [
        ("off", "report", true), ("report", "report", false), ("profile", "profile", false),
        ("stop", "stop", false),
    ])
    func `rule 2: a missing keep-alive is never taken more lightly`(
        asked: String, kept: String, isHeld: Bool
    ) throws {
        let layers = try layered(#"{"inverter":{"keep_alive":"\#(asked)"}}"#)
        #expect(layers.configuration.inverter.keepAlive.rawValue == kept)
        #expect(!layers.held.isEmpty == isHeld)
    }

    @Test func `what is held back says who holds it`() throws {
        let layers = try layered(
            #"{"bank":{"charge_current_limit_a":100,"value_limit_s":20}}"#)
        #expect(
            layers.held.map(\.description) == [
                "'bank.charge_current_limit_a' stays 50, the fleet asks 100, file holds it back",
                "'bank.value_limit_s' stays 10, the fleet asks 20, built-in holds it back",
            ])
    }

    @Test func `fewer packs than the site requires are a fault of the document`() throws {
        do {
            _ = try layered(
                #"{"line":[{"device":"/dev/x","map":"jk-pb","units":[1]}],"bank":{"minimum_packs":1}}"#
            )
            Issue.record("expected a fault")
        } catch let error as ConfigurationError {
            #expect(
                error.faults.map(\.description) == [
                    "line 1: 'bank.minimum_packs' stays 2 by the site, but only 1 packs are configured"
                ])
        }
    }

    @Test func `secrets are dots wherever settings are shown`() throws {
        let shown = try layered("{}").configuration.shown
        #expect(shown.first { $0.key == "mqtt.password" }?.value.text == "••••")
        #expect(!shown.contains { $0.value.text.contains("geheim") })
    }

    @Test func `with a fleet the broker is spoken to under TLS`() throws {
        let text = file + "\n[fleet]\nurl = \"https://fleet.example/\"\n"
        let configuration = try GatewayConfiguration.parse(text, path: "f")
        #expect(configuration.fleet?.url == "https://fleet.example")
        #expect(configuration.fleet?.identity == "/var/lib/amphora/identity")
        #expect(configuration.mqtt?.port == 8883)
    }
}
