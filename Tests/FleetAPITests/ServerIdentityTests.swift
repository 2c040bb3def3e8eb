import Foundation
import TestKit
import Testing

@testable import FleetAPI

/// A server's certificate that is renewed while it serves, seen by OpenSSL.
@Suite(.ownThreads) struct ServerIdentityTests {
    @Test func `a renewed certificate is shown without a restart, a broken pair never`()
        async throws
    {
        var limits = PatienceLimits()
        limits.identity = 0
        let rig = try await EnrolmentRig(limits)
        let first = try await shown(rig)
        #expect(try await shown(rig) == first)
        let next = try EnrolmentRig.serverPair(of: rig.issuer)
        rig.shown.pair.withLock { $0 = next }
        let second = try await shown(rig)
        #expect(second != first)
        let other = try EnrolmentRig.serverPair(of: rig.issuer)
        for broken in [
            ServerPair(certificates: other.certificates, key: next.key),
            ServerPair(certificates: [], key: next.key),
            ServerPair(certificates: other.certificates, key: Array("no key".utf8)),
        ] {
            rig.shown.pair.withLock { $0 = broken }
            #expect(try await shown(rig) == second)
        }
        rig.shown.pair.withLock { $0 = other }
        #expect(![first, second].contains(try await shown(rig)))
    }

    /// The serial number of the certificate that a new connection sees, trusted by the root.
    private func shown(_ rig: EnrolmentRig) async throws -> String {
        let port = rig.server.port
        let root = rig.folder.file("root.pem")
        let seen = try await rig.run(
            "sh",
            [
                "-c",
                "openssl s_client -connect 127.0.0.1:\(port) -CAfile '\(root)' -verify_return_error "
                    + "</dev/null 2>/dev/null | openssl x509 -noout -serial",
            ])
        #expect(seen.status == .exited(0), "\(seen.errors)")
        return seen.output
    }
}
