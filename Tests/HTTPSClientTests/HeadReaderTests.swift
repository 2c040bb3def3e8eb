import TestKit
import Testing

@testable import HTTPSClient

@Suite struct HeadReaderTests {
    private func read(_ text: String, maximum: Int = 1000) -> (HeadReader, Bool) {
        var reader = HeadReader(maximumBytes: maximum)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        where !reader.take(Array("\(line)\r\n".utf8)) {
            return (reader, false)
        }
        return (reader, true)
    }

    private func fields(_ text: String) -> [String] {
        read(text).0.headers.map { "\($0.name)=\($0.value)" }
    }

    @Test func `only the last head counts`() {
        let text = "HTTP/1.1 100 Continue\nA: 1\n\nHTTP/1.1 200 OK\nB: 2\n\nC: 3\n"
        #expect(fields(text) == ["b=2"])
        #expect(read(text).0.status == 200)
    }

    @Test func `lines that are no fields are dropped with what continues them`() {
        #expect(
            fields("HTTP/1.1 200 OK\nno colon\n more\nA: 1\nB : 2\n more\n: 3\nC:4 \n")
                == ["a=1", "c=4"])
        #expect(fields("HTTP/1.1 200 OK\n first\nA: 1\n") == ["a=1"])
    }

    @Test func `continued lines are joined by one space`() {
        #expect(fields("HTTP/1.1 200 OK\nA: 1\n\t 2 \n \nB:\n 3\n") == ["a=1 2", "b=3"])
    }

    @Test(
        arguments: [
            ("HTTP/1.1 204", 204), ("HTTP/2 200 ", 200), ("HTTP/1.1 99 x", nil),
            ("HTTP/1.1 2000 x", nil), ("HTTP/1.1 -20 x", nil), ("HTTP/1.1", nil),
            ("ICY 200 OK", nil),
        ] as [(String, Int?)])
    func `a status is three digits`(line: String, status: Int?) {
        #expect(read(line + "\n").0.status == status)
    }

    @Test func `bytes are counted over all heads and trailers`() {
        let head = "HTTP/1.1 100 Go\n\n"  // 17 + 2 bytes with their line ends
        #expect(read(head + head, maximum: 38).1)
        #expect(!read(head + head, maximum: 37).1)
        #expect(!read(head + "X: 1\n", maximum: 24).1)
    }

    @Test func `no bytes end the process, and names stay names`() {
        var generator = SeededGenerator(announcedAs: "HeadReaderTests")
        for _ in 0..<2_000 {
            var reader = HeadReader(maximumBytes: 500)
            _ = reader.take(Array("HTTP/1.1 200 OK\r\n".utf8))
            for _ in 0..<8 {
                let alphabet: [UInt8] = [0, 9, 10, 13, 32, 58, 65, 97, 200]
                let count = Int.random(in: 0...20, using: &generator)
                _ = reader.take(
                    (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 })
            }
            for (name, _) in reader.headers { #expect(ASCII.isToken(name.utf8)) }
        }
    }

    @Test func `OpenSSL's complaints are read from libcurl's words`() {
        let refused =
            "OpenSSL SSL_read: error:0A000418:SSL routines::tlsv1 alert unknown ca, errno 0"
        #expect(TLSComplaint(refused) == .alert(48))
        #expect(TLSComplaint("error:0A000102:SSL routines::unsupported protocol") == .own(258))
        for words in [
            "", "error:", "error:0A00", "error:80000002:system library", "error:+A000418",
        ] {
            #expect(TLSComplaint(words) == nil)
        }
        #expect(TLSComplaint("error:zzzzzzzz error:0A00045C:x") == .alert(116))
    }
}
