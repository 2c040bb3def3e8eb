/// Which keys the fleet's document may set, and which only the file on site.
///
/// Names are those of the file; `line[]` is any element of the list. Whatever is in neither list is
/// unknown. The document never sets what must survive a mistake of the fleet: where records are
/// kept, secrets and the paths of keys, paths that are written to, who the gateway is and whom it
/// obeys, and whether unconfirmed maps may be used.
package enum RemoteKeys {
    /// What the document may set.
    package static var settable: [String] {
        [
            "log_level",
            "line[].name", "line[].mode", "line[].framing", "line[].device", "line[].address",
            "line[].baud", "line[].parity", "line[].stop_bits", "line[].rs485", "line[].map",
            "line[].units", "line[].base_address", "line[].cycle_ms", "line[].listen_ms",
            "line[].reply_timeout_ms",
            "bank.charge_current_limit_a", "bank.discharge_current_limit_a",
            "bank.charge_voltage_limit_v", "bank.discharge_voltage_limit_v",
            "bank.pack_charge_current_limit_a", "bank.pack_discharge_current_limit_a",
            "bank.minimum_packs", "bank.start_wait_s", "bank.value_limit_s", "bank.cell_limit_s",
            "bank.rise_a_per_s",
            "inverter.profile", "inverter.quirks", "inverter.transport", "inverter.interface",
            "inverter.device", "inverter.device_baud", "inverter.send_on_change",
            "inverter.keep_alive",
            "telemetry.interval_s", "telemetry.live_interval_s",
            "outbox.commit_window_ms",
            "mqtt.host", "mqtt.port", "mqtt.version", "mqtt.root", "mqtt.qos", "mqtt.window",
            "mqtt.backlog_rate", "mqtt.backlog_jitter_s", "mqtt.keep_alive_s",
            "mqtt.reconnect_max_s", "mqtt.state_interval_s",
            "fleet.poll_s",
        ]
    }

    /// What only the file on site may set.
    package static var onSite: [String] {
        [
            "gateway",
            "profiles.path", "profiles.experimental",
            "inverter.log", "inverter.log_size_mb",
            "telemetry.file", "telemetry.file_size_mb", "telemetry.file_count",
            "outbox.path", "outbox.size_mb", "outbox.delivery",
            "mqtt.username", "mqtt.password", "mqtt.ca_file", "mqtt.certificate_file",
            "mqtt.key_file",
            "fleet.url", "fleet.ca_file", "fleet.identity", "fleet.configuration",
            "fleet.confirm_s",
            "update.folder", "update.from", "update.root", "update.poll_s", "update.probation_s",
            "update.deferral_h", "update.stale_h", "update.consent",
            "status.socket",
            "local.listen", "local.names", "local.password_file",
        ]
    }

    /// `line[3].map` as the lists have it: `line[].map`.
    static func general(_ path: String) -> String {
        var text = ""
        var isInside = false
        for character in path {
            if character == "]" { isInside = false }
            if !isInside { text.append(character) }
            if character == "[" { isInside = true }
        }
        return text
    }

    /// Whether a path is a table or list of which some keys may be set.
    static func isTable(_ path: String) -> Bool {
        settable.contains { $0.hasPrefix("\(path).") || $0.hasPrefix("\(path)[].") }
    }
}
