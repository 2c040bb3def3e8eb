/// A value as `config show` prints it.
package enum ShownValue: Hashable, Sendable {
    case text(String), integer(Int), thousandths(Int32), flag(Bool)
    case texts([String]), integers([Int])
    case secret(Secret)
    /// Nothing is set, and nothing counts.
    case absent

    /// The value as the file would have it; a secret as dots, an absent one as a dash.
    package var text: String {
        switch self {
        case .text(let text): "\"\(text)\""
        case .integer(let number): "\(number)"
        case .thousandths(let value): Self.decimal(value)
        case .flag(let flag): "\(flag)"
        case .texts(let texts): "[" + texts.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
        case .integers(let numbers): "[" + numbers.map(String.init).joined(separator: ", ") + "]"
        case .secret(let secret): secret.revealed.isEmpty ? "-" : "\(secret)"
        case .absent: "-"
        }
    }

    init(_ text: String?) { self = text.map(ShownValue.text) ?? .absent }
    init(_ number: Int?) { self = number.map(ShownValue.integer) ?? .absent }
    init(_ value: Int32?) { self = value.map(ShownValue.thousandths) ?? .absent }

    private static func decimal(_ value: Int32) -> String {
        let digits = value.magnitude
        let fraction = String(digits % 1000)
        var text = "\(value < 0 ? "-" : "")\(digits / 1000)"
        guard digits % 1000 != 0 else { return text }
        text += "." + String(repeating: "0", count: 3 - fraction.count) + fraction
        while text.hasSuffix("0") { text.removeLast() }
        return text
    }
}

/// One key with its value.
package struct ShownSetting: Hashable, Sendable {
    /// The full name, `line[0].map`.
    package let key: String
    /// The value.
    package let value: ShownValue
}

extension GatewayConfiguration {
    /// Every key with the value that counts, in the order of the sample file.
    package var shown: [ShownSetting] {
        var list = ShownList()
        list.add("gateway", .text(gateway))
        list.add("log_level", .text(logLevel.rawValue))
        list.add("profiles.path", .text(profilesPath))
        list.add("profiles.experimental", .flag(allowsExperimental))
        for (index, line) in lines.enumerated() { line.show(in: &list, "line[\(index)]") }
        bank.show(in: &list)
        inverter.show(in: &list)
        list.add("telemetry.interval_s", .integer(telemetry.intervalSeconds))
        list.add("telemetry.live_interval_s", .integer(telemetry.liveIntervalSeconds))
        list.add("telemetry.file", ShownValue(telemetry.file))
        list.add("telemetry.file_size_mb", .integer(telemetry.fileSizeMegabytes))
        list.add("telemetry.file_count", .integer(telemetry.fileCount))
        list.add("outbox.path", .text(outbox.path))
        list.add("outbox.size_mb", .integer(outbox.sizeMegabytes))
        list.add("outbox.delivery", .text(outbox.delivery.rawValue))
        list.add("outbox.commit_window_ms", .integer(outbox.commitWindowMilliseconds))
        mqtt?.show(in: &list)
        fleet?.show(in: &list)
        update?.show(in: &list)
        list.add("status.socket", .text(statusSocket))
        local?.show(in: &list)
        return list.settings
    }
}

private struct ShownList {
    var settings: [ShownSetting] = []

    mutating func add(_ key: String, _ value: ShownValue) {
        settings.append(ShownSetting(key: key, value: value))
    }
}

extension LineSettings {
    fileprivate func show(in list: inout ShownList, _ path: String) {
        list.add("\(path).name", .text(name))
        list.add("\(path).mode", .text(mode.rawValue))
        list.add("\(path).framing", .text(framing.rawValue))
        list.add("\(path).device", ShownValue(device))
        list.add("\(path).address", ShownValue(address))
        list.add("\(path).baud", ShownValue(baud))
        list.add("\(path).parity", ShownValue(parity?.rawValue))
        list.add("\(path).stop_bits", ShownValue(stopBits))
        list.add("\(path).rs485", .text(rs485.rawValue))
        list.add("\(path).map", .text(map))
        list.add("\(path).units", .integers(units))
        list.add("\(path).base_address", ShownValue(baseAddress))
        list.add("\(path).cycle_ms", .integer(cycleMilliseconds))
        list.add("\(path).listen_ms", .integer(listenMilliseconds))
        list.add("\(path).reply_timeout_ms", ShownValue(replyTimeoutMilliseconds))
    }
}

extension BankSettings {
    fileprivate func show(in list: inout ShownList) {
        list.add("bank.charge_current_limit_a", ShownValue(chargeCurrentLimit))
        list.add("bank.discharge_current_limit_a", ShownValue(dischargeCurrentLimit))
        list.add("bank.charge_voltage_limit_v", ShownValue(chargeVoltageLimit))
        list.add("bank.discharge_voltage_limit_v", ShownValue(dischargeVoltageLimit))
        list.add("bank.pack_charge_current_limit_a", ShownValue(packChargeCurrentLimit))
        list.add("bank.pack_discharge_current_limit_a", ShownValue(packDischargeCurrentLimit))
        list.add("bank.minimum_packs", .integer(minimumPacks))
        list.add("bank.start_wait_s", .integer(startWaitSeconds))
        list.add("bank.value_limit_s", .integer(valueLimitSeconds))
        list.add("bank.cell_limit_s", .integer(cellLimitSeconds))
        list.add("bank.rise_a_per_s", .thousandths(riseMilliamperesPerSecond))
    }
}

extension InverterSettings {
    fileprivate func show(in list: inout ShownList) {
        list.add("inverter.profile", .text(profile))
        list.add("inverter.quirks", .texts(quirks))
        list.add("inverter.transport", .text(transport.rawValue))
        list.add("inverter.interface", .text(interface))
        list.add("inverter.device", ShownValue(device))
        list.add("inverter.device_baud", .integer(deviceBaud))
        list.add("inverter.send_on_change", .flag(sendOnChange))
        list.add("inverter.keep_alive", .text(keepAlive.rawValue))
        list.add("inverter.log", ShownValue(log))
        list.add("inverter.log_size_mb", .integer(logSizeMegabytes))
    }
}

extension MQTTSettings {
    fileprivate func show(in list: inout ShownList) {
        list.add("mqtt.host", .text(host))
        list.add("mqtt.port", .integer(port))
        list.add("mqtt.version", .text(version.rawValue))
        list.add("mqtt.root", .text(root))
        list.add("mqtt.qos", .integer(qos))
        list.add("mqtt.window", .integer(window))
        list.add("mqtt.backlog_rate", .integer(backlogRate))
        list.add("mqtt.backlog_jitter_s", .integer(backlogJitterSeconds))
        list.add("mqtt.keep_alive_s", .integer(keepAliveSeconds))
        list.add("mqtt.reconnect_max_s", .integer(reconnectMaximumSeconds))
        list.add("mqtt.state_interval_s", .integer(stateIntervalSeconds))
        list.add("mqtt.username", ShownValue(username))
        list.add("mqtt.password", .secret(password))
        list.add("mqtt.ca_file", ShownValue(authorityFile))
        list.add("mqtt.certificate_file", ShownValue(certificateFile))
        list.add("mqtt.key_file", ShownValue(keyFile))
    }
}

extension FleetSettings {
    fileprivate func show(in list: inout ShownList) {
        list.add("fleet.url", .text(url))
        list.add("fleet.ca_file", ShownValue(authorityFile))
        list.add("fleet.identity", .text(identity))
        list.add("fleet.configuration", .text(configuration))
        list.add("fleet.poll_s", .integer(pollSeconds))
        list.add("fleet.confirm_s", .integer(confirmSeconds))
    }
}

extension LocalSettings {
    fileprivate func show(in list: inout ShownList) {
        let host = listen.host.contains(":") ? "[\(listen.host)]" : listen.host
        list.add("local.listen", .text("\(host):\(listen.port)"))
        list.add("local.names", .texts(names))
        list.add("local.password_file", .text(passwordFile))
    }
}

extension UpdateSettings {
    fileprivate func show(in list: inout ShownList) {
        list.add("update.folder", .text(folder))
        list.add("update.from", ShownValue(from))
        list.add("update.root", ShownValue(root))
        list.add("update.poll_s", .integer(pollSeconds))
        list.add("update.probation_s", .integer(probationSeconds))
        list.add("update.deferral_h", .integer(deferralHours))
        list.add("update.stale_h", .integer(staleHours))
        list.add("update.consent", .text(consent.rawValue))
    }
}
