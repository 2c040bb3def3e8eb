internal import CMosquitto
import Glibc

/// Words what went wrong on the way to the broker, for the status and the log.
package enum LinkTrouble {
    /// A call of the library failed, or the connection ended.
    ///
    /// `code` is the library's error, or from 128 the broker's reason.
    static func failed(
        _ operation: String, code: Int32, _ configuration: LinkConfiguration,
        complaints: [String], systemError: Int32
    ) -> String {
        let broker = "broker '\(configuration.endpoint)'"
        if let words = certificate(configuration, complaints) { return "\(broker): \(words)" }
        if code >= 128 { return "\(broker) ended the connection: \(reason(code))" }
        switch code {
        case MOSQ_ERR_ERRNO.rawValue where systemError != 0:
            return "cannot \(operation) \(broker): \(String(cString: strerror(systemError)))"
        case MOSQ_ERR_EAI.rawValue, MOSQ_ERR_LOOKUP.rawValue:
            return "cannot \(operation) \(broker): the name cannot be resolved"
        case MOSQ_ERR_KEEPALIVE.rawValue:
            return "\(broker) gave no sign of life within "
                + "\(configuration.keepAliveSeconds) s of being asked"
        case MOSQ_ERR_CONN_LOST.rawValue, MOSQ_ERR_NO_CONN.rawValue, MOSQ_ERR_SUCCESS.rawValue:
            return "\(broker) closed the connection"
        case MOSQ_ERR_TLS.rawValue:
            let detail = complaints.first ?? Mosquitto.words(code)
            return "\(broker): TLS failed: \(detail)"
        default: return "cannot \(operation) \(broker): \(Mosquitto.words(code))"
        }
    }

    /// The broker answered our CONNECT with a refusal.
    static func refused(code: Int32, _ configuration: LinkConfiguration) -> String {
        let words = configuration.version == .v5 ? reason(code) : returnCode(code)
        return "broker '\(configuration.endpoint)' refused the connection: \(words)"
    }

    /// The broker did not do what it owed us.
    static func late(
        _ awaited: LinkStateMachineAwaited, _ configuration: LinkConfiguration
    ) -> String {
        switch awaited {
        case .welcome:
            "broker '\(configuration.endpoint)' did not answer within "
                + "\(configuration.connectSeconds) s of connecting"
        case .acknowledgement:
            "broker '\(configuration.endpoint)' acknowledged nothing for "
                + "\(configuration.acknowledgementSeconds) s"
        }
    }

    /// The broker refused a record.
    static func record(_ token: Int64, topic: String, reason code: Int32) -> String {
        "broker refused record \(token) on '\(topic)': \(reason(code)); it is kept and sent again"
    }

    /// The library did not take a record.
    static func unsendable(_ token: Int64, topic: String, code: Int32) -> String {
        "cannot send record \(token) on '\(topic)': \(Mosquitto.words(code)); it is kept"
    }

    /// `not authorized (0x87)`.
    package static func reason(_ code: Int32) -> String {
        let words = String(cString: mosquitto_reason_string(code))
        let plain = words.hasSuffix(".") ? String(words.dropLast()) : words
        return "\(plain.lowercased()) (0x\(String(code, radix: 16)))"
    }

    /// Words of MQTT 3.1.1, table 3.1.
    private static func returnCode(_ code: Int32) -> String {
        switch code {
        case 1: "it does not speak MQTT 3.1.1 (1)"
        case 2: "it does not accept the client id (2)"
        case 3: "it is not available (3)"
        case 4: "bad user name or password (4)"
        case 5: "not authorized (5)"
        default: "return code \(code)"
        }
    }

    /// Trouble with certificates, which the library tells in its log only.
    private static func certificate(
        _ configuration: LinkConfiguration, _ complaints: [String]
    ) -> String? {
        guard let tls = configuration.tls else { return nil }
        func mentions(_ words: String) -> Bool {
            complaints.contains { $0.lowercased().contains(words) }
        }
        if mentions("host name verification failed") {
            return "its certificate is for another name than '\(configuration.host)'"
        }
        if mentions("certificate verify failed") {
            return "its certificate cannot be trusted: not signed by the authority in "
                + "'\(tls.authorityFile)', expired or not yet valid"
        }
        if mentions("certificate required") {
            return "it wants a client certificate, and none is configured"
        }
        if mentions("unknown ca") || mentions("bad certificate")
            || mentions("certificate expired")
        {
            return "it does not accept the certificate '\(tls.certificateFile ?? "")'"
        }
        if mentions("inconsistent") {
            return "'\(tls.keyFile ?? "")' is not the key of '\(tls.certificateFile ?? "")'"
        }
        return nil
    }
}

/// What a broker can owe us, without naming the source of chance.
typealias LinkStateMachineAwaited = LinkStateMachine<SystemRandomNumberGenerator>.Awaited
