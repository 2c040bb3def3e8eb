/// How a gateway speaks to its fleet.
package struct HTTPSConfiguration: Hashable, Sendable {
    /// Whom to believe when they vouch for the server; the system's own list never counts.
    package enum Authorities: Hashable, Sendable {
        /// A PEM file, read anew for each connection.
        case file(String)
        /// The text of a PEM file.
        case pem([UInt8])
        /// Nobody: whoever answers is listened to, and told nothing.
        ///
        /// Only for fetching a public certificate that is then held against a fingerprint. Requests with a
        /// body, a header field or a query are refused, and so is a configuration with an identity.
        case unverifiedForFingerprint
    }

    /// A client certificate and its key, both PEM files.
    package struct Identity: Hashable, Sendable {
        /// The certificate, followed by the issuing ones.
        package var certificateFile: String
        /// The key, without a passphrase.
        package var keyFile: String

        /// Joins the parts.
        package init(certificateFile: String, keyFile: String) {
            self.certificateFile = certificateFile
            self.keyFile = keyFile
        }
    }

    /// Who may vouch for the server.
    package var authorities: Authorities
    /// What the gateway shows of itself; nil shows nothing.
    package var identity: Identity?
    /// An HTTP proxy such as `http://proxy.lan:3128`; nil goes direct, whatever the environment says.
    package var proxy: String?

    /// Whether `http://` is spoken with this machine itself (`localhost`, `127.0.0.1`, `[::1]`).
    ///
    /// Only for commands that try a repository out on a desk; a gateway's own work never asks for it.
    package var speaksPlainlyToItself = false

    /// Whether only addresses of the public network are connected to, whatever a name stands for.
    ///
    /// For addresses that strangers may name: nobody reaches by them what only this machine can reach.
    package var refusesPrivateAddresses = false

    /// The longest a connection may take, TLS included, in milliseconds, 1…600 000.
    package var connectMilliseconds = 15_000
    /// The longest a server may take to begin its answer in the total time-out, in milliseconds,
    /// 1…600 000.
    ///
    /// A server that sends nothing for ``stallSeconds`` is given up earlier.
    package var answerMilliseconds = 30_000
    /// The lowest mean speed over ``stallSeconds``, in bytes per second, 1…1 000 000.
    ///
    /// The total time-out is what the largest allowed exchange takes at this speed, plus the times for
    /// the connection and the beginning of the answer.
    package var lowestBytesPerSecond = 500
    /// How long an exchange may be slower than the lowest speed, in seconds, 1…600.
    package var stallSeconds = 20
    /// The most bytes that all heads of an answer have together, 1…1 048 576.
    package var maximumHeadBytes = 32_768

    /// Trusts these authorities, shows nothing and goes direct.
    package init(authorities: Authorities) { self.authorities = authorities }

    /// The longest a request may take in all, in milliseconds.
    package func totalMilliseconds(_ request: HTTPSRequest) -> Int {
        let bytes = request.body.count.addingReportingOverflow(max(0, request.maximumBytes))
        // 2^40 bytes are far past any answer, and keep what follows from overflowing
        let most = bytes.overflow ? 1 << 40 : min(bytes.partialValue, 1 << 40)
        let transfer = (most + maximumHeadBytes) * 1000 / max(1, lowestBytesPerSecond)
        return connectMilliseconds + answerMilliseconds + transfer
    }

    /// What cannot be used, a sentence each; empty when all is well.
    package var faults: [String] {
        var faults: [String] = []
        func expect(_ name: String, _ value: Int, _ range: ClosedRange<Int>) {
            if !range.contains(value) {
                let allowed = "allowed \(range.lowerBound)…\(range.upperBound)"
                faults.append("'\(name)' is \(value), \(allowed)")
            }
        }
        expect("connectMilliseconds", connectMilliseconds, 1...600_000)
        expect("answerMilliseconds", answerMilliseconds, 1...600_000)
        expect("lowestBytesPerSecond", lowestBytesPerSecond, 1...1_000_000)
        expect("stallSeconds", stallSeconds, 1...600)
        expect("maximumHeadBytes", maximumHeadBytes, 1...(1 << 20))
        func expectPath(_ name: String, _ path: String) {
            if path.isEmpty || path.utf8.contains(0) {
                faults.append("the path of \(name) is empty or contains a zero byte")
            }
        }
        switch authorities {
        case .file(let path): expectPath("the authorities", path)
        case .pem(let text): if text.isEmpty { faults.append("there are no authorities to trust") }
        case .unverifiedForFingerprint:
            if identity != nil {
                faults.append("an unverified server is shown no certificate")
            }
        }
        if let identity {
            expectPath("the gateway's certificate", identity.certificateFile)
            expectPath("the gateway's key", identity.keyFile)
        }
        if let proxy, !URLText.isPlain(proxy) || !URLText.has(scheme: "http://", proxy) {
            faults.append("the proxy is '\(proxy)', expected an address that begins with 'http://'")
        }
        return faults
    }
}
