import Testing

@testable import HTTPSClient

@Suite struct PlainAddressTests {
    @Test(arguments: [
        ("http://127.0.0.1", true), ("http://127.0.0.1/", true), ("http://127.0.0.1:8080/a", true),
        ("http://localhost:1/?q", true), ("HTTP://localhost/", true), ("http://[::1]:80/", true),
        ("http://127.0.0.1.example/", false), ("http://127.0.0.1@example/", false),
        ("http://127.0.0.1:80@example/", false), ("http://localhostx/", false),
        ("http://127.0.0.2/", false), ("http://example/127.0.0.1", false), ("http://", false),
        ("http://127.0.0.1:8a/", false), ("ftp://127.0.0.1/", false),
    ])
    func `plain speech is for this machine alone, and only where it is allowed`(
        url: String, allowed: Bool
    ) {
        let request = HTTPSRequest(url: url)
        #expect((request.fault(speaksPlainlyToItself: true) == nil) == allowed)
        #expect(request.fault != nil)
    }

    @Test func `no configuration allows it by itself`() throws {
        let configuration = HTTPSConfiguration(
            authorities: .file("/etc/ssl/certs/ca-certificates.crt"))
        #expect(!configuration.speaksPlainlyToItself)
        let session = try HTTPSSession(configuration)
        #expect(throws: HTTPSFailure.self) {
            try session.send(HTTPSRequest(url: "http://127.0.0.1:9/"))
        }
    }
}
