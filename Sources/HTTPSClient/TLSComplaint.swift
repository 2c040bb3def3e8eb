/// What OpenSSL complained of, read from the words that libcurl passes on.
///
/// libcurl gives no code of OpenSSL's, but its words contain the number of the first error, as in
/// `error:0A000412:SSL routines::sslv3 alert bad certificate`. OpenSSL 3 packs the library into bits
/// 23…30 and the reason below; in the TLS library (20) a reason of 1000 and more is an alert that the
/// other end sent (RFC 8446 section 6).
package enum TLSComplaint: Hashable, Sendable {
    /// The other end refused with this alert, 0…255.
    case alert(Int)
    /// OpenSSL itself found a fault in what came, with this number of its own.
    case own(Int)

    /// Looks for a complaint; nil when the words have none of the TLS library.
    package init?(_ words: String) {
        let bytes = Array(words.utf8)
        let mark = Array("error:".utf8)
        guard bytes.count > mark.count + 8 else { return nil }
        for start in 0...(bytes.count - mark.count - 8)
        where bytes[start...].starts(with: mark) {
            let digits = bytes[(start + mark.count)...].prefix(8)
            guard let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
                code >> 23 & 0xFF == 20
            else { continue }
            let reason = Int(code & 0x7F_FFFF)
            self = (1000..<1256).contains(reason) ? .alert(reason - 1000) : .own(reason)
            return
        }
        return nil
    }

    /// What an alert says of the certificate that this end showed; nil when it speaks of other things.
    var identityFault: String? {
        guard case .alert(let number) = self else { return nil }
        switch number {
        case 41, 116: return "it wants one"
        case 42: return "bad certificate"
        case 43: return "unsupported certificate"
        case 44: return "revoked"
        case 45: return "expired"
        case 46: return "unacceptable"
        case 48: return "its authority is unknown there"
        case 49: return "access denied"
        default: return nil
        }
    }

    /// Whether the two ends have no version of TLS in common: alert 70, `SSL_R_UNSUPPORTED_PROTOCOL`.
    var isVersion: Bool { self == .alert(70) || self == .own(258) }

    /// Whether the connection ended in the middle: `SSL_R_UNEXPECTED_EOF_WHILE_READING`.
    var isEnd: Bool { self == .own(294) }
}
