import HTTPSClient

extension FuzzTarget {
    /// The head of an answer, as it comes from a server, and what is read from its fields.
    func takeHead(_ bytes: [UInt8]) {
        let limit = 2048
        var reader = HeadReader(maximumBytes: limit)
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            guard reader.take(line + [0x0A]) else { break }
        }
        precondition(reader.byteCount <= limit)
        if let status = reader.status { precondition((100...999).contains(status)) }
        for (name, value) in reader.headers {
            precondition(!name.isEmpty && !name.utf8.contains { (0x41...0x5A).contains($0) })
            precondition(!value.utf8.contains(0x0A))
        }
        let answer = HTTPSResponse(status: 503, headers: reader.headers, body: [])
        _ = answer.date
        var generator = SystemRandomNumberGenerator()
        for now in [nil, 0, Int64.min, .max] as [Int64?] {
            if let asked = answer.retryAfterSeconds(now: now) { precondition(asked >= 0) }
            let wait = HTTPSRetryPolicy().wait(
                afterAttempt: bytes.count, answer, now: now, using: &generator)
            precondition((1...86_702_000).contains(wait ?? 0))
        }
    }

    /// A date, a wait and the words of a TLS failure, all from the same text.
    func takeDate(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = TLSComplaint(text)
        if let moment = HTTPDate.parse(text) {
            precondition((-11_644_473_600...253_402_300_800).contains(moment))
        }
        let answer = HTTPSResponse(status: 202, headers: [("retry-after", text)], body: [])
        for now in [0, Int64.min, .max] {
            if let asked = answer.retryAfterSeconds(now: now) {
                precondition((0...2_147_483_647).contains(asked))
            }
        }
    }
}
