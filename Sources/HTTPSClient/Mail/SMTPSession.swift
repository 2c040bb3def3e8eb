internal import CCurl

/// Where mail is handed in.
package struct SMTPConfiguration: Hashable, Sendable {
    /// How a connection is kept from being read.
    package enum Security: Hashable, Sendable {
        /// TLS from the first byte, `smtps://`.
        case tls
        /// TLS after a greeting, and nothing without it, `smtp://`.
        case startTLS
        /// None, `smtp+plain://`; for this machine itself only.
        case none
    }

    /// How it is kept from being read.
    package var security: Security
    /// The server and its port.
    package var host: String, port: Int
    /// PEM file of those who vouch for the server.
    package var authorities: String
    /// Whom to sign in as; nil signs in as nobody.
    package var user: String?, password: String?
    /// The longest a message may take in all, ms.
    package var milliseconds = 60_000

    /// Reads `smtps://host[:port]`, `smtp://host[:port]` or `smtp+plain://host[:port]`.
    ///
    /// Without a port it is 465, 587 or 25. Throws ``HTTPSFailure/Kind/request`` for anything else.
    package init(_ address: String, authorities: String) throws(HTTPSFailure) {
        let schemes: [(name: String, security: Security, port: Int)] = [
            ("smtps://", .tls, 465), ("smtp://", .startTLS, 587), ("smtp+plain://", .none, 25),
        ]
        guard let scheme = schemes.first(where: { address.hasPrefix($0.name) }) else {
            throw Self.fault(address)
        }
        let rest = address.dropFirst(scheme.name.count)
        // an IPv6 address stands in brackets and has colons of its own
        let end =
            rest.hasPrefix("[")
            ? rest.firstIndex(of: "]").map { rest.index(after: $0) } ?? rest.endIndex
            : rest.firstIndex(of: ":") ?? rest.endIndex
        host = String(rest[..<end])
        port = scheme.port
        if end < rest.endIndex {
            guard rest[end] == ":", let number = UInt16(rest[rest.index(after: end)...]), number > 0
            else { throw Self.fault(address) }
            port = Int(number)
        }
        let isHost =
            !host.isEmpty
            && host.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                    || ".-[]:".utf8.contains(byte)
            }
        guard isHost else { throw Self.fault(address) }
        security = scheme.security
        self.authorities = authorities
        if security == .none, !["localhost", "127.0.0.1", "[::1]"].contains(host) {
            throw HTTPSFailure(
                .request,
                "'\(address)' would send mail unprotected, allowed on this machine only; expected "
                    + "'smtps://' or 'smtp://'")
        }
    }

    private static func fault(_ address: String) -> HTTPSFailure {
        HTTPSFailure(
            .request,
            "'\(address)' names no mail server, expected 'smtps://host', 'smtp://host' or "
                + "'smtp+plain://localhost', each with ':port' where it is another")
    }
}

/// Why mail was not taken.
package struct SMTPFailure: Error, CustomStringConvertible, Sendable {
    /// The sentence for the person who reads it.
    package let description: String
    /// Whether the server will never take this message.
    package let isFinal: Bool
}

/// Hands mail in, one message a connection; blocks.
///
/// The server is believed by its certificate only, TLS 1.2 or later; neither the environment nor a file of the user
/// changes anything.
package struct SMTPSession {
    private let configuration: SMTPConfiguration

    /// Connects with each message.
    package init(_ configuration: SMTPConfiguration) { self.configuration = configuration }

    /// Hands a message in whose lines end with CR LF; the addresses must have been looked at.
    package func send(
        _ message: [UInt8], from sender: String, to recipient: String
    ) throws(SMTPFailure) {
        do throws(HTTPSFailure) {
            try handIn(message, sender, recipient)
        } catch {
            let server = "\(configuration.host):\(configuration.port)"
            throw SMTPFailure(
                description: "mail server '\(server)': \(error)",
                isFinal: error.detail == .refusedMail)
        }
    }

    private func handIn(
        _ message: [UInt8], _ sender: String, _ recipient: String
    ) throws(HTTPSFailure) {
        // either would end the line that it stands in
        for address in [sender, recipient] where !URLText.isPlain(address) {
            throw HTTPSFailure(.request, "'\(address)' is no address of mail")
        }
        let handle = try CurlHandle()
        let list = try HeaderList(["<\(recipient)>"])
        let source = ByteSource(message)
        try prepare(handle)
        try handle.set(CURLOPT_MAIL_FROM, "<\(sender)>")
        try handle.set(recipients: list)
        try handle.set(CURLOPT_UPLOAD, 1)
        try handle.set(CURLOPT_INFILESIZE_LARGE, offset: message.count)
        try handle.set(source)
        let ending = withExtendedLifetime((list, source)) { handle.run(HTTPSCanceller()) }
        guard case .code(let code) = ending else {
            throw HTTPSFailure(.request, "bug: libcurl's multi handle failed")
        }
        guard code != CURLE_OK else { return }
        let status = handle.number(CURLINFO_RESPONSE_CODE)
        let words = handle.words.isEmpty ? CurlHandle.words(code) : handle.words
        let answer = status > 0 ? ", its last answer was \(status)" : ""
        // 550 and its like speak of the message or the address; what is wrong with signing in can be mended
        let isFinal = code != CURLE_LOGIN_DENIED && (550...554).contains(status)
        throw HTTPSFailure(
            .network, "\(words) (libcurl \(code.rawValue))\(answer)",
            detail: isFinal ? .refusedMail : .other)
    }

    private func prepare(_ handle: CurlHandle) throws(HTTPSFailure) {
        try handle.reset()
        let isTLS = configuration.security == .tls
        try handle.set(CURLOPT_NOSIGNAL, 1)
        try handle.set(CURLOPT_QUICK_EXIT, 1)
        try handle.set(
            CURLOPT_URL,
            "\(isTLS ? "smtps" : "smtp")://\(configuration.host):\(configuration.port)")
        try handle.set(CURLOPT_PROTOCOLS_STR, isTLS ? "smtps" : "smtp")
        try handle.set(CURLOPT_NETRC, 0)
        try handle.set(CURLOPT_PROXY, "")
        try handle.set(CURLOPT_NOPROXY, "")
        let use = configuration.security == .none ? CURLUSESSL_NONE : CURLUSESSL_ALL
        try handle.set(CURLOPT_USE_SSL, Int(use.rawValue))
        try handle.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        try handle.set(CURLOPT_SSL_VERIFYPEER, 1)
        try handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        try handle.trustFolder(nil)
        try handle.set(CURLOPT_CAINFO, configuration.authorities)
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, min(15_000, configuration.milliseconds))
        try handle.set(CURLOPT_TIMEOUT_MS, configuration.milliseconds)
        if let user = configuration.user {
            try handle.set(CURLOPT_USERNAME, user)
            try handle.set(CURLOPT_PASSWORD, configuration.password ?? "")
        }
    }
}

/// Bytes that libcurl takes piece by piece.
final class ByteSource {
    private let bytes: [UInt8]
    private var next = 0

    /// Gives these from the first on.
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Fills what there is room for; how many bytes, 0 at the end.
    func give(_ room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(room.count, bytes.count - next)
        room.copyBytes(from: bytes[next..<next + count])
        next += count
        return count
    }
}
