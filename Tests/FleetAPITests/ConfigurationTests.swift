import Foundation
import TestKit
import Testing

@testable import FleetAPI
@testable import FleetStore

@Suite(.ownThreads, .timeLimit(.minutes(5))) struct ConfigurationTests {
    private func header(_ name: String, in answer: String) -> String? {
        answer.split(separator: "\r\n").first { $0.lowercased().hasPrefix("\(name): ") }
            .map { String($0.dropFirst(name.count + 2)) }
    }

    @Test func `a gateway gets its own, and nothing twice`() async throws {
        let rig = try await EnrolmentRig()
        for id in ["gw-1", "gw-2"] {
            _ = try rig.add(id)
            try rig.identity(id, of: id, by: rig.issuer)
        }
        try rig.set("telemetry.interval_s=30")
        try rig.set("mqtt.window=7", in: .gateway("gw-2"))
        let first = try await rig.configuration(identity: "gw-1")
        #expect(first.code == "200", "\(first)")
        #expect(first.body.hasPrefix(#"{"schema":1,"version":1,"device":"gw-1","issued":"2"#))
        #expect(first.body.hasSuffix(#""config":{"telemetry":{"interval_s":30}}}"#))
        let other = try await rig.configuration(identity: "gw-2")
        #expect(other.body.contains(#""config":{"mqtt":{"window":7},"telemetry":"#))
        let tag = try #require(header("etag", in: first))
        for field in [tag, "\"x\", W/\(tag)", "*"] {
            let again = try await rig.configuration(
                identity: "gw-1", "-H", "If-None-Match: \(field)")
            #expect(again.code == "304" && again.body.isEmpty, "\(again)")
        }
        let unlike = try await rig.configuration(identity: "gw-1", "-H", "If-None-Match: \"x\"")
        #expect(unlike.code == "200")
        try rig.set("telemetry.interval_s=60")
        var changed = ""
        for _ in 0..<50 where changed.code != "200" {
            changed = try await rig.configuration(
                identity: "gw-1", "-H", "If-None-Match: \(tag)")
        }
        #expect(changed.body.contains(#""version":2"#) && changed.body.contains(":60"))
    }

    @Test func `only a valid certificate of a gateway opens`() async throws {
        let rig = try await EnrolmentRig()
        _ = try rig.add("gw-1")
        try rig.registerMaker()
        try rig.identity("factory", of: "gw-1", by: rig.maker)
        try rig.identity("stranger", of: "gw-1", by: try TestIssuer("test root"))
        try rig.identity("old", of: "gw-1", by: rig.issuer, from: -7200, to: -3600)
        let revoked = try rig.identity("revoked", of: "gw-1", by: rig.issuer)
        rig.revoked.serials.withLock {
            _ = $0.insert(Digest.hexText(revoked.serialNumber.bytes))
        }
        for (identity, words) in [
            (nil, "expected the certificate of a gateway"), ("factory", "has to enrol first"),
            ("stranger", "neither of this fleet"), ("old", "has expired"),
            ("revoked", "was revoked"),
        ] {
            let answer = try await rig.configuration(identity: identity)
            #expect(answer.code == "403" && answer.body.contains(words), "\(answer)")
        }
        try rig.identity("gw-1", of: "gw-1", by: rig.issuer)
        let posted = try await rig.configuration(identity: "gw-1", "-d", "x")
        #expect(posted.code == "405", "\(posted)")
    }

    @Test func `a certificate that was good a moment ago is refused once revoked or ended`()
        async throws
    {
        let rig = try await EnrolmentRig()
        let first = try rig.identity("first", of: "gw-1", by: rig.issuer)
        try rig.identity("second", of: "gw-2", by: rig.issuer, to: 3600)
        try rig.identity("third", of: "gw-3", by: rig.issuer, to: 86_400 * 5000)
        for identity in ["first", "second", "third", "first", "second", "third"] {
            let answer = try await rig.configuration(identity: identity)
            #expect(answer.code == "200", "\(answer)")
        }
        rig.revoked.serials.withLock { _ = $0.insert(Digest.hexText(first.serialNumber.bytes)) }
        let revoked = try await rig.configuration(identity: "first")
        #expect(revoked.code == "403" && revoked.body.contains("was revoked"), "\(revoked)")
        rig.clock.aheadSeconds.withLock { $0 = 7200 }
        let ended = try await rig.configuration(identity: "second")
        #expect(ended.code == "403" && ended.body.contains("has expired"), "\(ended)")
        // the authority has ended before what it signed
        rig.clock.aheadSeconds.withLock { $0 = 86_400 * 4000 }
        let orphan = try await rig.configuration(identity: "third")
        #expect(orphan.code == "403" && orphan.body.contains("neither of this"), "\(orphan)")
    }
}
