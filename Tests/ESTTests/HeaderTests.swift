import EST
import Testing

@Suite struct HeaderTests {
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
