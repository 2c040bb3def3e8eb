internal import CCurl

/// Carries requests to the fleet over HTTPS, one after the other, on kept connections.
///
/// 1. Only the given authorities vouch for a server; the system's own list never counts. A server for
///    which nobody vouches (``HTTPSConfiguration/Authorities/unverifiedForFingerprint``) gets nothing
///    but the path of a question.
/// 2. Only `https` with TLS 1.2 or later is spoken (unless a configuration lets `http` be spoken with this
///    machine itself), no redirect is followed, and neither the environment nor a file of the user
///    changes anything.
/// 3. An answer is never larger than asked for, nor slower than the configuration allows.
/// 4. A certificate, key or list of authorities that changed on disk is shown and believed from the
///    next request on: connections made before are not used again.
///
/// One owner, one thread at a time: `send` blocks. Only ``canceller`` may be used from another thread.
package final class HTTPSSession: HTTPSExchange {
    /// Ends the request under way from any thread.
    package let canceller: HTTPSCanceller
    /// What the session was made with.
    package let configuration: HTTPSConfiguration

    private var handle: CurlHandle?
    private var stamps: [FileStamp?] = []
    /// A suite's door to settings, to see that they matter.
    var tamper: CurlHandle.Tamper?

    /// Checks the configuration; connects with the first request.
    ///
    /// Throws ``HTTPSFailure/Kind/request`` with all faults of the configuration.
    package init(
        _ configuration: HTTPSConfiguration, canceller: HTTPSCanceller = HTTPSCanceller()
    ) throws(HTTPSFailure) {
        let faults = configuration.faults
        guard faults.isEmpty else {
            throw HTTPSFailure(.request, "HTTPS client: " + faults.joined(separator: "; "))
        }
        self.configuration = configuration
        self.canceller = canceller
    }

    /// Sends a request and waits for the whole answer; blocks, and follows no redirects.
    package func send(_ request: HTTPSRequest) throws(HTTPSFailure) -> HTTPSResponse {
        let plain = configuration.speaksPlainlyToItself
        if let fault = request.fault(speaksPlainlyToItself: plain) {
            throw HTTPSFailure(.request, fault)
        }
        if configuration.authorities == .unverifiedForFingerprint, !request.tellsNothing {
            throw HTTPSFailure(
                .request, "an unverified server is sent no body, header field or query")
        }
        let handle = try currentHandle()
        let list = try HeaderList(request.lines)
        let sink = AnswerSink(
            maximumHeadBytes: configuration.maximumHeadBytes, maximumBytes: request.maximumBytes)
        try handle.prepare(request, configuration, list, sink, tamper: tamper)
        let judge = AddressJudge()
        if configuration.refusesPrivateAddresses { try handle.set(judge) }
        let ending = withExtendedLifetime((list, sink, judge)) { handle.run(canceller) }
        if judge.hasRefused, case .code(CURLE_COULDNT_CONNECT) = ending {
            throw HTTPSFailure(
                .request, "the address stands for a machine that is not on the public network")
        }
        do throws(HTTPSFailure) {
            return try response(request, ending, handle, sink)
        } catch {
            throw HTTPSFailure(
                error.kind, "\(request.place): \(error.description)", detail: error.detail)
        }
    }

    /// Closes all connections; the next request makes a new one.
    ///
    /// For whoever wants a new identity proved without waiting for its files to change.
    package func disconnect() { handle = nil }

    /// The handle, a new one when what connections are made with has changed.
    ///
    /// A kept handle would go on as the old identity, also with new files under the old paths.
    private func currentHandle() throws(HTTPSFailure) -> CurlHandle {
        let found = configuration.stamps
        if let handle, found == stamps { return handle }
        let made = try CurlHandle()
        handle = made
        stamps = found
        return made
    }

    /// What a server says of this gateway's certificate when it is listened to without asking.
    ///
    /// Under TLS 1.3 a server that refuses a certificate hangs up while the client sends its request. When
    /// the client is late, sending fails first, libcurl gives up and the refusal is never read. A
    /// connection on which nothing is sent shows it; nil when the server says nothing for a second.
    private func hiddenComplaint(_ request: HTTPSRequest) throws(HTTPSFailure) -> String? {
        let handle = try CurlHandle()
        let list = try HeaderList([])
        let sink = AnswerSink(maximumHeadBytes: 0, maximumBytes: 0)
        let remarks = Remarks()
        try handle.prepare(request, configuration, list, sink, tamper: tamper)
        try handle.set(CURLOPT_CONNECT_ONLY, 1)
        try handle.set(remarks)
        let canceller = canceller
        let ending = withExtendedLifetime((list, sink, remarks)) {
            handle.run(canceller) { code in
                if code == CURLE_OK { handle.listen(canceller, milliseconds: 1000) }
            }
        }
        if case .cancelled = ending { throw HTTPSFailure(.cancelled, "cancelled") }
        return remarks.complaint
    }

    private func response(
        _ request: HTTPSRequest, _ ending: CurlHandle.Ending, _ handle: CurlHandle,
        _ sink: AnswerSink
    ) throws(HTTPSFailure) -> HTTPSResponse {
        switch ending {
        case .cancelled: throw HTTPSFailure(.cancelled, "cancelled")
        case .multi(let code):
            self.handle = nil
            throw HTTPSFailure(
                .request, "bug: libcurl's multi handle failed (code \(code.rawValue))")
        case .code(CURLE_OK): break
        case .code(let code):
            var verdict = TransferVerdict(code, handle, sink, configuration)
            if verdict.mayHideRefusal, handle.number(CURLINFO_NUM_CONNECTS) > 0 {
                verdict.words = try hiddenComplaint(request) ?? verdict.words
            }
            throw verdict.failure
        }
        guard let status = sink.head.status, status == handle.number(CURLINFO_RESPONSE_CODE) else {
            throw HTTPSFailure(.server, "the answer has no status code that can be read")
        }
        return HTTPSResponse(status: status, headers: sink.head.headers, body: sink.body)
    }
}

extension HTTPSRequest {
    /// What is asked of whom, without a query, which may hold secrets.
    fileprivate var place: String {
        let end = url.firstIndex { $0 == "?" || $0 == "#" } ?? url.endIndex
        return "\(method.rawValue) \(url[..<end])"
    }
}
