internal import CCurl

extension CurlHandle {
    /// When a suite changes a setting, to see that it matters.
    enum Stage {
        /// Libcurl's defaults stand.
        case reset
        /// All is set.
        case ready
    }

    /// A suite's door to settings; nothing else uses it.
    typealias Tamper = (CurlHandle, Stage) throws(HTTPSFailure) -> Void

    /// Sets everything a request needs, whatever was set before.
    func prepare(
        _ request: HTTPSRequest, _ configuration: HTTPSConfiguration, _ list: HeaderList,
        _ sink: AnswerSink, tamper: Tamper? = nil
    ) throws(HTTPSFailure) {
        try reset()
        try tamper?(self, .reset)
        try set(CURLOPT_NOSIGNAL, 1)
        // a look-up that hangs in the system's resolver is left to itself, not waited for
        try set(CURLOPT_QUICK_EXIT, 1)
        try setAddress(request, configuration)
        try setTrust(configuration)
        try setLimits(request, configuration)
        switch request.method {
        case .get: try set(CURLOPT_HTTPGET, 1)
        case .post:
            try set(CURLOPT_POST, 1)
            try set(body: request.body)
        }
        try set(list)
        try set(sink)
        try tamper?(self, .ready)
    }

    private func setAddress(
        _ request: HTTPSRequest, _ configuration: HTTPSConfiguration
    ) throws(HTTPSFailure) {
        try set(CURLOPT_URL, request.url)
        // which address may be http was decided before
        let isPlain = configuration.speaksPlainlyToItself && URLText.isOwnMachine(request.url)
        try set(CURLOPT_PROTOCOLS_STR, isPlain ? "http" : "https")
        try set(CURLOPT_REDIR_PROTOCOLS_STR, "https")
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        try set(CURLOPT_NETRC, 0)
        // empty texts stand for "none"; without them the environment decides
        try set(CURLOPT_PROXY, isPlain ? "" : configuration.proxy ?? "")
        try set(CURLOPT_NOPROXY, "")
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    }

    /// Sets whom to believe and what to show.
    ///
    /// CAPATH has a default on Debian, the system's own folder, and libcurl looks there also when
    /// CAINFO names a file.
    private func setTrust(_ configuration: HTTPSConfiguration) throws(HTTPSFailure) {
        try set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try trustFolder(nil)
        switch configuration.authorities {
        case .file(let path): try set(CURLOPT_CAINFO, path)
        case .pem(let text):
            try set(CURLOPT_CAINFO, nil)
            try set(CURLOPT_CAINFO_BLOB, blob: text)
        case .unverifiedForFingerprint:
            try set(CURLOPT_CAINFO, nil)
            try set(CURLOPT_SSL_VERIFYPEER, 0)
            try set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        // a resumed TLS session would go on as the identity it began with
        try set(CURLOPT_SSL_SESSIONID_CACHE, 0)
        try set(CURLOPT_SSLCERT, configuration.identity?.certificateFile)
        try set(CURLOPT_SSLKEY, configuration.identity?.keyFile)
    }

    /// Believes all certificates of a folder as well; nil for none.
    ///
    /// Only a suite names one.
    func trustFolder(_ path: String?) throws(HTTPSFailure) { try set(CURLOPT_CAPATH, path) }

    private func setLimits(
        _ request: HTTPSRequest, _ configuration: HTTPSConfiguration
    ) throws(HTTPSFailure) {
        try set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectMilliseconds)
        try set(CURLOPT_TIMEOUT_MS, configuration.totalMilliseconds(request))
        try set(CURLOPT_LOW_SPEED_LIMIT, configuration.lowestBytesPerSecond)
        try set(CURLOPT_LOW_SPEED_TIME, configuration.stallSeconds)
        // nought would mean "no limit"; the sink counts to nought by itself
        try set(CURLOPT_MAXFILESIZE_LARGE, offset: max(1, request.maximumBytes))
        // libcurl keeps a connection for ever while it is used; a server's name may move meanwhile
        try set(CURLOPT_MAXLIFETIME_CONN, 3600)
    }
}
