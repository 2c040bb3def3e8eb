import Glibc

extension GatewayConfiguration {
    /// Reads a configuration file, throwing one error with every fault in it.
    package static func load(path: String) throws -> GatewayConfiguration {
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(path, limit: 1 << 20)
        } catch {
            throw ConfigurationError(
                path: path, faults: [ConfigurationFault(line: 0, "\(error)")])
        }
        return try parse(bytes, path: path)
    }

    /// Reads a configuration text; `path` only names it in errors.
    package static func parse(
        _ text: String, path: String
    ) throws(ConfigurationError) -> GatewayConfiguration {
        try parse(Array(text.utf8), path: path)
    }

    /// Reads the bytes of a configuration file; `path` only names it in errors.
    package static func parse(
        _ bytes: [UInt8], path: String
    ) throws(ConfigurationError) -> GatewayConfiguration {
        try LayeredConfiguration(file: bytes, path: path).configuration
    }

    init(_ root: inout ConfigurationSection) {
        gateway = root.requiredText("gateway")
        if !gateway.isEmpty, !Self.isIdentifier(gateway) {
            root.fault(
                "gateway",
                "'gateway' is '\(gateway)', allowed 1 to 64 characters of a…z, 0…9 and -")
        }
        logLevel = root.word("log_level", default: .info)
        var profiles = root.section("profiles")
        profilesPath = profiles.text("path") ?? profilesPath
        allowsExperimental = profiles.flag("experimental", default: false)
        profiles.finish()
        lines = Self.lines(&root)
        var bankSection = root.section("bank")
        bank = BankSettings(&bankSection)
        var inverterSection = root.section("inverter")
        inverter = InverterSettings(&inverterSection)
        var telemetrySection = root.section("telemetry")
        telemetry = TelemetrySettings(&telemetrySection)
        var outboxSection = root.section("outbox")
        outbox = OutboxSettings(&outboxSection)
        var fleetSection = root.section("fleet")
        if fleetSection.isPresent { fleet = FleetSettings(&fleetSection) }
        var mqttSection = root.section("mqtt")
        if mqttSection.isPresent { mqtt = MQTTSettings(&mqttSection, isEncrypted: fleet != nil) }
        var updateSection = root.section("update")
        if updateSection.isPresent { update = UpdateSettings(&updateSection) }
        var status = root.section("status")
        statusSocket = status.text("socket") ?? statusSocket
        if statusSocket.utf8.count > 107 {
            status.fault("socket", "'status.socket' is longer than the 107 bytes Linux allows")
        }
        status.finish()
        var localSection = root.section("local")
        if localSection.isPresent { local = LocalSettings(&localSection) }
        checkPacks(root)
        root.finish()
    }

    /// Whether a text may be the id of a gateway.
    package static func isIdentifier(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-")
            }
    }

    private static func lines(_ root: inout ConfigurationSection) -> [LineSettings] {
        let faults = root.reader.faults.count
        let lines = root.sections("line").enumerated().map { index, section in
            var section = section
            return LineSettings(&section, number: index + 1)
        }
        if lines.isEmpty, root.reader.faults.count == faults {
            root.fault("line", "no [[line]] table, expected at least one")
        }
        var names: Set<String> = []
        for (index, line) in lines.enumerated() where !names.insert(line.name).inserted {
            root.fault("line", "'line[\(index)].name' is '\(line.name)' twice")
        }
        return lines
    }

    private func checkPacks(_ root: ConfigurationSection) {
        let count = lines.reduce(0) { $0 + $1.units.count }
        if count > 16 {
            root.fault("line", "\(count) packs on all lines together, allowed at most 16")
        }
        if count > 0, bank.minimumPacks > count {
            root.fault(
                "bank",
                "'bank.minimum_packs' is \(bank.minimumPacks), but only \(count) packs are configured"
            )
        }
    }
}

extension LineSettings {
    /// Speeds every serial driver knows.
    static var standardBauds: [Int] {
        [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400]
    }

    init(_ section: inout ConfigurationSection, number: Int) {
        name = section.text("name") ?? "line-\(number)"
        device = section.text("device")
        address = section.text("address")
        framing = section.word("framing", default: address == nil ? .rtu : .rtuOverTCP)
        mode = section.word("mode", default: .poll)
        checkEndpoint(section)
        readCharacter(&section)
        map = section.requiredText("map")
        units = section.integers("units", in: 0...247)
        checkUnits(section)
        baseAddress = section.integer("base_address", in: 0...65_535)
        cycleMilliseconds = section.integer("cycle_ms", default: 1000, in: 0...60_000, unit: "ms")
        listenMilliseconds = section.integer(
            "listen_ms", default: address == nil ? 3000 : 0, in: 0...60_000, unit: "ms")
        replyTimeoutMilliseconds = section.integer("reply_timeout_ms", in: 5...5000, unit: "ms")
        section.finish()
    }

    private mutating func readCharacter(_ section: inout ConfigurationSection) {
        if let baud = section.integer("baud", in: 1...10_000_000) {
            if !Self.standardBauds.contains(baud) {
                let allowed = Self.standardBauds.map(String.init).joined(separator: ", ")
                section.fault("baud", "'\(section.name("baud"))' is \(baud), allowed \(allowed)")
            }
            self.baud = baud
        }
        if section.has("parity") { parity = section.word("parity", default: .none) }
        stopBits = section.integer("stop_bits", in: 1...2)
        rs485 = section.word("rs485", default: .auto)
    }

    private func checkEndpoint(_ section: ConfigurationSection) {
        if mode == .listen, framing == .tcp {
            section.fault(
                "mode",
                "'\(section.name("mode"))' is 'listen', but Modbus TCP gives nobody the answers to "
                    + "another master; expected a serial 'device' or framing = \"rtu-over-tcp\"")
        }
        switch (device, address) {
        case (nil, nil):
            section.fault("device", "'\(section.path)' needs a 'device' or an 'address'")
        case (.some, .some):
            section.fault(
                "address", "'\(section.path)' has both 'device' and 'address', expected one")
        case (.some, nil) where framing != .rtu:
            section.fault(
                "framing",
                "'\(section.name("framing"))' is '\(framing.rawValue)', a serial 'device' speaks 'rtu'"
            )
        case (nil, .some(let address)):
            if framing == .rtu {
                section.fault(
                    "framing",
                    "'\(section.name("framing"))' is 'rtu', an 'address' speaks 'tcp' or 'rtu-over-tcp'"
                )
            }
            if HostAndPort(address) == nil {
                section.fault(
                    "address",
                    "'\(section.name("address"))' is '\(address)', expected host:port such as 192.168.1.20:502"
                )
            }
        default: break
        }
    }

    private func checkUnits(_ section: ConfigurationSection) {
        if units.isEmpty {
            section.fault(
                "units",
                "'\(section.name("units"))' is missing, expected unit ids such as [1, 2, 3]")
        }
        if Set(units).count != units.count {
            section.fault("units", "'\(section.name("units"))' names a unit id twice")
        }
    }
}

extension BankSettings {
    init(_ section: inout ConfigurationSection) {
        chargeCurrentLimit = section.thousandths("charge_current_limit_a", in: 0...3000, unit: "A")
        dischargeCurrentLimit = section.thousandths(
            "discharge_current_limit_a", in: 0...3000, unit: "A")
        chargeVoltageLimit = section.thousandths("charge_voltage_limit_v", in: 20...70, unit: "V")
        dischargeVoltageLimit = section.thousandths(
            "discharge_voltage_limit_v", in: 20...70, unit: "V")
        packChargeCurrentLimit = section.thousandths(
            "pack_charge_current_limit_a", in: 0...500, unit: "A")
        packDischargeCurrentLimit = section.thousandths(
            "pack_discharge_current_limit_a", in: 0...500, unit: "A")
        minimumPacks = section.integer("minimum_packs", default: 1, in: 1...16)
        startWaitSeconds = section.integer("start_wait_s", default: 30, in: 0...600, unit: "s")
        valueLimitSeconds = section.integer("value_limit_s", default: 10, in: 1...120, unit: "s")
        cellLimitSeconds = section.integer("cell_limit_s", default: 60, in: 5...600, unit: "s")
        if let rise = section.thousandths("rise_a_per_s", in: 0...1000, unit: "A/s") {
            riseMilliamperesPerSecond = max(100, rise)
        }
        section.finish()
    }
}

extension InverterSettings {
    init(_ section: inout ConfigurationSection) {
        profile = section.requiredText("profile")
        quirks = section.texts("quirks")
        transport = section.word("transport", default: .socketCAN)
        interface = section.text("interface") ?? interface
        device = section.text("device")
        deviceBaud = section.integer("device_baud", default: 115_200, in: 9600...4_000_000)
        sendOnChange = section.flag("send_on_change", default: false)
        keepAlive = section.word("keep_alive", default: .profile)
        log = section.text("log")
        logSizeMegabytes = section.integer("log_size_mb", default: 10, in: 1...1000, unit: "MB")
        if transport == .slcan, device == nil {
            section.fault(
                "device", "'inverter.device' is missing, 'slcan' needs the adapter's serial device")
        }
        if transport == .socketCAN, !(1...15).contains(interface.utf8.count) {
            section.fault(
                "interface",
                "'inverter.interface' is '\(interface)', expected 1 to 15 characters such as can0")
        }
        section.finish()
    }
}

extension TelemetrySettings {
    init(_ section: inout ConfigurationSection) {
        intervalSeconds = section.integer("interval_s", default: 10, in: 1...3600, unit: "s")
        liveIntervalSeconds = section.integer("live_interval_s", default: 1, in: 0...60, unit: "s")
        file = section.text("file")
        fileSizeMegabytes = section.integer("file_size_mb", default: 10, in: 1...1000, unit: "MB")
        fileCount = section.integer("file_count", default: 5, in: 1...100)
        section.finish()
    }
}

extension OutboxSettings {
    init(_ section: inout ConfigurationSection) {
        path = section.text("path") ?? path
        sizeMegabytes = section.integer("size_mb", default: 256, in: 1...65_536, unit: "MB")
        delivery = section.word("delivery", default: .broker)
        commitWindowMilliseconds = section.integer(
            "commit_window_ms", default: 100, in: 0...1000, unit: "ms")
        section.finish()
    }
}

extension FleetSettings {
    init(_ section: inout ConfigurationSection) {
        url = section.requiredText("url")
        while url.hasSuffix("/") { url.removeLast() }
        if !url.isEmpty, !url.hasPrefix("https://") || url.utf8.count < 9 {
            section.fault("url", "'fleet.url' is '\(url)', expected https://… and a name")
        }
        authorityFile = section.text("ca_file")
        identity = section.text("identity") ?? identity
        configuration = section.text("configuration") ?? configuration
        pollSeconds = section.integer("poll_s", default: 300, in: 10...86_400, unit: "s")
        confirmSeconds = section.integer("confirm_s", default: 120, in: 5...3600, unit: "s")
        section.finish()
    }
}

extension UpdateSettings {
    init(_ section: inout ConfigurationSection) {
        folder = section.text("folder") ?? folder
        if !folder.hasPrefix("/") {
            section.fault("folder", "'update.folder' is '\(folder)', expected an absolute path")
        }
        from = section.text("from")
        root = section.text("root")
        pollSeconds = section.integer("poll_s", default: 300, in: 1...86_400, unit: "s")
        probationSeconds = section.integer("probation_s", default: 600, in: 5...86_400, unit: "s")
        deferralHours = section.integer("deferral_h", default: 168, in: 0...8760, unit: "h")
        staleHours = section.integer("stale_h", default: 72, in: 1...8760, unit: "h")
        consent = section.word("consent", default: .given)
        section.finish()
    }
}

extension LocalSettings {
    init(_ section: inout ConfigurationSection) {
        let text = section.requiredText("listen")
        if let place = HostAndPort(text), Self.isAddress(place.host) {
            listen = place
        } else if !text.isEmpty {
            section.fault(
                "listen",
                "'local.listen' is '\(text)', expected an address of this machine and a port such as "
                    + "0.0.0.0:8080 or [::]:8080")
        }
        names = section.texts("names")
        for name in names where !Self.isName(name) {
            section.fault(
                "names",
                "'local.names' has '\(name)', expected names such as battery.example, without a port"
            )
        }
        passwordFile = section.text("password_file") ?? passwordFile
        if !passwordFile.hasPrefix("/") || passwordFile.hasSuffix("/") {
            section.fault(
                "password_file",
                "'local.password_file' is '\(passwordFile)', expected an absolute path of a file")
        }
        section.finish()
    }

    private static func isAddress(_ text: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
    }

    private static func isName(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                    || byte == 0x2D || byte == 0x2E
            }
    }
}

extension MQTTSettings {
    init(_ section: inout ConfigurationSection, isEncrypted: Bool) {
        host = section.requiredText("host")
        version = section.word("version", default: .v5)
        root = section.text("root") ?? root
        if root.isEmpty || root.utf8.contains(where: { "+#/".utf8.contains($0) }) {
            section.fault(
                "root", "'mqtt.root' is '\(root)', expected one topic segment without + # /")
        }
        qos = section.integer("qos", default: 1, in: 1...2)
        window = section.integer("window", default: 100, in: 1...1000)
        backlogRate = section.integer("backlog_rate", default: 200, in: 0...100_000)
        backlogJitterSeconds = section.integer(
            "backlog_jitter_s", default: 10, in: 0...3600, unit: "s")
        keepAliveSeconds = section.integer("keep_alive_s", default: 30, in: 5...600, unit: "s")
        reconnectMaximumSeconds = section.integer(
            "reconnect_max_s", default: 60, in: 1...3600, unit: "s")
        stateIntervalSeconds = section.integer(
            "state_interval_s", default: 10, in: 1...3600, unit: "s")
        readCredentials(&section)
        port = section.integer(
            "port", default: isEncrypted || authorityFile != nil ? 8883 : 1883, in: 1...65_535)
        section.finish()
    }

    private mutating func readCredentials(_ section: inout ConfigurationSection) {
        username = section.text("username")
        password = Secret(section.text("password") ?? "")
        authorityFile = section.text("ca_file")
        certificateFile = section.text("certificate_file")
        keyFile = section.text("key_file")
        if (certificateFile == nil) != (keyFile == nil) {
            section.fault(
                "certificate_file", "'mqtt.certificate_file' and 'mqtt.key_file' belong together")
        }
        if authorityFile == nil, certificateFile != nil {
            section.fault(
                "certificate_file",
                "'mqtt.certificate_file' needs 'mqtt.ca_file' to know whom to show it to")
        }
        if username == nil, !password.revealed.isEmpty {
            section.fault("password", "'mqtt.password' needs 'mqtt.username'")
        }
    }
}
