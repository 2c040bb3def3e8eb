import FoundationEssentials
import TestKit
import Testing

@testable import Provisioning

/// Our client against an EST server that is not ours, over real TLS.
@Suite(.serialized) struct ESTClientTests {
    static let shared = Result { try ESTDouble() }
    let double: ESTDouble

    init() throws {
        double = try Self.shared.get()
        double.forget()
        try double.set("")
    }

    private func adopted(_ outcome: Enrolment.Outcome) throws -> IdentityPair {
        guard case .adopted(let pair) = outcome else {
            throw ProvisioningError(.network, "waits")
        }
        return pair
    }

    @Test(arguments: ["", "wrapped", "cte", "wrapped cte-binary", "bare-type"])
    func `an enrolment ends with a proved pair`(_ mode: String) throws {
        try double.set(mode)
        let gateway = try ESTGateway(double)
        let pair = try adopted(try gateway.enrol())
        let selection = try gateway.selection()
        #expect(selection.door == .current)
        #expect(selection.pair.name == pair.name)
        #expect(selection.warnings == [])
        #expect(
            double.log == [
                "GET /.well-known/est/cacerts - 200", "POST /.well-known/est/simpleenroll - 200",
                "GET /v1/gateway/config gw-1 404",
            ])
        #expect(
            gateway.folder.names(in: pair.name) == [
                "authorities.pem", "certificate.pem", "key.pem",
            ])
        #expect(gateway.folder.goal(of: "pending") == nil)
        #expect(pair.certificates.map(\.commonNames) == [["gw-1"], ["Fleet Issuing"]])
        #expect(gateway.floor.floor >= ESTDouble.wall() - 60)
    }

    @Test(arguments: ["wait-seconds", "wait-date", "wait-dumb"])
    func `a fleet that lets wait is asked again with the same request, also after a restart`(
        _ mode: String
    ) throws {
        try double.set(mode)
        let before = try ESTGateway(double)
        guard case .waiting(let seconds) = try before.enrol() else {
            Issue.record("did not wait")
            return
        }
        #expect(mode == "wait-dumb" ? seconds == 300 : (6...7).contains(seconds))
        // A restart before the time: nothing is asked.
        let early = try ESTGateway(double, in: before.directory)
        let pending = try #require(early.enrolment.pending())
        guard case .waiting(let rest) = try early.enrolment.advance(pending) else {
            Issue.record("asked too early")
            return
        }
        #expect(rest <= seconds)
        #expect(double.log.count == 2)
        // And one after it: the server refuses any other request.
        let late = try ESTGateway(double, in: before.directory, wall: { ESTDouble.wall() + 301 })
        let again = try #require(late.enrolment.pending())
        #expect(again.request == pending.request)
        let pair = try adopted(try late.enrolment.advance(again))
        #expect(pair.key.signer.publicKey == pending.key.signer.publicKey)
    }

    @Test func `a renewal brings a new key and keeps the old pair`() throws {
        let gateway = try ESTGateway(double)
        let old = try adopted(try gateway.enrol())
        double.forget()
        let new = try adopted(try gateway.renew())
        #expect(new.key.signer.publicKey != old.key.signer.publicKey)
        #expect(gateway.folder.goal(of: "current") == new.name)
        #expect(gateway.folder.goal(of: "previous") == old.name)
        #expect(
            double.log == [
                "GET /.well-known/est/cacerts gw-1 200",
                "POST /.well-known/est/simplereenroll gw-1 200",
                "GET /v1/gateway/config gw-1 404",
            ])
        let third = try adopted(try gateway.renew())
        #expect(gateway.folder.names().filter { $0.hasPrefix("pair-") }.count == 2)
        #expect(gateway.folder.goal(of: "previous") == new.name)
        #expect(gateway.folder.goal(of: "current") == third.name)
    }

    @Test func `a chain in the middle of a change of roots is followed`() throws {
        let gateway = try ESTGateway(double)
        _ = try gateway.enrol()
        try double.set("rollover")
        let pair = try adopted(try gateway.renew())
        #expect(pair.authorities.count == 6)
        #expect(try gateway.selection().pair.name == pair.name)
        // The next one knows both roots.
        _ = try adopted(try gateway.renew())
    }

    @Test func `a pair from the factory opens the door without a token`() throws {
        let gateway = try ESTGateway(double)
        let factory = try adopted(try gateway.enrol())
        try gateway.folder.remove("current")
        try gateway.folder.link("factory", to: factory.name)
        try double.set("factory")
        double.forget()
        let pair = try adopted(try gateway.renew())
        #expect(double.log[1] == "POST /.well-known/est/simpleenroll gw-1 200")
        #expect(gateway.folder.goal(of: "factory") == factory.name)
        #expect(gateway.folder.goal(of: "previous") == nil)
        #expect(try gateway.selection().pair.name == pair.name)
    }

    static let refusals: [(String, ProvisioningError.Kind, String)] = [
        (
            "401", .refused,
            "does not accept this gateway's certificate for a certificate for 'gw-1'"
        ),
        ("403", .refused, "(status 403: no [31m, not this one)"),
        ("400", .rejected, "the fleet refuses a certificate for 'gw-1' (status 400: no [31m, not"),
        ("500", .network, "cannot answer now"),
        ("302", .server, "the fleet sends elsewhere for"),
        ("other-key", .answer, "the certificate belongs to another key"),
        ("other-name", .answer, "the certificate names 'gw-other', expected only 'gw-1'"),
        ("expired", .answer, "certificate 'gw-1' expired at"),
        ("future", .clock, "certificate not yet valid: 'gw-1' begins at"),
        ("serveronly", .answer, "the certificate is not for TLS clients"),
        ("stranger-issues", .answer, "no chain leads from the certificate"),
        ("strangers", .answer, "no chain leads from the certificate"),
        ("no-root", .answer, "the fleet's list of authorities has no root, found 1 certificates"),
        ("garbage", .answer, "the fleet's answer cannot be read: certificates: expected CMS"),
        ("not-base64", .answer, "the fleet's answer cannot be read: base64: found 0x3c at byte 0"),
        ("html", .answer, "the fleet answers with 'text/html', expected 'application/pkcs7-mime;"),
        ("unproved", .refused, "the new pair did not work, the old one stays: the fleet does not"),
        ("proof-busy", .network, "the new pair did not work, the old one stays: the fleet cannot"),
    ]

    @Test(arguments: refusals)
    func `whatever the fleet sends, the old pair stays`(
        _ mode: String, _ kind: ProvisioningError.Kind, _ words: String
    ) throws {
        let gateway = try ESTGateway(double)
        let old = try adopted(try gateway.enrol())
        try double.set(mode)
        let error = #expect(throws: ProvisioningError.self) { try gateway.renew() }
        #expect(error?.kind == kind)
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        #expect(try gateway.selection().pair.name == old.name)
        #expect(try gateway.selection().door == .current)
        // And when the fleet has come to its senses, the renewal goes on.
        try double.set("")
        let new = try adopted(try gateway.renew())
        #expect(gateway.folder.goal(of: "previous") == old.name)
        #expect(try gateway.selection().pair.name == new.name)
        #expect(gateway.folder.names().filter { $0.hasPrefix("pair-") }.count == 2)
    }

    @Test func `a token that is refused leaves the request for a better one`() throws {
        let gateway = try ESTGateway(double)
        let error = #expect(throws: ProvisioningError.self) { try gateway.enrol(token: "bad") }
        #expect(error?.kind == .refused)
        #expect(
            error?.description
                == "the fleet does not accept this gateway's token for a certificate for 'gw-1' "
                + "(status 401: token unknown or used)")
        let request = gateway.enrolment.pending()?.request
        let pair = try adopted(try gateway.enrol())
        #expect(request != nil)
        #expect(pair.gateway == "gw-1")
        #expect(gateway.folder.names().filter { $0.hasPrefix("pair-") } == [pair.name])
    }

    @Test func `a fleet that nobody vouches for gets no token`() throws {
        let gateway = try ESTGateway(double)
        let stranger = Array(
            try Data(contentsOf: URL(filePath: double.directory.file("stranger.pem"))))
        let note = try EnrolmentNote(fleet: double.fleet, gateway: "gw-1", token: "good-token")
        let pending = try gateway.enrolment.begin(note, trust: stranger)
        let error = #expect(throws: ProvisioningError.self) {
            try gateway.enrolment.advance(pending)
        }
        #expect(error?.kind == .server)
        #expect(double.log == [])
        // With the right authorities the same request goes on.
        let better = try gateway.enrolment.begin(note, trust: try double.root)
        #expect(better.request == pending.request)
        _ = try adopted(try gateway.enrolment.advance(better))
    }

    @Test func `a certificate that is never proved gives way to a new token`() throws {
        let gateway = try ESTGateway(double)
        try double.set("unproved")
        let error = #expect(throws: ProvisioningError.self) { try gateway.enrol() }
        #expect(error?.kind == .refused)
        let unproved = try #require(gateway.enrolment.pending())
        #expect(unproved.isIssued)
        // The same token shows the same pair again; it would not open a second time.
        #expect(throws: ProvisioningError.self) { try gateway.enrol() }
        #expect(gateway.enrolment.pending()?.name == unproved.name)
        try double.set("")
        #expect(throws: ProvisioningError.self) { try gateway.enrol(token: "another") }
        #expect(gateway.enrolment.pending()?.request != unproved.request)
    }

    @Test func `openssl takes the request and finds both names in it`() throws {
        let fixture = try IdentityFixture()
        try fixture.folder.makeFolder("pair-1")
        let key = try FileKey.make(in: fixture.folder, "pair-1")
        let request = try SigningRequest.make(gateway: "gw-1", key: key)
        try fixture.folder.write("request.der", request, mode: 0o600)
        let run = try ChildProcess(
            try Peers.tool("openssl"),
            [
                "req", "-verify", "-inform", "DER", "-in", fixture.folder.file("request.der"),
                "-noout", "-text",
            ])
        #expect(try run.waitForExit(within: 60_000) == .exited(0))
        #expect(run.errors.contains("verify OK"))
        #expect(run.output.contains("Subject: CN = gw-1\n"))
        #expect(run.output.contains("URI:urn:amphora:gateway:gw-1\n"))
        #expect(run.output.contains("NIST CURVE: P-256"))
    }
}
