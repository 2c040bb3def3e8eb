internal import CCurl
import Glibc

/// One easy handle of libcurl in a multi handle of its own, which holds the connections.
///
/// The multi handle is there because another thread can wake it, and because libcurl looks for a wish
/// to stop only once a second otherwise. Not Sendable: one thread at a time.
final class CurlHandle {
    /// How a transfer ended.
    enum Ending {
        /// libcurl's own verdict.
        case code(CURLcode)
        /// Somebody called `cancel`.
        case cancelled
        /// The multi handle itself failed.
        case multi(CURLMcode)
    }

    private let easy: UnsafeMutableRawPointer
    private let multi: UnsafeMutableRawPointer
    /// libcurl writes its words here; they must outlive the easy handle.
    private let wordBuffer: UnsafeMutablePointer<CChar>

    /// `curl_global_init`, once for the process.
    private static let startCode = ccurl_start()

    /// Makes both handles.
    init() throws(HTTPSFailure) {
        guard Self.startCode == CURLE_OK else {
            throw HTTPSFailure(
                .request, "libcurl cannot start: \(Self.words(Self.startCode))")
        }
        guard let easy = curl_easy_init() else {
            throw HTTPSFailure(.request, "libcurl cannot make a handle: memory is short")
        }
        guard let multi = curl_multi_init() else {
            curl_easy_cleanup(easy)
            throw HTTPSFailure(.request, "libcurl cannot make a handle: memory is short")
        }
        self.easy = easy
        self.multi = multi
        wordBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        wordBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        // closing a connection says goodbye to a server that may be gone
        BrokenPipe.held {
            curl_easy_cleanup(easy)
            curl_multi_cleanup(multi)
        }
        wordBuffer.deallocate()
    }

    /// Runs what has been set, to its end, and then `last` while the connection is still at hand.
    func run(_ canceller: HTTPSCanceller, last: (CURLcode) -> Void = { _ in }) -> Ending {
        BrokenPipe.held {
            let added = curl_multi_add_handle(multi, easy)
            guard added == CURLM_OK else { return .multi(added) }
            defer { curl_multi_remove_handle(multi, easy) }
            canceller.wake(UInt(bitPattern: multi))
            defer { canceller.wake(nil) }
            while !canceller.isCancelled {
                var running: Int32 = 0
                let step = curl_multi_perform(multi, &running)
                guard step == CURLM_OK else { return .multi(step) }
                var code = CURLE_OK
                if ccurl_multi_ended(multi, &code) != 0 {
                    last(code)
                    return .code(code)
                }
                let waited = curl_multi_poll(multi, nil, 0, 1000, nil)
                guard waited == CURLM_OK else { return .multi(waited) }
            }
            return .cancelled
        }
    }

    /// Reads from a connection that was only made, until something or nothing more comes.
    ///
    /// Ends after a byte, an end, a failure, a cancellation, or `milliseconds` without any of them.
    func listen(_ canceller: HTTPSCanceller, milliseconds: Int32) {
        var byte: UInt8 = 0
        var count = 0
        var socket = CURL_SOCKET_BAD
        guard ccurl_get_socket(easy, CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK else { return }
        for _ in 0..<2 {
            guard curl_easy_recv(easy, &byte, 1, &count) == CURLE_AGAIN, !canceller.isCancelled
            else { return }
            var waited = curl_waitfd(fd: socket, events: Int16(CURL_WAIT_POLLIN), revents: 0)
            curl_multi_poll(multi, &waited, 1, milliseconds, nil)
        }
    }

    /// The pointer behind a number that `run` gave to a canceller.
    static func multi(_ number: UInt) -> UnsafeMutableRawPointer? {
        UnsafeMutableRawPointer(bitPattern: number)
    }

    /// libcurl's words for one of its codes.
    static func words(_ code: CURLcode) -> String { String(cString: curl_easy_strerror(code)) }

    /// libcurl's words for the last transfer; empty when it found none.
    var words: String { String(cString: wordBuffer) }

    // MARK: settings

    /// Back to libcurl's defaults; connections stay.
    func reset() throws(HTTPSFailure) {
        curl_easy_reset(easy)
        wordBuffer.pointee = 0
        try check(ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, wordBuffer), CURLOPT_ERRORBUFFER)
    }

    func set(_ option: CURLoption, _ number: Int) throws(HTTPSFailure) {
        try check(ccurl_set_long(easy, option, number), option)
    }

    func set(_ option: CURLoption, offset: Int) throws(HTTPSFailure) {
        try check(ccurl_set_offset(easy, option, curl_off_t(offset)), option)
    }

    /// Sets a text, which libcurl copies; nil takes even the default away.
    func set(_ option: CURLoption, _ text: String?) throws(HTTPSFailure) {
        let code =
            text.map { text in text.withCString { ccurl_set_text(easy, option, $0) } }
            ?? ccurl_set_text(easy, option, nil)
        try check(code, option)
    }

    /// Sets bytes, which libcurl copies.
    func set(_ option: CURLoption, blob: [UInt8]) throws(HTTPSFailure) {
        let code = blob.withUnsafeBytes { ccurl_set_blob(easy, option, $0.baseAddress, $0.count) }
        try check(code, option)
    }

    /// Sets the body of a POST, which libcurl copies.
    func set(body: [UInt8]) throws(HTTPSFailure) {
        try set(CURLOPT_POSTFIELDSIZE_LARGE, offset: body.count)
        // never a null pointer: libcurl would read the body from standard input
        let code = (body + [0]).withUnsafeBytes {
            ccurl_set_text(
                easy, CURLOPT_COPYPOSTFIELDS, $0.bindMemory(to: CChar.self).baseAddress)
        }
        try check(code, CURLOPT_COPYPOSTFIELDS)
    }

    /// Sets the header fields; the list must live until the transfer is over.
    func set(_ list: HeaderList) throws(HTTPSFailure) {
        try check(ccurl_set_list(easy, CURLOPT_HTTPHEADER, list.first), CURLOPT_HTTPHEADER)
    }

    /// Sets whom mail goes to; the list must live until the transfer is over.
    func set(recipients list: HeaderList) throws(HTTPSFailure) {
        try check(ccurl_set_list(easy, CURLOPT_MAIL_RCPT, list.first), CURLOPT_MAIL_RCPT)
    }

    /// Sets what is sent up; it must live until the transfer is over.
    func set(_ source: ByteSource) throws(HTTPSFailure) {
        let context = Unmanaged.passUnretained(source).toOpaque()
        try check(ccurl_set_pointer(easy, CURLOPT_READDATA, context), CURLOPT_READDATA)
        let give: ccurl_take = { bytes, size, count, context in
            let (room, overflow) = size.multipliedReportingOverflow(by: count)
            guard let bytes, let context, !overflow else { return 0 }
            let raw = UnsafeMutableRawBufferPointer(start: bytes, count: room)
            return Unmanaged<ByteSource>.fromOpaque(context).takeUnretainedValue().give(raw)
        }
        try check(ccurl_set_take(easy, CURLOPT_READFUNCTION, give), CURLOPT_READFUNCTION)
    }

    /// Sets who says which addresses may be connected to; it must live until the transfer is over.
    func set(_ judge: AddressJudge) throws(HTTPSFailure) {
        let context = Unmanaged.passUnretained(judge).toOpaque()
        try check(ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, context), CURLOPT_OPENSOCKETDATA)
        let open: ccurl_open = { context, _, address in
            guard let context, let address else { return CURL_SOCKET_BAD }
            let judge = Unmanaged<AddressJudge>.fromOpaque(context).takeUnretainedValue()
            let allows = withUnsafePointer(to: &address.pointee.addr) { pointer in
                judge.allows(
                    UnsafeRawBufferPointer(
                        start: pointer, count: Int(address.pointee.addrlen)))
            }
            guard allows else { return CURL_SOCKET_BAD }
            return socket(
                address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
                address.pointee.protocol)
        }
        try check(ccurl_set_open(easy, open), CURLOPT_OPENSOCKETFUNCTION)
    }

    /// Sets where the answer goes; the sink must live until the transfer is over.
    func set(_ sink: AnswerSink) throws(HTTPSFailure) {
        let context = Unmanaged.passUnretained(sink).toOpaque()
        try check(ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context), CURLOPT_HEADERDATA)
        try check(ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context), CURLOPT_WRITEDATA)
        let head: ccurl_take = { bytes, size, count, context in
            AnswerSink.give(bytes, size, count, context) { $0.takeHead($1) }
        }
        let body: ccurl_take = { bytes, size, count, context in
            AnswerSink.give(bytes, size, count, context) { $0.takeBody($1) }
        }
        try check(
            ccurl_set_take(easy, CURLOPT_HEADERFUNCTION, head), CURLOPT_HEADERFUNCTION)
        try check(ccurl_set_take(easy, CURLOPT_WRITEFUNCTION, body), CURLOPT_WRITEFUNCTION)
    }

    /// Sets where libcurl's remarks go, errors among them; they must live until the transfer is over.
    func set(_ remarks: Remarks) throws(HTTPSFailure) {
        let context = Unmanaged.passUnretained(remarks).toOpaque()
        try check(ccurl_set_pointer(easy, CURLOPT_DEBUGDATA, context), CURLOPT_DEBUGDATA)
        let remark: ccurl_remark = { _, kind, bytes, count, context in
            guard kind == CURLINFO_TEXT, let context else { return 0 }
            let raw = UnsafeRawBufferPointer(start: bytes, count: count)
            Unmanaged<Remarks>.fromOpaque(context).takeUnretainedValue().take(raw)
            return 0
        }
        try check(ccurl_set_remark(easy, CURLOPT_DEBUGFUNCTION, remark), CURLOPT_DEBUGFUNCTION)
        try set(CURLOPT_VERBOSE, 1)
    }

    // MARK: what the last transfer was like

    func number(_ info: CURLINFO) -> Int {
        var number = 0
        return ccurl_get_long(easy, info, &number) == CURLE_OK ? number : 0
    }

    func offset(_ info: CURLINFO) -> Int64 {
        var number: curl_off_t = 0
        return ccurl_get_offset(easy, info, &number) == CURLE_OK ? Int64(number) : 0
    }

    private func check(_ code: CURLcode, _ option: CURLoption) throws(HTTPSFailure) {
        guard code == CURLE_OK else {
            throw HTTPSFailure(
                .request,
                "libcurl refuses setting \(option.rawValue): \(Self.words(code)) (\(code.rawValue))"
            )
        }
    }
}

extension AnswerSink {
    /// Hands what a callback got to the sink behind its context; how much libcurl may call taken.
    fileprivate static func give(
        _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
        _ context: UnsafeMutableRawPointer?,
        _ take: (AnswerSink, UnsafeRawBufferPointer) -> Bool
    ) -> Int {
        let (total, overflow) = size.multipliedReportingOverflow(by: count)
        guard let context, !overflow else { return 0 }
        let sink = Unmanaged<AnswerSink>.fromOpaque(context).takeUnretainedValue()
        // anything but the whole count ends the transfer; an empty piece needs a count of its own
        return take(sink, UnsafeRawBufferPointer(start: bytes, count: total)) ? total : -1
    }
}

/// The first thing that libcurl remarked about OpenSSL.
final class Remarks {
    /// The words; nil when there was none.
    private(set) var complaint: String?

    /// Takes a line of libcurl's remarks.
    func take(_ line: UnsafeRawBufferPointer) {
        guard complaint == nil else { return }
        let words = String(decoding: line, as: UTF8.self)
        if let found = TLSComplaint(words), !found.isEnd { complaint = words }
    }
}

/// Header fields as libcurl wants them, freed with the last reference.
final class HeaderList {
    /// The first of the list; nil when it is empty.
    private(set) var first: UnsafeMutablePointer<curl_slist>?

    /// Copies the lines.
    init(_ lines: [String]) throws(HTTPSFailure) {
        for line in lines {
            guard let longer = curl_slist_append(first, line) else {
                throw HTTPSFailure(.request, "cannot list the header fields: memory is short")
            }
            first = longer
        }
    }

    deinit { curl_slist_free_all(first) }
}
