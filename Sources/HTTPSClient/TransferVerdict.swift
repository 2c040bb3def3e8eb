internal import CCurl

/// Everything that is known of a transfer that failed, and what follows from it.
struct TransferVerdict {
    /// libcurl's code.
    let code: CURLcode
    /// libcurl's words; the code's own when it found none.
    var words: String
    /// OpenSSL's verdict on the server's certificate, 0 or 1 when it found no fault.
    let verification: Int
    /// Whether the connection was made, TLS included.
    let isConnected: Bool
    /// Whether an answer began.
    let hasAnswer: Bool
    /// Whether a client certificate was shown.
    let showsIdentity: Bool
    /// What was too large.
    let excess: AnswerSink.Excess?

    /// Asks a handle whose transfer has failed.
    init(
        _ code: CURLcode, _ handle: CurlHandle, _ sink: AnswerSink,
        _ configuration: HTTPSConfiguration
    ) {
        self.code = code
        words = handle.words.isEmpty ? CurlHandle.words(code) : handle.words
        verification = handle.number(CURLINFO_SSL_VERIFYRESULT)
        isConnected =
            handle.offset(CURLINFO_APPCONNECT_TIME_T) > 0
            || handle.offset(CURLINFO_PRETRANSFER_TIME_T) > 0
        hasAnswer = sink.head.hasBegun
        showsIdentity = configuration.identity != nil
        excess = sink.excess
    }

    /// Whether the server may have refused this gateway's certificate without being heard.
    var mayHideRefusal: Bool {
        (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING)
            && !hasAnswer && excess == nil && TLSComplaint(words) == nil
    }

    /// The failure for whoever asked.
    var failure: HTTPSFailure {
        if let excess { return tooLarge(excess) }
        switch code {
        case CURLE_OPERATION_TIMEDOUT: return late
        case CURLE_PEER_FAILED_VERIFICATION: return untrusted
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CLIENTCERT, CURLE_RECV_ERROR, CURLE_SEND_ERROR:
            return broken
        case CURLE_FILESIZE_EXCEEDED: return tooLarge(.body)
        // 7.88 says the first, 8.6 and later the second of a line of a head that is longer than 100 kB
        case CURLE_OUT_OF_MEMORY, CCURL_TOO_LARGE: return tooLarge(.head)
        case CURLE_PARTIAL_FILE: return make(.network, "the answer ended early", .truncated)
        case CURLE_SSL_CERTPROBLEM:
            return make(
                .request, "the gateway's own certificate or key cannot be used",
                .ownIdentityUnusable)
        case CURLE_SSL_CACERT_BADFILE:
            return make(
                .request, "the authorities to trust cannot be read", .authoritiesUnusable)
        case CURLE_URL_MALFORMAT, CURLE_LOGIN_DENIED, CURLE_SSL_CIPHER, CURLE_FAILED_INIT,
            CURLE_NOT_BUILT_IN, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION:
            return make(.request, "the request cannot be made")
        // "unsupported protocol" after a connection was made is what 7.88 calls an answer that is no HTTP/1
        case CURLE_UNSUPPORTED_PROTOCOL:
            return isConnected
                ? make(.server, "the server does not speak HTTP")
                : make(.request, "the request cannot be made")
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_WRITE_ERROR:
            return make(.server, "the server does not speak as it should")
        default: return make(.network, isConnected ? "the connection broke" : "no connection")
        }
    }

    private func tooLarge(_ excess: AnswerSink.Excess) -> HTTPSFailure {
        let part = excess == .head ? "the head of the answer" : "the answer"
        return make(.limit, "\(part) is larger than allowed", .tooLarge)
    }

    private var late: HTTPSFailure {
        guard isConnected else { return make(.network, "no connection in time") }
        guard hasAnswer else { return make(.network, "no answer in time", .silent) }
        return make(.limit, "the answer came slower than allowed, or stopped", .tooSlow)
    }

    /// The numbers are OpenSSL's `X509_V_ERR_…`; a wrong name is found by libcurl, after them all.
    private var untrusted: HTTPSFailure {
        // 7.88 says so when the server's alert calls ours expired under TLS 1.2
        if words == "SSL certificate verification failed", verification <= 1, showsIdentity {
            return refused("expired")
        }
        return switch verification {
        case 9:
            make(
                .server,
                "the server's certificate is not yet valid by this gateway's clock",
                .certificateNotYetValid)
        case 10:
            make(
                .server, "the server's certificate has expired by this gateway's clock",
                .certificateExpired)
        case 2, 18, 19, 20, 21, 27:
            make(
                .server, "the server's certificate comes from an authority not trusted here",
                .unknownAuthority)
        case 0, 1, 62, 64:
            make(.server, "the server's certificate is for another name", .wrongName)
        default: make(.server, "the server's certificate does not pass")
        }
    }

    /// A connection that ended during or after the handshake.
    ///
    /// A server that refuses a client certificate says so within the handshake of TLS 1.2; that of
    /// TLS 1.3 is over by then for the client, who hears it on the first read.
    private var broken: HTTPSFailure {
        guard let complaint = TLSComplaint(words), !complaint.isEnd else {
            return code == CURLE_SSL_CLIENTCERT
                ? refused("it wants one")
                : make(.network, isConnected ? "the connection broke" : "no connection")
        }
        if let fault = complaint.identityFault { return refused(fault) }
        if complaint.isVersion {
            return make(.server, "the server has no TLS 1.2 or later", .oldTLS)
        }
        // under TLS 1.2 the alert for a missing certificate is the one for "nothing in common"
        if complaint == .alert(40), !showsIdentity { return refused("it may want one") }
        return make(.server, "the server does not speak TLS as it should")
    }

    private func refused(_ fault: String) -> HTTPSFailure {
        let whose = showsIdentity ? "the gateway's certificate" : "a gateway without a certificate"
        return make(.refusedIdentity, "the server refused \(whose): \(fault)")
    }

    private func make(
        _ kind: HTTPSFailure.Kind, _ sentence: String, _ detail: HTTPSFailure.Detail = .other
    ) -> HTTPSFailure {
        HTTPSFailure(kind, "\(sentence) (libcurl \(code.rawValue): \(words))", detail: detail)
    }
}
