internal import CMosquitto
import Glibc

/// Words what went wrong on the way to the broker.
enum BrokerTrouble {
    /// A call failed or the connection ended; `code` is the library's error, or from 128 the broker's
    /// reason.
    static func failed(
        code: Int32, systemError: Int32, complaints: [String], isWelcome: Bool
    ) -> String {
        if code >= 128 {
            return "\(isWelcome ? "it ended the connection" : "it refused us"): \(reason(code))"
        }
        switch code {
        case MOSQ_ERR_ERRNO.rawValue where systemError != 0:
            return String(cString: strerror(systemError))
        case MOSQ_ERR_EAI.rawValue, MOSQ_ERR_LOOKUP.rawValue: return "its name cannot be resolved"
        case MOSQ_ERR_KEEPALIVE.rawValue: return "it gave no sign of life"
        case MOSQ_ERR_CONN_LOST.rawValue, MOSQ_ERR_NO_CONN.rawValue, MOSQ_ERR_SUCCESS.rawValue:
            return "it closed the connection" + (complaints.first.map { ": \($0)" } ?? "")
        case MOSQ_ERR_TLS.rawValue: return "TLS failed: \(complaints.first ?? words(code))"
        default: return words(code)
        }
    }

    /// `not authorized (0x87)`.
    static func reason(_ code: Int32) -> String {
        let words = String(cString: mosquitto_reason_string(code))
        let plain = words.hasSuffix(".") ? String(words.dropLast()) : words
        return "\(plain.lowercased()) (0x\(String(code, radix: 16)))"
    }

    private static func words(_ code: Int32) -> String {
        let words = BrokerClient.words(code)
        return words.hasSuffix(".") ? String(words.dropLast()) : words
    }
}
