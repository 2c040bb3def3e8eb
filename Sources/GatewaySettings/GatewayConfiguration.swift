/// Everything the gateway is told, decoded once at start.
///
/// The doc comment of each property states the key in the file, its unit, default and range.
package struct GatewayConfiguration: Sendable {
    /// Where a profile set is installed, and looked for when nothing else is named.
    package static let installedProfiles = "/usr/share/amphora/profile-sets/base"

    /// `gateway`: the id of this gateway in topics and records; required, 1 to 64 characters of
    /// `a…z 0…9 -`.
    package var gateway = ""
    /// `log_level`: what the log shows; `debug`, `info` (default), `warning` or `error`.
    package var logLevel = LogLevel.info
    /// `profiles.path`: the folder of the profile set; default ``installedProfiles``.
    package var profilesPath = GatewayConfiguration.installedProfiles
    /// `profiles.experimental`: whether maps and profiles may be used that only one implementation
    /// knows (confidence `single`); default false.
    package var allowsExperimental = false
    /// `[[line]]`: the lines with packs; at least one.
    package var lines: [LineSettings] = []
    /// `[bank]`: ceilings and time limits.
    package var bank = BankSettings()
    /// `[inverter]`: the protocol and the CAN bus.
    package var inverter = InverterSettings()
    /// `[telemetry]`: what is recorded and how often.
    package var telemetry = TelemetrySettings()
    /// `[outbox]`: the store of records that are not yet acknowledged.
    package var outbox = OutboxSettings()
    /// `[mqtt]`: the broker; nil when the table is absent and nothing is published.
    package var mqtt: MQTTSettings?
    /// `[fleet]`: who enrols and configures this gateway; nil when the table is absent and the file
    /// is all it is told.
    package var fleet: FleetSettings?
    /// `[update]`: where assigned profile sets come from and how they are tried; nil when the table is
    /// absent and the gateway runs the set of `profiles.path` for good.
    package var update: UpdateSettings?
    /// `status.socket`: the Unix socket that `watch` reads; default `/run/amphora/gateway.sock`.
    package var statusSocket = "/run/amphora/gateway.sock"
    /// `[local]`: the app for people on the gateway's own network; nil when the table is absent and nothing
    /// is served.
    package var local: LocalSettings?
}

/// How much the log tells.
package enum LogLevel: String, CaseIterable, Sendable {
    case debug, info, warning, error
}

/// One `[[line]]`: a serial line or a network endpoint with packs behind it.
package struct LineSettings: Hashable, Sendable {
    /// How bytes travel on the line.
    package enum Framing: String, CaseIterable, Sendable {
        case rtu
        case tcp
        case rtuOverTCP = "rtu-over-tcp"
    }

    /// Parity of a character.
    package enum Parity: String, CaseIterable, Sendable { case none, even, odd }

    /// Whether the port's driver switches the RS-485 transmitter.
    package enum RS485: String, CaseIterable, Sendable { case off, auto, on }

    /// Who asks the packs.
    package enum Mode: String, CaseIterable, Sendable { case poll, listen }

    /// `mode`: `poll` (default), the gateway asks; or `listen`, another master asks and the gateway
    /// reads along and never sends.
    ///
    /// With `listen`, `cycle_ms`, `listen_ms` and `reply_timeout_ms` mean nothing, and `framing` must
    /// not be `tcp`.
    package var mode = Mode.poll
    /// `name`: how the line is called in logs and screens; default `line-1` and so on.
    package var name = ""
    /// `framing`: `rtu` (default with `device`), `tcp` (Modbus TCP) or `rtu-over-tcp` (a serial
    /// server that passes bytes unchanged; default with `address`).
    package var framing = Framing.rtu
    /// `device`: the serial port; prefer the stable names below `/dev/serial/by-id/`.
    package var device: String?
    /// `address`: host and port of a serial server or Modbus TCP unit, `192.168.1.20:502`.
    package var address: String?
    /// `baud`: default what the map says; 1200…230400 in the standard steps.
    package var baud: Int?
    /// `parity`: default what the map says.
    package var parity: Parity?
    /// `stop_bits`: 1 or 2; default what the map says.
    package var stopBits: Int?
    /// `rs485`: default `auto`.
    package var rs485 = RS485.auto
    /// `map`: the pack map of every pack on this line; required.
    package var map = ""
    /// `units`: the unit ids of the packs, in the order in which packs are numbered; required.
    package var units: [Int] = []
    /// `base_address`: what the addresses of a relative map count from, such as 40000 for SunSpec;
    /// default 0, 0…65535.
    package var baseAddress: Int?
    /// `cycle_ms`: the shortest time from one poll of the fast values to the next; default 1000.
    ///
    /// 0…60000; the wire may make it longer.
    package var cycleMilliseconds = 1000
    /// `listen_ms`: how long to listen for another master before the first request; default 3000
    /// on serial lines, 0…60000.
    package var listenMilliseconds = 3000
    /// `reply_timeout_ms`: default from baud rate, length and map; 5…5000.
    package var replyTimeoutMilliseconds: Int?
}

/// `[bank]`: what the installer allows and how long values count.
package struct BankSettings: Hashable, Sendable {
    /// `charge_current_limit_a`: ceiling for the whole bank, 0…3000 A; no default ceiling.
    package var chargeCurrentLimit: Int32?
    /// `discharge_current_limit_a`: ceiling for the whole bank, 0…3000 A.
    package var dischargeCurrentLimit: Int32?
    /// `charge_voltage_limit_v`: ceiling, 20…70 V; the map's own ceiling always holds.
    package var chargeVoltageLimit: Int32?
    /// `discharge_voltage_limit_v`: lowest voltage, 20…70 V; the map's own floor always holds.
    package var dischargeVoltageLimit: Int32?
    /// `pack_charge_current_limit_a`: ceiling for each pack, 0…500 A.
    package var packChargeCurrentLimit: Int32?
    /// `pack_discharge_current_limit_a`: ceiling for each pack, 0…500 A.
    package var packDischargeCurrentLimit: Int32?
    /// `minimum_packs`: how many packs must answer for the inverter to be told to work; default 1.
    package var minimumPacks = 1
    /// `start_wait_s`: how long to wait for all packs before starting with those that answer;
    /// default 30, 0…600.
    package var startWaitSeconds = 30
    /// `value_limit_s`: how long a pack's fast values count after they were read; default 10, 1…120.
    package var valueLimitSeconds = 10
    /// `cell_limit_s`: how long cells and temperatures count; default 60, 5…600.
    package var cellLimitSeconds = 60
    /// `rise_a_per_s`: how fast a current limit of the bank may rise; default 5, 0.1…1000.
    package var riseMilliamperesPerSecond: Int32 = 5000
}

/// `[inverter]`: the CAN side.
package struct InverterSettings: Hashable, Sendable {
    /// How frames reach the bus.
    package enum Transport: String, CaseIterable, Sendable {
        case socketCAN = "socketcan"
        case slcan
    }

    /// What a missing keep-alive of the inverter does.
    package enum KeepAlive: String, CaseIterable, Sendable { case profile, off, report, stop }

    /// `profile`: the inverter profile; required.
    package var profile = ""
    /// `quirks`: deviations of this inverter that its profile names; none by default.
    package var quirks: [String] = []
    /// `transport`: `socketcan` (default) or `slcan`.
    package var transport = Transport.socketCAN
    /// `interface`: the CAN interface of SocketCAN; default `can0`.
    package var interface = "can0"
    /// `device`: the serial device of an SLCAN adapter.
    package var device: String?
    /// `device_baud`: the serial speed of an SLCAN adapter; default 115200.
    package var deviceBaud = 115_200
    /// `send_on_change`: whether changed values leave at once instead of on the next cycle;
    /// default false.
    package var sendOnChange = false
    /// `keep_alive`: `profile` (default), `off`, `report` or `stop`.
    package var keepAlive = KeepAlive.profile
    /// `log`: a candump-format log of every frame; none by default.
    package var log: String?
    /// `log_size_mb`: size at which the log is rotated; default 10, 1…1000.
    package var logSizeMegabytes = 10
}

/// `[telemetry]`: what is recorded.
package struct TelemetrySettings: Hashable, Sendable {
    /// `interval_s`: a record every so many seconds; default 10, 1…3600.
    package var intervalSeconds = 10
    /// `live_interval_s`: the same while somebody looks at the gateway, when that is shorter; default 1,
    /// 0…60, 0 for no difference.
    package var liveIntervalSeconds = 1
    /// `file`: an NDJSON file with every record; none by default.
    package var file: String?
    /// `file_size_mb`: size at which the file is rotated; default 10, 1…1000.
    package var fileSizeMegabytes = 10
    /// `file_count`: how many rotated files are kept; default 5, 1…100.
    package var fileCount = 5
}

/// `[outbox]`: the durable queue.
package struct OutboxSettings: Hashable, Sendable {
    /// `path`: the database file; default `/var/lib/amphora/outbox.db`.
    package var path = "/var/lib/amphora/outbox.db"
    /// `size_mb`: what the queue may take on disk; default 256, 1…65536.
    package var sizeMegabytes = 256
    /// Whose word frees a record.
    package enum Delivery: String, CaseIterable, Sendable { case broker, fleet }

    /// `delivery`: `broker` (default), its acknowledgement, where there is no fleet; `fleet`, its word
    /// that the record is in its database.
    package var delivery = Delivery.broker
    /// `commit_window_ms`: how long a record waits for others to share its write; alarms never wait;
    /// default 100, 0…1000.
    package var commitWindowMilliseconds = 100
}

/// `[mqtt]`: the broker and how to reach it.
package struct MQTTSettings: Hashable, Sendable {
    /// The protocol level.
    package enum Version: String, CaseIterable, Sendable {
        case v5 = "5"
        case v311 = "3.1.1"
    }

    /// `host`: required.
    package var host = ""
    /// `port`: default 8883 with `ca_file` or `[fleet]`, else 1883.
    package var port = 1883
    /// `version`: `5` (default) or `3.1.1`.
    package var version = Version.v5
    /// `root`: first segment of every topic; default `amphora`.
    package var root = "amphora"
    /// `qos`: 1 (default) or 2.
    package var qos = 1
    /// `window`: unacknowledged messages in flight; default 100, 1…1000.
    package var window = 100
    /// `backlog_rate`: records of the past sent in a second at most; default 200, 0 (no bound)…100000.
    package var backlogRate = 200
    /// `backlog_jitter_s`: how long a large backlog waits at most before it starts, by chance; default
    /// 10, 0…3600.
    package var backlogJitterSeconds = 10
    /// `keep_alive_s`: default 30, 5…600.
    package var keepAliveSeconds = 30
    /// `reconnect_max_s`: the longest wait between attempts; default 60, 1…3600.
    package var reconnectMaximumSeconds = 60
    /// `username` and `password`: for brokers without client certificates.
    package var username: String?
    /// The password; prints as dots.
    package var password = Secret("")
    /// `ca_file`: the authority that signed the broker's certificate; turns TLS on.
    ///
    /// With `[fleet]` TLS is always on, and the authorities of the identity are the default.
    package var authorityFile: String?
    /// `certificate_file`: this gateway's certificate.
    package var certificateFile: String?
    /// `key_file`: this gateway's private key.
    package var keyFile: String?
    /// `state_interval_s`: how often the retained state topics are renewed; default 10, 1…3600.
    package var stateIntervalSeconds = 10
}

/// `[fleet]`: who enrols and configures this gateway.
package struct FleetSettings: Hashable, Sendable {
    /// `url`: where the fleet is, `https://fleet.example`; required.
    package var url = ""
    /// `ca_file`: the authority the fleet's certificate must come from; default
    /// `current/authorities.pem` below `identity`.
    package var authorityFile: String?
    /// `identity`: the folder with this gateway's key and certificate; default
    /// `/var/lib/amphora/identity`.
    ///
    /// With `[fleet]` the broker is shown this certificate too, unless `[mqtt]` names files.
    package var identity = "/var/lib/amphora/identity"
    /// `configuration`: the folder where the fleet's documents are kept; default
    /// `/var/lib/amphora/configuration`.
    package var configuration = "/var/lib/amphora/configuration"
    /// `poll_s`: how often the fleet is asked for a new document; default 300, 10…86400.
    package var pollSeconds = 300
    /// `confirm_s`: how long a new document may take to show that packs, inverter and fleet are
    /// reached with it, before the one before comes back; default 120, 5…3600.
    package var confirmSeconds = 120
}

/// `[update]`: profile sets that the fleet assigns.
package struct UpdateSettings: Hashable, Sendable {
    /// Whether the owner has to agree with each set.
    package enum Consent: String, CaseIterable, Sendable { case given, ask }

    /// `folder`: where assigned sets are kept; default `/var/lib/amphora/sets`.
    package var folder = "/var/lib/amphora/sets"
    /// `from`: a folder with `assignment.json` and `<sha256>.tar`, in place of the fleet; none by default.
    ///
    /// Whoever may write into it decides what the gateway runs.
    package var from: String?
    /// `root`: the file with the first root of the fleet's repository of signed sets; without it the fleet
    /// gives it over TLS at the first look.
    package var root: String?
    /// `poll_s`: how often an assignment is looked for; default 300, 1…86400.
    package var pollSeconds = 300
    /// `probation_s`: how long the house is watched with a new set before the set is good; default 600,
    /// 5…86400.
    package var probationSeconds = 600
    /// `deferral_h`: how long a set that is ready waits for a good moment at most; default 168, 0…8760.
    package var deferralHours = 168
    /// `stale_h`: how long no word on sets may be believed, because the fleet is silent or its metadata has
    /// expired, before that is an alarm; default 72, 1…8760.
    package var staleHours = 72
    /// `consent`: `given` (default), the owner agrees with every set that the fleet assigns; or `ask`, each
    /// waits for `amphora-gateway update consent`.
    package var consent = Consent.given
}

/// `[local]`: the app for people on the gateway's own network, over plain HTTP.
package struct LocalSettings: Hashable, Sendable {
    /// `listen`: address and port, such as `0.0.0.0:8080` for all of this machine's networks; required.
    package var listen = HostAndPort(host: "", port: 0)
    /// `names`: what the gateway is called beside its addresses, `localhost` and names that end with `.local`
    /// or `.lan`; none by default.
    ///
    /// Requests for other names are refused, because a page from elsewhere could send them.
    package var names: [String] = []
    /// `password_file`: where the hash of the password is kept that is set at the first use; default
    /// `/var/lib/amphora/local/password`.
    package var passwordFile = "/var/lib/amphora/local/password"
}

/// A text that never appears in a log.
package struct Secret: Hashable, Sendable, CustomStringConvertible {
    /// The text itself, for the library that needs it.
    package let revealed: String

    /// Hides a text.
    package init(_ text: String) { revealed = text }

    /// Dots.
    package var description: String { revealed.isEmpty ? "" : "••••" }
}
