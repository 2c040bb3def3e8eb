import EST
import Testing

@Suite struct HeaderTests {
    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Thu, 26-Nov-26 00:00:00 GMT", 1_795_651_200),
        ] as [(String, Int64)])
    func `each form of a date is read`(text: String, seconds: Int64) {
        #expect(HTTPDate.parse(text) == seconds)
    }

    @Test(arguments: [
        "", "Sun", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 2023 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 99999 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
    ])
    func `what is no date is none`(text: String) { #expect(HTTPDate.parse(text) == nil) }

    @Test func `a wait is told in seconds or by a date, and bounded`() {
        #expect(RetryAfter.parse("120") == .seconds(120))
        #expect(RetryAfter.parse(" 0 ") == .seconds(0))
        #expect(RetryAfter.parse("99999999999999999999999") == .seconds(RetryAfter.longest))
        #expect(RetryAfter.parse("Sun, 06 Nov 1994 08:49:37 GMT") == .date(784_111_777))
        for field in ["", "-1", "1.5", "12 s", "soon", "1 2"] {
            #expect(RetryAfter.parse(field) == nil, "\(field)")
        }
        let date = RetryAfter.date(784_111_777)
        #expect(date.wait(now: 784_111_700) == 77)
        #expect(date.wait(now: 784_111_800) == 0)
        #expect(date.wait(now: 0) == RetryAfter.longest)
        #expect(date.wait(now: .min) == RetryAfter.longest)
        #expect(RetryAfter.date(.min).wait(now: .max) == 0)
        #expect(RetryAfter.seconds(-5).wait(now: 0) == 0)
    }

    @Test func `a type is known whatever its parameters and case`() {
        for field in [
            "application/pkcs7-mime", "application/pkcs7-mime; smime-type=certs-only",
            "Application/PKCS7-MIME ;smime-type=\"certs-only\"",
        ] {
            #expect(MediaType.names(field, MediaType.certificates), "\(field)")
        }
        for field in ["", "application/pkcs7", "application/pkcs10", "text/html; application/x"] {
            #expect(!MediaType.names(field, MediaType.certificates), "\(field)")
        }
    }

    @Test func `a path is that of RFC 7030`() {
        #expect(
            ESTOperation.allCases.map(\.path) == [
                "/.well-known/est/cacerts", "/.well-known/est/simpleenroll",
                "/.well-known/est/simplereenroll", "/.well-known/est/csrattrs",
            ])
    }
}
